"""Convolutions in 8 bits with measured scales."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from wyoming_cosyvoice.convert import static
from wyoming_cosyvoice.convert.graph import GraphWriter
from wyoming_cosyvoice.convert.static import Ranges, calibrate
from wyoming_cosyvoice.convert.vocoder import _snake_of_turns, _turns, resblock_convolutions

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def signal(channels: int, frames: int, seed: int) -> NDArray[np.float32]:
    """Channels whose levels differ by four orders of magnitude, and that are not centred."""
    rng = np.random.default_rng(seed)
    levels = np.logspace(-2, 2, channels)[:, None]
    values: NDArray[np.float32] = (levels * (rng.standard_normal((channels, frames)) + 0.5)).astype(np.float32)[None]
    return values


def float_graph(folder: Path, weight: NDArray[Any], bias: NDArray[Any], **attributes: Any) -> Path:
    with GraphWriter(folder, "float") as g:
        x = g.input("x", [1, weight.shape[1], "T"])
        with g.scope("layer"):
            y = g.op("Conv", x, g.weight("weight", weight), g.weight("bias", bias), **attributes)
        g.output(y, "y", [1, len(weight), "T"])
    return folder / "float.onnx"


@pytest.mark.parametrize(("kernel", "dilation"), [(3, 1), (7, 3), (11, 5)])
def test_a_convolution_of_uneven_channels_keeps_each_of_them(tmp_path: Path, kernel: int, dilation: int) -> None:
    rng = np.random.default_rng(0)
    # as in a trained layer, loud inputs have small weights; outputs differ in level too
    weight = (rng.standard_normal((24, 16, kernel)) / np.logspace(-2, 2, 16)[:, None]).astype(np.float32)
    weight *= np.logspace(-1, 1, 24, dtype=np.float32)[:, None, None]
    bias = rng.standard_normal(24).astype(np.float32)
    attributes: dict[str, Any] = {"dilations": [dilation], "pads": [kernel // 2 * dilation] * 2}
    graph = float_graph(tmp_path, weight, bias, **attributes)
    ranges = calibrate(graph, ["layer"], [{"x": signal(16, 400, seed)} for seed in (1, 2, 3)])["layer"]
    assert not (tmp_path / "probe.onnx").exists()
    with GraphWriter(tmp_path, "static") as g:
        y = static.convolution(g, g.input("x", [1, 16, "T"]), weight, bias, ranges, **attributes)
        g.output(y, "y", [1, 24, "T"])
    x = {"x": signal(16, 300, 9)}
    exact, close = (
        ort.InferenceSession(str(tmp_path / name)).run(None, x)[0] for name in ("float.onnx", "static.onnx")
    )
    noise = np.sqrt(np.square(close - exact).mean(axis=-1)) / exact.std(axis=-1)
    assert noise.max() < 0.08  # one scale a tensor would leave nothing of the quiet channels


def test_factors_of_channels_are_folded_into_a_convolution(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    weight, bias = rng.standard_normal((6, 5, 3)).astype(np.float32), rng.standard_normal(6).astype(np.float32)
    units, gains = ((rng.choice([-1, 1], n) * rng.uniform(0.1, 10, n)).astype(np.float32) for n in (5, 6))
    x = rng.standard_normal((1, 5, 80)).astype(np.float32)
    graph = float_graph(tmp_path, weight, bias, pads=[1, 1])
    ranges = calibrate(graph, ["layer"], [{"x": x}])["layer"]
    (plain,) = ort.InferenceSession(str(graph)).run(None, {"x": x})
    with GraphWriter(tmp_path, "folded") as g:
        y = g.input("x", [1, 5, "T"])
        y = static.convolution(g, y, weight, bias, ranges, units=units, gains=gains, pads=[1, 1])
        g.output(y, "y", [1, 6, "T"])
    (folded,) = ort.InferenceSession(str(tmp_path / "folded.onnx")).run(None, {"x": x * units[:, None]})
    error = np.abs(folded / gains[:, None] - plain).max(axis=-1) / plain.std(axis=-1)
    assert error.max() < 0.1


def test_a_snake_of_half_turns(tmp_path: Path) -> None:
    alpha = np.array([0.01, 0.3, 1, -2, 40], np.float32)
    x = (np.random.default_rng(5).standard_normal((1, 5, 500)) * 20).astype(np.float32)
    turns = _turns(alpha)[:, None]
    with GraphWriter(tmp_path, "snake") as g:
        g.output(_snake_of_turns(g, g.input("v", [1, 5, "T"])), "y", [1, 5, "T"])
    (y,) = ort.InferenceSession(str(tmp_path / "snake.onnx")).run(None, {"v": x * turns})
    wide = alpha[:, None].astype(np.float64)
    exact = x + np.sin(wide * x) ** 2 / wide
    # of the snake's own height, 1 / alpha; and what float32 keeps of 250 turns
    assert (np.abs(y / turns - exact) * np.abs(wide)).max() < 2e-3
    assert np.isfinite(_turns(np.zeros(3, np.float32))).all()
    assert (_turns(np.zeros(3, np.float32)) > 0).all()


def test_the_halves_of_the_vocoder_are_the_vocoder(tiny_int8_bundle: Path) -> None:
    rng = np.random.default_rng(6)
    mel = rng.standard_normal((1, 80, 30)).astype(np.float32)
    source = (0.1 * rng.standard_normal((1, 30 * 256))).astype(np.float32)

    def run(name: str, **inputs: NDArray[Any]) -> NDArray[np.float32]:
        result: NDArray[np.float32] = ort.InferenceSession(str(tiny_int8_bundle / f"{name}.onnx")).run(None, inputs)[0]
        return result

    frames = run("vocoder_coarse", mel=mel, source=source)
    assert frames.shape[2] == 8 * 30
    np.testing.assert_array_equal(
        run("vocoder_fine", frames=frames, source=source), run("vocoder", mel=mel, source=source)
    )
    for half in ("coarse", "fine"):
        onnx.checker.check_model(str(tiny_int8_bundle / f"vocoder_{half}.onnx"))
        assert not (tiny_int8_bundle / f"vocoder_{half}.onnx.data").exists()


def test_rows_of_zeros_still_add_their_bias(tmp_path: Path) -> None:
    weight, bias = np.zeros((2, 3, 3), np.float32), np.array([0.3, -2.0], np.float32)
    ranges = Ranges(np.ones(3, np.float32), bias - np.float32(0.01), bias + np.float32(0.01))
    with GraphWriter(tmp_path, "static") as g:
        y = static.convolution(g, g.input("x", [1, 3, "T"]), weight, bias, ranges, pads=[1, 1])
        g.output(y, "y", [1, 2, "T"])
    (y,) = ort.InferenceSession(str(tmp_path / "static.onnx")).run(None, {"x": np.ones((1, 3, 5), np.float32)})
    assert np.abs(y - bias[None, :, None]).max() < 0.002


def test_ranges_hold_all_inputs_but_outliers(tmp_path: Path) -> None:
    graph = float_graph(tmp_path, np.ones((1, 1, 1), np.float32), np.zeros(1, np.float32))
    quiet = np.linspace(-1, 1, 100_001, dtype=np.float32)[None, None]
    loud = quiet * 3
    loud[..., 0] = -1000
    ranges = calibrate(graph, ["layer"], [{"x": quiet}, {"x": loud}])["layer"]
    assert ranges.magnitude[0] == pytest.approx(3, rel=0.01)
    assert ranges.low[0] == pytest.approx(-3, rel=0.01)
    assert ranges.high[0] == pytest.approx(3, rel=0.01)


def test_the_named_convolutions_are_in_the_graph(tiny_bundle: Path) -> None:
    model = onnx.load(str(tiny_bundle / "vocoder.onnx"), load_external_data=False)
    kinds = {node.name: node.op_type for node in model.graph.node}
    names = resblock_convolutions()
    assert len(names) == 48
    assert all(kinds[f"{name}.Conv"] == "Conv" for name in names)


def test_the_small_vocoder_follows_upstream(tiny_checkpoint: Path, tiny_int8_bundle: Path, tiny_bundle: Path) -> None:
    with np.load(tiny_checkpoint / "golden.npz") as golden:
        inputs = {"mel": golden["hift/supplied/mel"][None], "source": golden["hift/supplied/source"][None]}
        expected = golden["hift/supplied/wave"]
    (wave,) = ort.InferenceSession(str(tiny_int8_bundle / "vocoder.onnx")).run(None, inputs)
    error = wave[0] - expected
    assert 10 * np.log10(np.square(expected).mean() / np.square(error).mean()) > 15
    kinds = [
        node.op_type for node in onnx.load(str(tiny_int8_bundle / "vocoder.onnx"), load_external_data=False).graph.node
    ]
    assert kinds.count("QLinearConv") == 48
    assert (tiny_int8_bundle / "vocoder.onnx.data").stat().st_size < (
        tiny_bundle / "vocoder.onnx.data"
    ).stat().st_size / 2

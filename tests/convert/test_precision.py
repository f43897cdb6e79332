"""Weights in fewer bits: the arithmetic of blocks, the graphs made of them, and the gates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import convert_tiny
from wyoming_cosyvoice.convert import precision as forms
from wyoming_cosyvoice.convert.blocks import gelu, linear, lookup
from wyoming_cosyvoice.convert.graph import GraphWriter
from wyoming_cosyvoice.convert.precision import Form, Limit
from wyoming_cosyvoice.convert.quantize import Blocks, dequantize, quantize, quantize_rows
from wyoming_cosyvoice.engines.cosyvoice import load
from wyoming_cosyvoice.store.bundle import read_manifest
from wyoming_cosyvoice.store.manifest import verify

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


BLOCKS = [Blocks(8, 128), Blocks(8, 32), Blocks(4, 32), Blocks(4, 16)]


@pytest.mark.parametrize("blocks", BLOCKS, ids=str)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 5), width=st.integers(1, 300))
def test_a_value_is_kept_to_a_step_of_its_block(blocks: Blocks, seed: int, rows: int, width: int) -> None:
    weight = np.random.RandomState(seed).standard_normal((rows, width)).astype(np.float32)
    codes, scales = quantize(weight, blocks)
    assert codes.shape == (rows, -(-width // blocks.size), blocks.size * blocks.bits // 8)
    error = np.abs(dequantize(codes, scales, blocks, width) - weight)
    # half a step inside the range; 4 bits may clip the largest values by a quarter of the range
    allowed = np.repeat(np.abs(scales), blocks.size, axis=1)[:, :width] * (1.01 if blocks.bits == 8 else 3.2)
    assert (error <= allowed).all()


def test_clipping_pays_where_one_value_is_large() -> None:
    weight = np.random.default_rng(0).standard_normal((64, 128)).astype(np.float32)
    codes, scales = quantize(weight, Blocks(4, 32))
    error = np.square(dequantize(codes, scales, Blocks(4, 32), 128) - weight).mean()
    plain = np.repeat(np.abs(weight.reshape(64, 4, 32)).max(axis=-1) / 7, 32, axis=1)
    assert error < 0.9 * np.square(np.rint(weight / plain) * plain - weight).mean()


def test_zero_rows_stay_zero() -> None:
    codes, scales = quantize(np.zeros((2, 40), np.float32), Blocks(4, 32))
    assert not dequantize(codes, scales, Blocks(4, 32), 40).any()
    table, steps = quantize_rows(np.zeros((2, 4), np.float32))
    assert not (table * steps).any()


def run_linear(folder: Path, form: Form, x: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    with GraphWriter(folder, "linear", form) as g:
        bias = np.linspace(-1, 1, len(weight), dtype=np.float32)
        y = linear(g, "layer", g.input("x", ["B", "T", x.shape[-1]]), weight, bias)
        g.output(y, "y", ["B", "T", len(weight)])
    result: NDArray[np.float32] = ort.InferenceSession(str(folder / "linear.onnx")).run(None, {"x": x})[0]
    return result


@pytest.mark.parametrize(
    ("form", "worst"),
    [
        (Form("blocks", blocks=Blocks(8, 128)), 0.02),
        (Form("small blocks", blocks=Blocks(4, 32)), 0.15),
        (Form("dynamic", dynamic=True), 0.03),
        (Form("exact"), 1e-5),
    ],
    ids=lambda value: value.name if isinstance(value, Form) else "",
)
@pytest.mark.parametrize("shape", [(64, 48), (128, 256), (33, 100)])
def test_products_in_every_form(tmp_path: Path, form: Form, worst: float, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    weight, x = rng.standard_normal(shape).astype(np.float32), rng.standard_normal((2, 3, shape[1])).astype(np.float32)
    y = run_linear(tmp_path, form, x, weight)
    expected = x @ weight.T + np.linspace(-1, 1, len(weight), dtype=np.float32)
    assert np.sqrt(np.square(y - expected).mean()) < worst * expected.std()


def test_rows_of_a_batch_do_not_see_each_other_in_blocks(tmp_path: Path) -> None:
    """A row's 8-bit activations have scales of their own, so a batch gives what each row gives alone."""
    rng = np.random.default_rng(2)
    weight, x = rng.standard_normal((64, 128)).astype(np.float32), rng.standard_normal((3, 1, 128)).astype(np.float32)
    x[2] *= 100
    form = Form("blocks", blocks=Blocks(8, 128))
    together = run_linear(tmp_path, form, x, weight)
    alone = np.concatenate([run_linear(tmp_path, form, row[None], weight) for row in x])
    assert np.allclose(together, alone, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(("form", "worst"), [(Form("dynamic", dynamic=True), 1e-3), (Form("exact"), 1e-6)])
def test_gelu_in_every_form(tmp_path: Path, form: Form, worst: float) -> None:
    with GraphWriter(tmp_path, "gelu", form) as g:
        g.output(gelu(g, g.input("x", ["n"])), "y", ["n"])
    x = np.linspace(-8, 8, 4001, dtype=np.float32)
    (y,) = ort.InferenceSession(str(tmp_path / "gelu.onnx")).run(None, {"x": x})
    exact = [value * (1 + math.erf(value / math.sqrt(2))) / 2 for value in x.astype(float)]
    assert np.abs(y - exact).max() < worst


def test_tables_are_looked_up_in_eight_bits(tmp_path: Path) -> None:
    table = np.random.default_rng(3).standard_normal((50, 16)).astype(np.float32)
    with GraphWriter(tmp_path, "table", Form("compact", compact=True)) as g:
        g.output(lookup(g, "embedding", table, g.input("ids", ["n"], "int64")), "rows", ["n", 16])
    ids = np.array([7, 0, 49], np.int64)
    (rows,) = ort.InferenceSession(str(tmp_path / "table.onnx")).run(None, {"ids": ids})
    assert np.abs(rows - table[ids]).max() <= np.abs(table[ids]).max() / 254 + 1e-6


@pytest.fixture(scope="module")
def bundles(
    tiny_checkpoint: Path, tiny_bundle: Path, tiny_int8_bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    int4 = convert_tiny(tiny_checkpoint, tmp_path_factory.mktemp("precisions") / "int4", "int4")
    return {"float32": tiny_bundle, "int8": tiny_int8_bundle, "int4": int4}


def size(bundle: Path) -> int:
    return sum(record.bytes for name, record in read_manifest(bundle).files.items() if name != "tokenizer.tiktoken")


def test_bundles_shrink_and_say_what_it_cost(bundles: dict[str, Path]) -> None:
    assert size(bundles["int4"]) < size(bundles["int8"]) < 0.6 * size(bundles["float32"])
    assert len({read_manifest(bundle).revision for bundle in bundles.values()}) == 3
    assert read_manifest(bundles["float32"]).quality == {}
    for name in ("int8", "int4"):
        manifest = read_manifest(bundles[name])
        verify(bundles[name], manifest.files, hashes=True)
        assert manifest.precision == name
        quality = cast("dict[str, dict[str, Any]]", manifest.quality)
        assert set(quality) == {"text_encoder", "language_model", "flow", "vocoder"}
        for stage, limits in forms.GATES[name].items():
            figures = quality[stage]
            assert figures["form"] == "float32" or all(limit.holds(figures) for limit in limits)
    eight = cast("dict[str, dict[str, Any]]", read_manifest(bundles["int8"]).quality)
    four = cast("dict[str, dict[str, Any]]", read_manifest(bundles["int4"]).quality)
    assert eight["language_model"]["kullback_leibler"] < four["language_model"]["kullback_leibler"]
    assert eight["language_model"]["same_first_choice"] > 0.9
    for quality in (eight, four):
        figures = quality["language_model"]
        assert figures["same_where_clear"] >= figures["same_first_choice"]
        assert figures["together_kullback_leibler"] > figures["text_encoder_kullback_leibler"] > 0


@pytest.mark.parametrize("name", ["int8", "int4"])
def test_smaller_bundles_hold_valid_graphs_of_few_bits(bundles: dict[str, Path], name: str) -> None:
    kinds = {}
    for path in sorted(bundles[name].glob("*.onnx")):
        onnx.checker.check_model(str(path))
        nodes = onnx.load(str(path), load_external_data=False).graph.node
        kinds[path.stem] = {node.op_type for node in nodes} | {
            attribute.i for node in nodes for attribute in node.attribute if attribute.name == "bits"
        }
    assert {"MatMulNBits", 8 if name == "int8" else 4} <= kinds["language_model"]
    assert "DynamicQuantizeMatMul" in kinds["flow_estimator"]


def test_a_stage_that_fails_its_gate_stays_in_higher_precision(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates = {**forms.GATES["int8"], "language_model": (Limit("kullback_leibler", 1e-9),)}
    monkeypatch.setitem(forms.GATES, "int8", gates)
    bundle = convert_tiny(tiny_checkpoint, tmp_path / "bundle", "int8")
    quality = cast("dict[str, dict[str, Any]]", read_manifest(bundle).quality)
    assert quality["language_model"]["form"] == "float32"
    assert quality["language_model"]["refused"][0]["kullback_leibler"] > 1e-9
    assert quality["text_encoder"]["form"] != "float32"
    nodes = onnx.load(str(bundle / "language_model.onnx"), load_external_data=False).graph.node
    assert not any(node.op_type == "MatMulNBits" for node in nodes)


@pytest.mark.parametrize(("least", "value", "holds"), [(True, 0.9, True), (True, 0.99, False), (False, 0.9, False)])
def test_limits(least: bool, value: float, holds: bool) -> None:
    assert Limit("cosine", value, least=least).holds({"cosine": 0.95}) is holds


@pytest.mark.parametrize("name", ["int8", "int4"])
def test_the_engine_speaks_from_smaller_bundles_much_as_from_float32(bundles: dict[str, Path], name: str) -> None:
    exact, small = load(bundles["float32"], threads=1), load(bundles[name], threads=1)
    text = exact.tokenizer.encode("你好，我是语音助手。")
    speaker = exact.voices["中文女"]
    prompts = [model.language_model.prompt(text, speaker) for model in (exact, small)]
    assert np.sqrt(np.square(prompts[1] - prompts[0]).mean()) < 0.15 * prompts[0].std()
    tokens = list(range(0, 4096, 100))
    noise = np.random.RandomState(0).standard_normal((80, 70)).astype(np.float32)
    mels = []
    for model in (exact, small):
        mu, row, cond = model.flow.encode(tokens, speaker)
        mels.append(model.flow.solve(mu, row, noise[:, : len(mu)], cond, steps=4))
    assert np.sqrt(np.square(mels[1] - mels[0]).mean()) < 0.05 * mels[0].std()
    assert np.abs(small.vocoder.f0(mels[0]) - exact.vocoder.f0(mels[0])).max() < 1
    # from one source: a little difference in pitch makes a large one in phase
    source = exact.vocoder.source(exact.vocoder.f0(mels[0]), np.zeros(9, np.float32), np.zeros((9, 17920), np.float32))
    waves = [model.vocoder.wave(mels[0], source) for model in (exact, small)]
    assert np.sqrt(np.square(waves[1] - waves[0]).mean()) < 0.2 * waves[0].std()


def test_rows_of_a_small_batch_are_what_they_are_alone(bundles: dict[str, Path]) -> None:
    model = load(bundles["int8"], threads=1)
    prompts = [model.language_model.prompt(list(range(3, 3 + n)), model.voices["中文女"]) for n in (9, 4, 6)]
    alone = []
    for prompt in prompts:
        logits, state = model.language_model.prefill(prompt)
        alone.append([logits.copy(), *(model.language_model.step(token, state).copy() for token in (5, 77, 4000))])
    batch = model.language_model.batch(3)
    first = [batch.join(prompt).copy() for prompt in prompts]
    steps = [batch.step([token] * 3).copy() for token in (5, 77, 4000)]
    for row, expected in enumerate(alone):
        assert np.allclose(first[row], expected[0], atol=1e-3)
        for step, logits in zip(steps, expected[1:], strict=True):
            assert np.allclose(step[row], logits, atol=1e-3)

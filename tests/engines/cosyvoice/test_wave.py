"""The kernel's vocoder: what the weights of the bundle say, worked out plainly here in float64."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from tests.engines.cosyvoice.bent import with_index
from wyoming_cosyvoice.engines.cosyvoice import load
from wyoming_cosyvoice.engines.cosyvoice import model as loading
from wyoming_cosyvoice.engines.cosyvoice.kernel import WAVE_INDEX, KernelWave, open_kernel
from wyoming_cosyvoice.engines.cosyvoice.kernel.decoder import AVX2, BFLOAT16, VNNI
from wyoming_cosyvoice.engines.cosyvoice.kernel.listed import ListedWeights
from wyoming_cosyvoice.engines.cosyvoice.sessions import CancelledError, never
from wyoming_cosyvoice.errors import ModelError

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Layer = tuple[NDArray[Any], NDArray[Any]]

KERNEL = open_kernel()
pytestmark = pytest.mark.skipif(KERNEL is None, reason="no kernel: no C compiler at installation, or no AVX2")


# Of bfloat16 products have 8 bits: their noise was 45 dB below what the coarse half makes, and 36 below the wave, where
# magnitudes are exponentials. Upstream's wave itself is 26 dB away, for the weights' 8 bits.
BOUNDS = {AVX2: (-100, -80), VNNI: (-100, -80), BFLOAT16: (-43, -33)}
LEVELS = [level for level in BOUNDS if KERNEL is not None and level <= KERNEL[1]]


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest) -> int:
    """Return instructions that this processor has."""
    found: int = request.param
    return found


def wave_of(bundle: Path, level: int) -> KernelWave:
    assert KERNEL is not None
    return KernelWave((KERNEL[0], level), bundle)


@pytest.fixture
def given(tiny_checkpoint: Path) -> dict[str, Floats]:
    """Return a mel, its source, and what upstream makes of them."""
    with np.load(tiny_checkpoint / "golden.npz") as golden:
        return {name: golden[f"hift/supplied/{name}"][None] for name in ("mel", "source", "wave")}


def run(wave: KernelWave, mel: Floats, source: Floats) -> Floats:
    frames = wave.coarse({"mel": mel, "source": source}, never)
    return wave.fine({"frames": frames, "source": source}, never)


def noise_decibels(made: NDArray[Any], wanted: NDArray[Any]) -> float:
    return float(10 * np.log10(np.square(made - wanted).mean() / np.square(wanted).mean()))


class Plain:
    """The same operations, one after the other as the specification has them."""

    def __init__(self, bundle: Path) -> None:
        self.weights = ListedWeights(bundle, "vocoder")

    def kernel(self, name: str) -> Doubles:
        codes = self.weights[f"{name}.codes"].astype(np.float64)
        made: Doubles = codes * self.weights[f"{name}.rows"][:, None, None] * self.weights[f"{name}.columns"][:, None]
        return made

    def convolve(
        self, x: Doubles, layer: Layer, *, spread: int = 1, stride: int = 1, pad: int | None = None
    ) -> Doubles:
        weight, bias = layer
        taps = weight.shape[2]
        side = (taps - 1) // 2 * spread if pad is None else pad
        x = np.pad(x, ((0, 0), (side, side)))
        count = (x.shape[1] - (taps - 1) * spread - 1) // stride + 1
        made: Doubles = np.broadcast_to(bias.astype(np.float64)[:, None], (len(weight), count)).copy()
        for tap in range(taps):
            made += weight[:, :, tap].astype(np.float64) @ x[:, tap * spread :][:, : (count - 1) * stride + 1 : stride]
        return made

    def named(self, name: str, x: Doubles, **how: int) -> Doubles:
        return self.convolve(x, (self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]), **how)

    def upsample(self, index: int, x: Doubles) -> Doubles:
        weight = self.weights[f"ups.{index}.weight"].astype(np.float64)
        made = np.zeros((weight.shape[1], 8 * x.shape[1] + 8))
        for frame, column in enumerate(np.where(x > 0, x, 0.1 * x).T):
            made[:, 8 * frame : 8 * frame + 16] += np.tensordot(column, weight, 1)
        made[:, 4:-4] += self.weights[f"ups.{index}.bias"][:, None]
        return made[:, 4:-4]

    def snake(self, name: str, x: Doubles) -> Doubles:
        alpha = self.weights[f"{name}.alpha"].astype(np.float64)[:, None]
        return x + np.sin(alpha * x) ** 2 / alpha

    def resblock(self, name: str, x: Doubles) -> Doubles:
        for pair, spread in enumerate((1, 3, 5)):
            y = x
            for number, by in ((1, spread), (2, 1)):
                layer = f"{name}convs{number}.{pair}"
                y = self.snake(f"{name}activations{number}.{pair}", y)
                y = self.convolve(y, (self.kernel(layer), self.weights[f"{layer}.plain_bias"]), spread=by)
            x = x + y
        return x

    def stage(self, index: int, x: Doubles, source: Doubles) -> Doubles:
        padded = np.pad(source, 8, mode="reflect")[None]
        spectrum = self.convolve(padded, (self.weights["transform"][:, None], np.zeros(18)), stride=4, pad=0)
        x = self.upsample(index, x)
        if index:
            x = np.pad(x, ((0, 0), (1, 0)), mode="reflect")
        strided = {"stride": 8, "pad": 4} if index == 0 else {"pad": 0}
        x = x + self.resblock(f"source_resblocks.{index}.", self.named(f"source_downs.{index}", spectrum, **strided))
        blocks = [self.resblock(f"resblocks.{3 * index + number}.", x) for number in range(3)]
        made: Doubles = np.stack(blocks).mean(axis=0)
        return made

    def coarse(self, mel: Doubles, source: Doubles) -> Doubles:
        return self.stage(0, self.named("conv_pre", mel), source)

    def fine(self, frames: Doubles, source: Doubles) -> Doubles:
        x = self.stage(1, frames, source)
        x = self.named("conv_post", np.where(x > 0, x, 0.01 * x))
        magnitude, phase = np.minimum(np.exp(x[:9]), 100), np.sin(x[9:])
        windows = (
            np.concatenate([magnitude * np.cos(phase), magnitude * np.sin(phase)]).T @ self.weights["inverse_transform"]
        )
        wave: Doubles = np.zeros(len(source) + 16)
        for index, window in enumerate(windows):
            wave[4 * index : 4 * index + 16] += window
        wave[8:12] *= self.weights["edges"][:4]
        wave[-12:-8] *= self.weights["edges"][4:]
        return np.clip(wave[8:-8], -0.99, 0.99)


@pytest.mark.parametrize("frames", [1, 2, 13, 51])
def test_both_halves_are_what_the_weights_say(
    tiny_int8_bundle: Path, given: dict[str, Floats], frames: int, level: int
) -> None:
    wave, plain = wave_of(tiny_int8_bundle, level), Plain(tiny_int8_bundle)
    mel, source = given["mel"][..., :frames], given["source"][..., : 256 * frames]
    coarse = wave.coarse({"mel": mel, "source": source}, never)
    wanted = plain.coarse(mel[0].astype(np.float64), source[0].astype(np.float64))
    assert coarse.shape == (1, *wanted.shape)
    assert noise_decibels(coarse[0], wanted) < BOUNDS[level][0]
    fine = wave.fine({"frames": coarse, "source": source}, never)
    wanted = plain.fine(coarse[0].astype(np.float64), source[0].astype(np.float64))
    assert fine.shape == source.shape
    assert noise_decibels(fine[0], wanted) < BOUNDS[level][1]


def test_it_is_nearer_to_upstream_than_onnx_runtime_in_8_bits(
    tiny_int8_bundle: Path, given: dict[str, Floats], level: int
) -> None:
    ours = run(wave_of(tiny_int8_bundle, level), given["mel"], given["source"])
    session = ort.InferenceSession(str(tiny_int8_bundle / "vocoder.onnx"))
    theirs = session.run(None, {name: given[name] for name in ("mel", "source")})[0]
    assert noise_decibels(ours, given["wave"]) < noise_decibels(theirs, given["wave"]) - 3
    assert noise_decibels(ours, given["wave"]) < -20


def test_what_is_far_away_changes_nothing(tiny_int8_bundle: Path, given: dict[str, Floats], level: int) -> None:
    # blocks of an utterance overlap by as much as the vocoder takes them to: 14 frames, and 3 in the fine half
    wave, mel, source = wave_of(tiny_int8_bundle, level), given["mel"], given["source"]
    frames = wave.coarse({"mel": mel, "source": source}, never)
    part = wave.coarse({"mel": mel[..., 20:], "source": source[..., 256 * 20 :]}, never)
    assert noise_decibels(part[..., 8 * 14 :], frames[..., 8 * 34 :]) < BOUNDS[level][0]
    whole = wave.fine({"frames": frames, "source": source}, never)
    part = wave.fine({"frames": frames[..., 160:], "source": source[..., 256 * 20 :]}, never)
    assert noise_decibels(part[..., 256 * 3 :], whole[..., 256 * 23 :]) < BOUNDS[level][1]


def test_loud_mels_stay_within_bounds(tiny_int8_bundle: Path, given: dict[str, Floats], level: int) -> None:
    made = run(wave_of(tiny_int8_bundle, level), 1e4 * given["mel"], given["source"])
    assert np.isfinite(made).all()
    assert np.abs(made).max() <= np.float32(0.99)


def test_the_same_again_and_in_any_thread(tiny_int8_bundle: Path, given: dict[str, Floats], level: int) -> None:
    wave = wave_of(tiny_int8_bundle, level)
    parts = [(given["mel"][..., :count], given["source"][..., : 256 * count]) for count in (7, 20, 33, 51)]
    wanted = [run(wave, *part) for part in parts]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda part: run(wave, *part), parts))
    assert all(np.array_equal(one, other) for one, other in zip(wanted, made, strict=True))


def test_it_takes_the_instructions_there_are(
    tiny_int8_bundle: Path, given: dict[str, Floats], level: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "open_kernel", lambda: open_kernel(level))
    wave = load(tiny_int8_bundle).vocoder.wave(given["mel"][0, :, :20], given["source"][0, : 256 * 20])
    others = {
        other: run(wave_of(tiny_int8_bundle, other), given["mel"][..., :20], given["source"][..., : 256 * 20])
        for other in LEVELS
    }
    assert [other for other, made in others.items() if np.array_equal(made[0], wave)] == [level]


def test_a_bundle_in_float32_is_left_to_onnx_runtime(tiny_int8_bundle: Path, tiny_bundle: Path) -> None:
    assert KernelWave.suits(tiny_int8_bundle)
    assert not KernelWave.suits(tiny_bundle)


def test_nothing_is_run_for_nobody(tiny_int8_bundle: Path, given: dict[str, Floats]) -> None:
    with pytest.raises(CancelledError):
        wave_of(tiny_int8_bundle, AVX2).coarse(given, lambda: True)


def test_a_bundle_from_before_is_sounded_by_onnx_runtime(tiny_int8_bundle: Path, tmp_path: Path) -> None:
    mel = np.random.RandomState(0).normal(-4, 2, (80, 30)).astype(np.float32)
    new, old = load(tiny_int8_bundle), load(with_index(tiny_int8_bundle, tmp_path / "old", WAVE_INDEX, None))
    ours, theirs = new.vocoder(mel), old.vocoder(mel)
    assert ours.shape == theirs.shape
    # weights of 8 bits are the same, activations of 8 bits are not: near, and nowhere the same
    assert -40 < noise_decibels(theirs, ours) < -3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda index: {}, "does not say where conv_pre.weight is"),
        (lambda index: {k: v for k, v in index.items() if "alpha" not in k}, r"does not say where .*\.alpha is"),
        (lambda index: {k: v | {"offset": 1 << 40} for k, v in index.items()}, "does not say where"),
        (lambda index: index | {"ups.1.weight": index["ups.0.weight"]}, r"ups.0.weight is \[.*\] where"),
        (lambda index: index | {"ups.1.weight": index["edges"]}, "ups.1.weight has 1 axes where 3"),
        (lambda index: index | {"edges": index["transform"]}, r"edges is \[18, 16\] where \[8\]"),
        (
            lambda index: index | {"resblocks.0.convs1.0.codes": index["ups.0.weight"]},
            r"resblocks.0.convs1.0.codes is \[.*\] where",
        ),
    ],
)
def test_an_index_that_lies_is_refused(
    tiny_int8_bundle: Path, tmp_path: Path, change: Callable[[dict[str, Any]], dict[str, Any]], message: str
) -> None:
    index = change(json.loads((tiny_int8_bundle / WAVE_INDEX).read_text("utf-8")))
    bent = with_index(tiny_int8_bundle, tmp_path / "bent", WAVE_INDEX, json.dumps(index))
    with pytest.raises(ModelError, match=message):
        load(bent)

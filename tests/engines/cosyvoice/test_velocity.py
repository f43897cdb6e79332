"""The kernel's velocity of the flow: what the weights of the bundle say, worked out plainly here in float64."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engines.cosyvoice.bent import with_index
from wyoming_cosyvoice.engines.cosyvoice import load
from wyoming_cosyvoice.engines.cosyvoice import model as loading
from wyoming_cosyvoice.engines.cosyvoice.kernel import FLOW_INDEX, KernelVelocity, open_kernel
from wyoming_cosyvoice.engines.cosyvoice.kernel.decoder import AVX2, BFLOAT16, VNNI
from wyoming_cosyvoice.engines.cosyvoice.kernel.listed import ListedWeights
from wyoming_cosyvoice.engines.cosyvoice.sessions import CancelledError, never, open_session, run_graph
from wyoming_cosyvoice.errors import ModelError

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Feed = dict[str, Floats]

KERNEL = open_kernel()
pytestmark = pytest.mark.skipif(
    KERNEL is None or KERNEL[1] < VNNI, reason="no kernel: no C compiler at installation, or no AVX-512 VNNI"
)
LEVELS = [VNNI, BFLOAT16] if KERNEL is not None and KERNEL[1] == BFLOAT16 else [VNNI]
STAGES = (
    "down_blocks.0.",
    "down_blocks.1.",
    "mid_blocks.0.",
    "mid_blocks.1.",
    "mid_blocks.2.",
    "up_blocks.0.",
    "up_blocks.1.",
)
CHANNELS, HEAD = 32, 16


def velocity_of(bundle: Path, level: int = LEVELS[-1]) -> KernelVelocity:
    assert KERNEL is not None
    return KernelVelocity((KERNEL[0], level), bundle)


def point(frames: int, seed: int = 0, scale: float = 1.0) -> Feed:
    random = np.random.RandomState(seed)
    feed = {name: scale * random.standard_normal((1, frames, 80)) for name in ("x", "mu", "cond")}
    feed |= {"speaker": random.standard_normal((1, 80)), "time": random.standard_normal((1, len(STAGES) * CHANNELS))}
    return {name: value.astype(np.float32) for name, value in feed.items()}


def noise_decibels(made: NDArray[Any], wanted: NDArray[Any]) -> float:
    return float(10 * np.log10(np.square(made - wanted).mean() / np.square(wanted).mean()))


class Plain:
    """The same operations, one after the other as the specification has them, with rows rounded as the kernel's are."""

    def __init__(self, bundle: Path) -> None:
        self.weights = ListedWeights(bundle, "flow_estimator")

    def vector(self, name: str) -> Doubles:
        return self.weights[f"decoder.estimator.{name}"].astype(np.float64)

    def multiply(self, name: str, x: Doubles, *, biased: bool = True) -> Doubles:
        scale = np.maximum(np.abs(x).max(axis=-1, keepdims=True), 1e-30) / 127
        made: Doubles = (np.rint(x / scale) * scale) @ (self.vector(f"{name}.codes") * self.vector(f"{name}.scales"))
        return made + self.vector(f"{name}.bias") if biased else made

    def convolve(self, name: str, x: Doubles, stride: int = 1) -> Doubles:
        padded = np.pad(x, ((1, 1), (0, 0)))
        taken = [padded[tap : tap + len(x)][::stride] for tap in range(3)]
        return self.multiply(name, np.concatenate(taken, axis=1))

    def block(self, name: str, x: Doubles) -> Doubles:
        x = self.convolve(f"{name}.0", x)
        groups = x.reshape(len(x), 8, -1)
        centred = groups - groups.mean(axis=(0, 2), keepdims=True)
        x = (centred / np.sqrt(np.square(centred).mean(axis=(0, 2), keepdims=True) + 1e-5)).reshape(x.shape)
        x = x * self.vector(f"{name}.1.weight") + self.vector(f"{name}.1.bias")
        made: Doubles = x * np.tanh(np.log1p(np.exp(x)))
        return made

    def normalised(self, name: str, x: Doubles) -> Doubles:
        centred = x - x.mean(axis=1, keepdims=True)
        made: Doubles = centred / np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + 1e-5)
        return made * self.vector(f"{name}.weight") + self.vector(f"{name}.bias")

    def transform(self, name: str, x: Doubles) -> Doubles:
        packed = self.multiply(f"{name}attn1.to_qkv", self.normalised(f"{name}norm1", x), biased=False)
        query, key, value = packed.reshape(len(x), 3, -1, HEAD).transpose(1, 2, 0, 3)
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(HEAD)
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = (shares / shares.sum(axis=-1, keepdims=True)) @ value
        x = x + self.multiply(f"{name}attn1.to_out.0", mixed.transpose(1, 0, 2).reshape(len(x), -1))
        y = self.multiply(f"{name}ff.net.0.proj", self.normalised(f"{name}norm3", x))
        y = y / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (y + 0.044715 * y**3)))
        return x + self.multiply(f"{name}ff.net.2", y)

    def stage(self, name: str, x: Doubles, time: Doubles) -> Doubles:
        row = time[STAGES.index(name)]
        y = self.block(f"{name}0.block1.block", x) + row
        x = self.block(f"{name}0.block2.block", y) + self.multiply(f"{name}0.res_conv", x)
        for index in range(2):
            x = self.transform(f"{name}1.{index}.", x)
        return x

    def velocity(self, feed: Feed) -> Doubles:
        x, mu, cond = (feed[name][0].astype(np.float64) for name in ("x", "mu", "cond"))
        time = feed["time"].astype(np.float64).reshape(len(STAGES), CHANNELS)
        given = np.concatenate([x, mu, np.repeat(feed["speaker"].astype(np.float64), len(x), axis=0), cond], axis=1)
        skip = self.stage(STAGES[0], given, time)
        half = self.stage(STAGES[1], self.convolve("down_blocks.0.2.conv", skip, stride=2), time)
        x = self.convolve("down_blocks.1.2", half)
        for name in STAGES[2:5]:
            x = self.stage(name, x, time)
        x = self.stage(STAGES[5], np.concatenate([x, half], axis=1), time)
        x = self.convolve("up_blocks.0.2.conv", x).reshape(-1, CHANNELS)[: len(skip)]
        x = self.stage(STAGES[6], np.concatenate([x, skip], axis=1), time)
        x = self.block("final_block.block", self.convolve("up_blocks.1.2", x))
        return x @ self.vector("final_proj.weight") + self.vector("final_proj.bias")


@pytest.mark.parametrize("frames", [1, 2, 5, 6, 17])
def test_short_runs_are_what_the_weights_say(tiny_int8_bundle: Path, frames: int) -> None:
    # a number that lies between two of 256 steps goes to the other one now and then, and what follows is 30 dB off; the
    # shorter the run, the more often there is none
    velocity, plain = velocity_of(tiny_int8_bundle, VNNI), Plain(tiny_int8_bundle)
    feeds = [point(frames, seed) for seed in range(10)]
    assert min(noise_decibels(velocity(feed, never)[0], plain.velocity(feed)) for feed in feeds) < -110


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("frames", [3, 64, 65, 95, 131, 200])
def test_longer_runs_are_what_the_weights_say_but_for_rounding(tiny_int8_bundle: Path, frames: int, level: int) -> None:
    velocity, plain = velocity_of(tiny_int8_bundle, level), Plain(tiny_int8_bundle)
    for seed in range(3):
        feed = point(frames, seed)
        made = velocity(feed, never)
        assert made.shape == (1, frames, 80)
        # rounding itself is 24 to 36 dB below what comes of it
        assert noise_decibels(made[0], plain.velocity(feed)) < -24


@pytest.mark.parametrize("level", LEVELS)
def test_it_is_nearer_to_upstream_than_onnx_runtime_in_8_bits(
    tiny_checkpoint: Path, tiny_int8_bundle: Path, level: int
) -> None:
    ours, theirs = [], []
    kernel, session = (
        velocity_of(tiny_int8_bundle, level),
        open_session(tiny_int8_bundle / "flow_estimator.onnx", 1),
    )
    with np.load(tiny_checkpoint / "golden.npz") as golden:
        g = {name.removeprefix("flow/t30/"): golden[name] for name in golden.files if name.startswith("flow/t30/")}
    times = run_graph(open_session(tiny_int8_bundle / "flow_time.onnx", 1), "time", {"t": g["t"]})
    nothing = np.zeros_like(g["mu"])
    for step in (0, 6):
        for row, (mu, cond) in enumerate(((g["mu"], g["cond"].T), (nothing, nothing))):
            feed = {"x": g[f"est{step}_x"].T[None], "mu": mu[None], "cond": cond[None], "time": times[step : step + 1]}
            feed["speaker"] = g["spks"][row : row + 1]
            wanted = g[f"est{step}_y"][row].T
            ours.append(noise_decibels(kernel(feed, never)[0], wanted))
            theirs.append(noise_decibels(run_graph(session, "velocity", feed)[0], wanted))
    assert np.mean(ours) < np.mean(theirs)
    assert max(ours) < -20


@pytest.mark.parametrize("level", LEVELS)
def test_the_same_again_and_in_any_thread(tiny_int8_bundle: Path, level: int) -> None:
    velocity, feeds = velocity_of(tiny_int8_bundle, level), [point(20 + 31 * number, number) for number in range(6)]
    wanted = [velocity(feed, never) for feed in feeds]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda feed: velocity(feed, never), feeds))
    assert all(np.array_equal(one, other) for one, other in zip(wanted, made, strict=True))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("scale", [0.0, 1e-20, 1e6])
def test_quiet_and_loud_points_stay_finite(tiny_int8_bundle: Path, scale: float, level: int) -> None:
    assert np.isfinite(velocity_of(tiny_int8_bundle, level)(point(30, scale=scale), never)).all()


def test_nothing_is_run_for_nobody(tiny_int8_bundle: Path) -> None:
    with pytest.raises(CancelledError):
        velocity_of(tiny_int8_bundle)(point(5), lambda: True)


def test_it_is_left_to_onnx_runtime_without_vnni_or_index(tiny_int8_bundle: Path, tiny_bundle: Path) -> None:
    assert KERNEL is not None
    library, _ = KERNEL
    assert [KernelVelocity.suits((library, level), tiny_int8_bundle) for level in (AVX2, VNNI, BFLOAT16)] == [
        False,
        True,
        True,
    ]
    assert not KernelVelocity.suits((library, BFLOAT16), tiny_bundle)


def mel_of(bundle: Path, level: int, monkeypatch: pytest.MonkeyPatch) -> Floats:
    monkeypatch.setattr(loading, "open_kernel", lambda: open_kernel(level))
    model = load(bundle)
    mu, speaker, cond = model.flow.encode(list(range(40)), next(iter(model.voices.values())))
    noise = np.random.RandomState(0).standard_normal((80, len(mu))).astype(np.float32)
    return model.flow.solve(mu, speaker, noise, cond)


def test_a_bundle_without_the_index_sounds_alike(
    tiny_int8_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = mel_of(tiny_int8_bundle, LEVELS[-1], monkeypatch)
    old = with_index(tiny_int8_bundle, tmp_path / "old", FLOW_INDEX, None)
    theirs = mel_of(old, LEVELS[-1], monkeypatch)
    assert np.array_equal(theirs, mel_of(tiny_int8_bundle, AVX2, monkeypatch))
    assert -40 < noise_decibels(ours, theirs) < -15


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda index: {}, "does not say where"),
        (lambda index: {k: v for k, v in index.items() if "norm3" not in k}, r"does not say where .*norm3.weight is"),
        (lambda index: {k: v for k, v in index.items() if k != "head_width"}, "does not say where head_width is"),
        (lambda index: {k: v | {"offset": 1 << 40} for k, v in index.items()}, "does not say where"),
        (
            lambda index: index | {"head_width": index["decoder.estimator.final_proj.bias"]},
            "none that the kernel takes",
        ),
        (
            lambda index: bent(index, "mid_blocks.1.1.0.ff.net.2.codes", "mid_blocks.1.1.0.ff.net.0.proj.codes"),
            r"ff.net.2 is \[.*\], no weight of",
        ),
        (lambda index: bent(index, "final_proj.weight", "final_proj.bias"), r"final_proj.weight is \[80\] where"),
    ],
)
def test_an_index_that_lies_is_refused(
    tiny_int8_bundle: Path, tmp_path: Path, change: Callable[[dict[str, Any]], dict[str, Any]], message: str
) -> None:
    index = change(json.loads((tiny_int8_bundle / FLOW_INDEX).read_text("utf-8")))
    with pytest.raises(ModelError, match=message):
        load(with_index(tiny_int8_bundle, tmp_path / "bent", FLOW_INDEX, json.dumps(index)))


def bent(index: dict[str, Any], name: str, other: str) -> dict[str, Any]:
    return index | {f"decoder.estimator.{name}": index[f"decoder.estimator.{other}"]}

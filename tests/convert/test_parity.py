"""Each graph of the tiny bundle against what upstream's code made of the same weights."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from tests.conftest import convert_tiny
from wyoming_cosyvoice.store.bundle import read_manifest
from wyoming_cosyvoice.store.manifest import verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

GRAPHS = ("text_encoder", "language_model", "flow_encoder", "flow_time", "flow_estimator", "f0", "vocoder")
LLM_CASES = ("zh_short", "en_short", "ja", "ko", "yue", "mixed", "zh_50", "instruct", "zero_shot")
FLOW_CASES = ("t30", "t41", "t60", "prompt")


@pytest.fixture(scope="module", params=["old", "new"])
def bundle(request: pytest.FixtureRequest, tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle from both styles of weight-normed names."""
    if request.param == "old":
        return tiny_bundle
    source, folder = tiny_checkpoint_of(request), tmp_path_factory.mktemp("new_keys")
    shutil.copytree(source, folder / "checkpoint")
    shutil.copy(source.parent / "cosyvoice_tiny_new_keys" / "hift.pt", folder / "checkpoint")
    return convert_tiny(folder / "checkpoint", folder / "bundle")


def tiny_checkpoint_of(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue("tiny_checkpoint")
    return folder


@pytest.fixture(scope="module")
def golden(tiny_checkpoint: Path) -> Iterator[Any]:
    with np.load(tiny_checkpoint / "golden.npz") as arrays:
        yield arrays


def session(bundle: Path, name: str) -> ort.InferenceSession:
    return ort.InferenceSession(str(bundle / f"{name}.onnx"))


def case_of(golden: Any, prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): golden[name] for name in golden.files if name.startswith(prefix)}


def difference(one: NDArray[Any], other: NDArray[Any]) -> float:
    assert one.shape == other.shape
    return float(np.abs(one.astype(np.float64) - other).max())


def test_the_manifest_lists_every_file_as_it_is(bundle: Path) -> None:
    manifest = read_manifest(bundle)
    assert set(manifest.files) | {"manifest.json"} == {path.name for path in bundle.iterdir()}
    verify(bundle, manifest.files, hashes=True)
    assert manifest.voices[0].id == "zh_female_1"
    assert len(manifest.voices) == 7


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_are_valid_and_named_as_the_checkpoint(bundle: Path, name: str) -> None:
    onnx.checker.check_model(str(bundle / f"{name}.onnx"), full_check=True)
    model = onnx.load(str(bundle / f"{name}.onnx"), load_external_data=False)
    assert len({node.name for node in model.graph.node}) == len(model.graph.node)
    used = {value for node in model.graph.node for value in node.input}
    assert {initializer.name for initializer in model.graph.initializer} <= used


def test_node_names_lead_to_the_checkpoint(bundle: Path) -> None:
    model = onnx.load(str(bundle / "language_model.onnx"), load_external_data=False)
    names = {node.name for node in model.graph.node}
    assert "llm.encoders.2.self_attn.linear_qkv.MatMul" in names
    assert "llm_decoder.MatMul" in names


def language_model_inputs(bundle: Path, room: int, rows: int) -> dict[str, NDArray[Any]]:
    sizes = read_manifest(bundle).language_model
    tables = np.load(bundle / "relative_positions.npy", mmap_mode="r")
    assert tables.shape == (sizes.layers, sizes.heads, sizes.positions, sizes.head_width)
    inputs: dict[str, NDArray[Any]] = {}
    for layer in range(sizes.layers):
        inputs[f"relative_{layer}"] = np.ascontiguousarray(tables[layer][:, :room])
        for kind in ("key", "value"):
            # what lies beyond a row's length must never be read
            inputs[f"past_{kind}_{layer}"] = np.full((rows, sizes.heads, room, sizes.head_width), 1e9, np.float32)
    return inputs


class Decoder:
    """The language model with its cache bound in place, as docs/bundle.md says."""

    def __init__(self, bundle: Path, room: int, rows: int) -> None:
        self.session = session(bundle, "language_model")
        self.arrays = language_model_inputs(bundle, room, rows)

    def run(self, rows: NDArray[np.float32], last: list[int], first: int = 0) -> NDArray[np.float32]:
        """Run rows `[B, S, D]` in the cache's rows from `first` on."""
        binding = self.session.io_binding()
        binding.bind_output("logits")
        count = len(rows)
        arrays = {name: array if "rel" in name else array[first : first + count] for name, array in self.arrays.items()}
        arrays |= {"rows": np.ascontiguousarray(rows), "last_position": np.array(last, np.int32)}
        for name, array in arrays.items():
            binding.bind_input(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
            if name.startswith("past"):
                present = name.replace("past", "present")
                binding.bind_output(present, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        self.session.run_with_iobinding(binding)
        logits: NDArray[np.float32] = binding.get_outputs()[0].numpy()
        return logits


@pytest.mark.parametrize("case", LLM_CASES)
def test_text_encoder(bundle: Path, golden: Any, case: str) -> None:
    g = case_of(golden, f"llm/{case}/")
    ids = np.concatenate([g.get("prompt_ids", np.zeros(0, np.int64)), g["text_ids"]]).astype(np.int64)
    (rows,) = session(bundle, "text_encoder").run(None, {"ids": ids})
    start = 1 + len(g["embedding"])
    assert difference(rows, g["lm_input"][start : start + len(ids)]) < 1e-4


def test_embeddings_and_voices(bundle: Path, golden: Any) -> None:
    g = case_of(golden, "llm/zero_shot/")
    with np.load(bundle / "tables.npz") as tables, np.load(bundle / "voices.npz") as voices:
        embedding = g["embedding"][0] / np.linalg.norm(g["embedding"])
        speaker = tables["speaker_weight"] @ embedding + tables["speaker_bias"]
        rows = g["lm_input"]
        assert difference(np.stack([rows[0], rows[1]]), np.stack([tables["llm_embedding"][0], speaker])) < 1e-5
        prompt = tables["speech_embedding"][g["prompt_speech"]]
        task = tables["llm_embedding"][1:]
        assert difference(rows[-len(prompt) - 1 :], np.concatenate([task, prompt])) == 0
        assert np.array_equal(voices["中文女"], case_of(golden, "flow/t30/")["embedding"][0])


@pytest.mark.parametrize("case", LLM_CASES)
def test_language_model_teacher_forced(bundle: Path, golden: Any, case: str) -> None:
    g = case_of(golden, f"llm/{case}/")
    decoder = Decoder(bundle, 512, 1)
    speech = np.load(bundle / "tables.npz")["speech_embedding"]
    rows, length = g["lm_input"], len(g["lm_input"])
    for step, expected in enumerate(g["teacher_logits"]):
        logits = decoder.run(rows[None], [length + step - 1])
        assert difference(logits[0], expected) < 2e-3
        rows = speech[g["teacher_tokens"][step]][None]


def test_rows_of_a_batch_join_and_leave_with_lengths_of_their_own(bundle: Path, golden: Any) -> None:
    cases = [case_of(golden, f"llm/{case}/") for case in ("zh_50", "zh_short", "en_short")]
    decoder = Decoder(bundle, 128, len(cases))
    speech = np.load(bundle / "tables.npz")["speech_embedding"]
    for row, g in enumerate(cases):
        logits = decoder.run(g["lm_input"][None], [len(g["lm_input"]) - 1], row)
        assert difference(logits[0], g["teacher_logits"][0]) < 2e-3
    for step in range(1, 6):
        # the first row is in from the beginning, the last joins at step 1 and leaves after step 4
        count = 3 if step < 5 else 2
        rows = np.stack([speech[g["teacher_tokens"][step - 1]][None] for g in cases[:count]])
        logits = decoder.run(rows, [len(g["lm_input"]) + step - 1 for g in cases[:count]])
        for row, g in enumerate(cases[:count]):
            assert difference(logits[row], g["teacher_logits"][step]) < 2e-3


def test_a_shorter_table_gives_the_same(bundle: Path, golden: Any) -> None:
    g = case_of(golden, "llm/zh_short/")
    long, short = Decoder(bundle, 512, 1), Decoder(bundle, 16, 1)
    last = [len(g["lm_input"]) - 1]
    assert difference(long.run(g["lm_input"][None], last), short.run(g["lm_input"][None], last)) < 1e-4


def places(tokens: int, frames: int, first: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Linear interpolation with half-pixel centres."""
    at = np.maximum((np.arange(frames) + 0.5) * (tokens / frames) - 0.5, 0)
    left = np.minimum(at.astype(np.int64), tokens - 1)
    return first + left, first + np.minimum(left + 1, tokens - 1), (at - left).astype(np.float32)


@pytest.mark.parametrize("case", FLOW_CASES)
def test_flow_encoder(bundle: Path, golden: Any, case: str) -> None:
    g = case_of(golden, f"flow/{case}/")
    prompt, new = g.get("prompt_tokens", np.zeros(0, np.int64)), len(g["tokens"])
    start, frames = len(prompt), int(new / 50 * 22050 / 256)
    pieces = [places(start, len(g["prompt_feat"]), 0)] if start else []
    if new > 40:
        pieces += [places(20, 34, start), places(new - 40, frames - 68, start + 20), places(20, 34, start + new - 20)]
    else:
        pieces.append(places(new, frames, start))
    left, right, fraction = (np.concatenate(part) for part in zip(*pieces, strict=True))
    inputs = {"tokens": np.concatenate([prompt, g["tokens"]]).astype(np.int64), "left": left, "right": right}
    (mu,) = session(bundle, "flow_encoder").run(None, inputs | {"fraction": fraction})
    assert difference(mu, g["mu"]) < 1e-3


def solve(bundle: Path, g: dict[str, NDArray[Any]], noise: NDArray[Any]) -> list[NDArray[Any]]:
    """The ten steps of the ODE; returns all states."""
    times = session(bundle, "flow_time").run(None, {"t": g["t"]})[0]
    estimator = session(bundle, "flow_estimator")
    nothing = np.zeros_like(g["mu"])
    fixed = {"mu": np.stack([g["mu"], nothing]), "speaker": g["spks"], "cond": np.stack([g["cond"].T, nothing])}
    ends = np.append(g["t"], np.float32(1))
    states = [noise.T]
    for step in range(10):
        x = np.stack([states[-1]] * 2)
        velocity = estimator.run(None, {**fixed, "x": x, "time": times[step : step + 1]})[0]
        guided = np.float32(1.7) * velocity[0] - np.float32(0.7) * velocity[1]
        states.append((states[-1] + (ends[step + 1] - ends[step]) * guided).astype(np.float32))
    return [state.T for state in states]


def test_estimator_at_single_points(bundle: Path, golden: Any) -> None:
    g = case_of(golden, "flow/t30/")
    times = session(bundle, "flow_time").run(None, {"t": g["t"]})[0]
    estimator = session(bundle, "flow_estimator")
    nothing = np.zeros_like(g["mu"])
    for step in (0, 6):
        x = g[f"est{step}_x"].T
        rows = ((g["mu"], g["spks"][0], g["cond"].T), (nothing, g["spks"][1], nothing))
        for row, (mu, speaker, cond) in enumerate(rows):
            inputs = {"x": x[None], "mu": mu[None], "cond": cond[None], "speaker": speaker[None]}
            (velocity,) = estimator.run(None, inputs | {"time": times[step : step + 1]})
            assert difference(velocity[0].T, g[f"est{step}_y"][row]) < 1e-4


@pytest.mark.parametrize("case", FLOW_CASES)
def test_flow_from_the_same_noise(bundle: Path, golden: Any, case: str) -> None:
    g = case_of(golden, f"flow/{case}/")
    supplied = json.loads(str(golden["meta_json"]))["flow"][case]["supplied"][0]
    noise = np.random.RandomState(supplied["seed"]).standard_normal(supplied["shape"]).astype(np.float32)[0]
    states = solve(bundle, g, noise)
    prompt = len(g.get("prompt_feat", ()))
    assert difference(states[-1][:, prompt:], g["mel"]) < 1e-3
    for state, expected in zip(states, g.get("states", ()), strict=False):
        assert difference(state, expected) < 1e-3


@pytest.mark.parametrize("case", ["supplied", "zero"])
def test_vocoder(bundle: Path, golden: Any, case: str) -> None:
    g = case_of(golden, f"hift/{case}/")
    (f0,) = session(bundle, "f0").run(None, {"mel": g["mel"][None]})
    assert difference(f0[0], g["f0"]) < 1e-2
    (wave,) = session(bundle, "vocoder").run(None, {"mel": g["mel"][None], "source": g["source"][None]})
    assert difference(wave[0], g["wave"]) < 1e-3
    assert difference(wave[0, -8:], g["wave"][-8:]) < 1e-4  # the last windows overlap otherwise than the first


def test_vocoder_of_stretched_and_joined_mels(bundle: Path, golden: Any) -> None:
    g = case_of(golden, "stream/s60_speed1.25/")
    inputs = {"mel": g["hift_mel0"][None], "source": g["source0"][None]}
    (wave,) = session(bundle, "vocoder").run(None, inputs)
    assert difference(wave[0], g["wav0"]) < 1e-3


@pytest.mark.parametrize("frames", [1, 2, 3, 7])
def test_shortest_inputs(bundle: Path, frames: int) -> None:
    manifest = read_manifest(bundle)
    block = np.zeros((1, frames, manifest.flow.mels), np.float32)
    time = np.zeros((1, manifest.flow.time_width), np.float32)
    inputs = {"x": block, "mu": block, "cond": block, "speaker": block[:, 0], "time": time}
    (velocity,) = session(bundle, "flow_estimator").run(None, inputs)
    assert velocity.shape == block.shape
    mel = block.transpose(0, 2, 1)
    (wave,) = session(bundle, "vocoder").run(None, {"mel": mel, "source": np.zeros((1, 256 * frames), np.float32)})
    assert wave.shape == (1, 256 * frames)
    assert np.isfinite(velocity).all()
    assert np.isfinite(wave).all()

"""A full-size checkpoint of random but healthy weights, the same on every machine.

The official weights can't be shipped with a test. These stand in for them: upstream's code was run once on the same
weights and its results are in bench/data. Each tensor depends on (seed, part, name, shape) alone: SHA-256 of
``seed|part|name`` seeds PCG64, whose 24-bit uniform floats are spread over a range that keeps activations alive
(attention far from uniform, logits with a winner, F0 partly voiced, audio that neither vanishes nor clips).
"""

from __future__ import annotations

import argparse
import hashlib
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.torch_archive import write_archive
from wyoming_cosyvoice.convert import layout as model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Shape = tuple[int, ...]
    Range = tuple[float, float]

SPEAKERS = ("中文女", "中文男", "日语男", "粤语女", "英文女", "英文男", "韩语女")
FULL_LANGUAGE_MODEL = model.LanguageModelLayout(
    model.EncoderSizes("text_encoder.", 512, 1024, 16, 4096, 6, ("norm_mha", "norm_ff")),
    model.EncoderSizes("llm.", 1024, 1024, 16, 4096, 14, ("norm1", "norm2")),
)
FULL_FLOW = model.FlowLayout(
    model.EncoderSizes("encoder.", 512, 512, 8, 2048, 6, ("norm_mha", "norm_ff")),
    model.EstimatorSizes(256, 512, 1024, 1024, 4, 12),
)
FULL_VOCODER = model.VocoderLayout(512, 512)

_NORM = r"(norm\w*|out\.1|block\.1|length_regulator\.model\.(1|4|7|10))\."


def write_checkpoint(folder: Path, seed: int = 1) -> None:
    """Write llm.pt, flow.pt, hift.pt and spk2info.pt of the full size into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_archive(folder / "llm.pt", dict(tensors("llm", model.language_model_tensors(FULL_LANGUAGE_MODEL), seed)))
    write_archive(folder / "flow.pt", dict(tensors("flow", model.flow_tensors(FULL_FLOW), seed)))
    write_archive(folder / "hift.pt", dict(tensors("hift", model.vocoder_tensors(FULL_VOCODER), seed)))
    voices = {name: {"embedding": _draw(seed, "spk2info", name, (1, 192), _spread(0.8))} for name in SPEAKERS}
    write_archive(folder / "spk2info.pt", voices)


def tensors(part: str, shapes: dict[str, Shape], seed: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield the tensors of a part; weight-normed ones of the vocoder as gain and direction, in the old style."""
    for name, shape in shapes.items():
        if part == "hift" and _is_weight_normed(name):
            stem = name.removesuffix("weight")
            gain = (shape[0], 1, 1)
            yield f"{stem}weight_g", _draw(seed, part, f"{stem}weight_g", gain, _gain_range(name))
            yield f"{stem}weight_v", _draw(seed, part, f"{stem}weight_v", shape, _spread(_fan(shape)))
            continue
        rule = _vocoder_range if part == "hift" else _range
        value = _draw(seed, part, name, shape, rule(part, name, shape))
        if name == "llm_decoder.bias":
            value[-1] += np.float32(3.0)  # or a random model would never end an utterance
        if name == "conv_post.bias":
            value[: shape[0] // 2] -= np.float32(3.6)  # magnitudes are exponentials of these rows
        yield name, value


def digest(items: dict[str, NDArray[np.float32]]) -> str:
    """Return a SHA-256 of names, shapes and values, whatever their order."""
    state = hashlib.sha256()
    for name in sorted(items):
        array = np.ascontiguousarray(items[name], "<f4")
        state.update(name.encode() + str(array.shape).encode() + array.tobytes())
    return state.hexdigest()


def _draw(seed: int, part: str, name: str, shape: Shape, limits: Range) -> NDArray[np.float32]:
    key = hashlib.sha256(f"{seed}|{part}|{name}".encode()).digest()[:16]
    uniform = np.random.Generator(np.random.PCG64(int.from_bytes(key, "little"))).random(shape, np.float32)
    low, high = limits
    if low == high:
        return np.full(shape, low, np.float32)
    uniform *= np.float32(high - low)
    uniform += np.float32(low)
    return uniform


def _spread(deviation: float) -> Range:
    """Return the range of a uniform distribution with that standard deviation."""
    edge = deviation * math.sqrt(3.0)
    return -edge, edge


def _fan(shape: Shape) -> float:
    return 1.0 / math.sqrt(shape[1] * shape[2])


def _is_weight_normed(name: str) -> bool:
    return name.endswith(".weight") and not re.match(r"source_downs|m_source|f0_predictor\.classifier", name)


def _gain_range(name: str) -> Range:
    ranges: tuple[tuple[str, Range], ...] = (
        (r"ups\.", (2.4, 3.6)),
        (r"conv_post", (0.6, 0.9)),
        (r".*\.convs2\.", (0.4, 0.7)),
        (r"f0_predictor", (1.2, 1.6)),
    )
    return next((limits for pattern, limits in ranges if re.match(pattern, name)), (0.8, 1.2))


def _vocoder_range(_part: str, name: str, shape: Shape) -> Range:
    exact: dict[str, Range] = {
        "m_source.l_linear.weight": (-1.5, 1.5),
        "f0_predictor.classifier.weight": _spread(70.0 / math.sqrt(shape[-1])),
        "f0_predictor.classifier.bias": (15.0, 15.0),
        "conv_post.bias": (-0.3, 0.3),
    }
    if name in exact:
        return exact[name]
    if name.endswith("alpha"):
        return 0.5, 2.0
    return _spread(_fan(shape)) if name.endswith("weight") else (-0.1, 0.1)


def _range(part: str, name: str, shape: Shape) -> Range:
    """Return the range of a tensor of the language model or the flow."""
    patterns: tuple[tuple[str, Range], ...] = (
        (r"embedding\.weight$", _spread(1.0)),
        (r"^llm\.embed\.out\.1\.bias$", (-1.2, -0.4)),
        (_NORM + r"weight$", (0.7, 1.3)),
        (_NORM + r"bias$", (-0.15, 0.15)),
        (r"pos_bias", (-0.6, 0.6)),
        # the feed-forward's ReLU stays sparse, which keeps a common offset out of the logits
        (r"^llm\.encoders\..*w_1\.bias$", (-1.2, -0.2)),
        (r"^llm_decoder\.bias$", (-0.5, 0.5)),
        (r"bias$", (-0.1, 0.1)),
    )
    limits = next((limits for pattern, limits in patterns if re.search(pattern, name)), None)
    if limits is not None:
        return limits
    if len(shape) == 2:
        return _spread(_linear_gain(part, name, shape) / math.sqrt(shape[1]))
    upsampling = ".up_blocks." in name and name.endswith(".conv.weight")
    fan = shape[0] * shape[2] / 2 if upsampling else shape[1] * shape[2]
    return _spread((1.3 if name.endswith("final_proj.weight") else 1.0) / math.sqrt(fan))


def _linear_gain(part: str, name: str, shape: Shape) -> float:
    decoder = part == "llm" and name.startswith("llm.")
    root = math.sqrt(shape[0])
    gains: tuple[tuple[str, Callable[[], float]], ...] = (
        (r"linear_[qk]\.weight", lambda: 2.25 if decoder else 1.5),
        (r"linear_out\.weight", lambda: (0.125 if decoder else 0.5) * root),
        (r"w_2\.weight", lambda: (0.525 if decoder else 0.35) * root),
        (r"^llm_decoder\.weight", lambda: 4.0),
        (r"(to_[qk]|linear_pos)\.weight", lambda: 1.5),
        (r"w_1\.weight", lambda: 1.4),
        (r"^spk_embed_affine_layer\.weight", lambda: math.sqrt(shape[1])),
        (r"\.(ff\.net|to_out)\.", lambda: 1.2),
    )
    return next((gain() for pattern, gain in gains if re.search(pattern, name)), 1.0)


def main(argv: list[str]) -> int:
    """Write the checkpoint."""
    parser = argparse.ArgumentParser(prog="bench reference_weights", description=__doc__)
    parser.add_argument("folder", type=Path)
    arguments: Any = parser.parse_args(argv)
    write_checkpoint(arguments.folder)
    return 0

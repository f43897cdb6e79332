"""f0.onnx and vocoder.onnx: mel to pitch; mel and source to samples (specification section 9).

The source signal is made outside: its phase needs float64. Both Fourier transforms are convolutions with fixed kernels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnx.utils

from wyoming_cosyvoice.convert import static
from wyoming_cosyvoice.convert.blocks import linear_of, slice_axis
from wyoming_cosyvoice.convert.graph import GraphWriter
from wyoming_cosyvoice.convert.layout import (
    DILATIONS,
    MELS,
    RESBLOCK_KERNELS,
    SOURCE_KERNELS,
    SPECTRUM,
    UPSAMPLE_STRIDE,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from wyoming_cosyvoice.convert.precision import Form
    from wyoming_cosyvoice.convert.static import Ranges
    from wyoming_cosyvoice.convert.weights import Weights

_WINDOW = 16
_HOP = 4
_BINS = SPECTRUM // 2
_LARGEST = 100.0
"""Of a magnitude."""
_CEILING = 0.99
"""Of a sample."""
_CUT = "frames"
"""What the coarse half hands to the fine half: `[1, channels, 8 T]`."""
_SINE = (3.10930261, 3.55102142)
"""A and B of sin(pi t) = w (A + B w), w = t - t²: of all such the one with the least largest error, 7.4e-4."""
_SLOWEST = 1e-4
"""Frequency of a snake in 8 bits."""


def write_f0(folder: Path, weights: Weights, form: Form) -> None:
    """Write the graph: mel `[1, 80, T]` -> f0 `[1, T]` in Hz."""
    with GraphWriter(folder, "f0", form) as g:
        x = g.input("mel", [1, MELS, "T"])
        for index in (0, 2, 4, 6, 8):
            x = g.op("Elu", _convolution(g, weights, f"f0_predictor.condnet.{index}", x, pads=[1, 1]))
        x = linear_of(g, weights, "f0_predictor.classifier", g.op("Transpose", x, perm=[0, 2, 1]))
        g.output(g.op("Squeeze", g.op("Abs", x), g.integers(2)), "f0", [1, "T"])


def write_vocoder(folder: Path, weights: Weights, form: Form, ranges: Mapping[str, Ranges]) -> None:
    """Write the graph: mel `[1, 80, T]`, source `[1, N]` (N = 256 T) -> wave `[1, N]`.

    `ranges` are those of `resblock_convolutions`, used where the form says so. Also writes its two halves.
    """
    ranges = ranges if form.static else {}
    (folder / "vocoder.json").unlink(missing_ok=True)  # of a form that did not pass
    with GraphWriter(folder, "vocoder", form) as g:
        mel, source = g.input("mel", [1, MELS, "T"]), g.input("source", [1, "N"])
        spectrum = _transform(g, g.op("Unsqueeze", source, g.integers(1)))
        x = _convolution(g, weights, "conv_pre", mel, pads=[3, 3])
        for index in range(len(SOURCE_KERNELS)):
            x = _upsample(g, weights, index, x)
            strided = {"strides": [UPSAMPLE_STRIDE], "pads": [4, 4]} if index == 0 else {}
            excitation = _convolution(g, weights, f"source_downs.{index}", spectrum, **strided)
            x = g.op("Add", x, _resblock(g, weights, f"source_resblocks.{index}.", excitation, ranges))
            branches = [
                _resblock(g, weights, f"resblocks.{3 * index + number}.", x, ranges)
                for number in range(len(RESBLOCK_KERNELS))
            ]
            total, share = g.op("Sum", *branches), g.number(1 / len(branches))
            x = g.op("Mul", total, share) if index else g.ops("Mul", total, share, outputs=[_CUT])[0]
        x = _convolution(g, weights, "conv_post", g.op("LeakyRelu", x, alpha=0.01), pads=[3, 3])
        wave = _inverse_transform(g, x)
        g.output(g.op("Squeeze", wave, g.integers(1)), "wave", [1, "N"])
        if ranges:
            _list_rest(g, weights)
    _write_halves(folder, weights.shapes["ups.0.weight"][1])


def _write_halves(folder: Path, channels: int) -> None:
    """Write vocoder_coarse.onnx and vocoder_fine.onnx, which share the weights of vocoder.onnx.

    Blocks of an utterance that run side by side must overlap by all that they depend on: 14 frames in the half with 8
    values a frame, but 3 in the other half, which has most of the work.
    """
    model = onnx.load(str(folder / "vocoder.onnx"), load_external_data=False)
    frames = onnx.helper.make_tensor_value_info(_CUT, onnx.TensorProto.FLOAT, [1, channels, "F"])
    model.graph.value_info.append(frames)
    extractor = onnx.utils.Extractor(model)
    for name, inputs, output in (
        ("vocoder_coarse", ["mel", "source"], _CUT),
        ("vocoder_fine", [_CUT, "source"], "wave"),
    ):
        path = folder / f"{name}.onnx"
        onnx.save(extractor.extract_model(inputs, [output]), path)
        onnx.checker.check_model(str(path))


def _upsample(g: GraphWriter, weights: Weights, index: int, x: str) -> str:
    name = f"ups.{index}"
    x = g.op("LeakyRelu", x, alpha=0.1)
    with g.scope(name):
        weight, bias = g.kernel("weight", weights[f"{name}.weight"]), g.weight("bias", weights[f"{name}.bias"])
        x = g.op("ConvTranspose", x, weight, bias, strides=[UPSAMPLE_STRIDE], pads=[4, 4])
        # one frame more, reflected, to match the 64 T + 1 frames of the transform
        return g.op("Pad", x, g.integers(0, 0, 1, 0, 0, 0), mode="reflect") if index == 1 else x


def _list_rest(g: GraphWriter, weights: Weights) -> None:
    """List what the kernel reads besides the convolutions in 8 bits."""
    names = [f"{part}.{index}" for part in ("ups", "source_downs") for index in range(len(SOURCE_KERNELS))]
    for name in ("conv_pre", *names, "conv_post"):
        weight = weights[f"{name}.weight"]
        g.aside(f"{name}.weight", weight.astype(np.float16) if g.form.half else weight)
        g.aside(f"{name}.bias", weights[f"{name}.bias"])
    g.aside("transform", _analysis())
    g.aside("inverse_transform", _synthesis())
    g.aside("edges", np.concatenate(_edges()))


def resblock_convolutions() -> list[str]:
    """Return the names of the convolutions that make up most of the vocoder's work."""
    blocks = [f"source_resblocks.{index}." for index in range(len(SOURCE_KERNELS))]
    blocks += [f"resblocks.{index}." for index in range(len(SOURCE_KERNELS) * len(RESBLOCK_KERNELS))]
    return [f"{block}convs{number}.{index}" for block in blocks for number in (1, 2) for index in range(len(DILATIONS))]


def _resblock(g: GraphWriter, weights: Weights, prefix: str, x: str, ranges: Mapping[str, Ranges]) -> str:
    for index, dilation in enumerate(DILATIONS):
        if ranges:
            y = _quantized_pair(g, weights, x, ranges, prefix=prefix, index=index)
        else:
            y = x
            for number, spread in ((1, dilation), (2, 1)):
                name = f"{prefix}convs{number}.{index}"
                y = _snake(g, weights, f"{prefix}activations{number}.{index}.alpha", y)
                y = _convolution(g, weights, name, y, **_same(weights, name, spread))
        x = g.op("Add", x, y)
    return x


def _quantized_pair(
    g: GraphWriter, weights: Weights, x: str, ranges: Mapping[str, Ranges], *, prefix: str, index: int
) -> str:
    """Return what snake, convolution, snake and convolution make of x, in 8 bits but for the snakes."""
    before, between = (_turns(weights[f"{prefix}activations{number}.{index}.alpha"]) for number in (1, 2))
    for number, turns in ((1, before), (2, between)):
        g.aside(f"{prefix}activations{number}.{index}.alpha", turns * np.float32(np.pi))
    with g.scope(f"{prefix}activations1.{index}"):
        y = _snake_of_turns(g, g.op("Mul", x, g.weight("turns", before[:, None])))
    name = f"{prefix}convs1.{index}"
    with g.scope(name):
        weight, bias, sides = weights[f"{name}.weight"], weights[f"{name}.bias"], _same(weights, name, DILATIONS[index])
        y = static.convolution(g, y, weight, bias, ranges[name], units=before, gains=between, **sides)
    with g.scope(f"{prefix}activations2.{index}"):
        y = _snake_of_turns(g, y)
    name = f"{prefix}convs2.{index}"
    with g.scope(name):
        weight, bias, sides = weights[f"{name}.weight"], weights[f"{name}.bias"], _same(weights, name, 1)
        return static.convolution(g, y, weight, bias, ranges[name], units=between, **sides)


def _same(weights: Weights, name: str, dilation: int) -> dict[str, Any]:
    """Return the attributes of a convolution whose output is as long as its input."""
    side = (weights.shapes[f"{name}.weight"][2] - 1) // 2 * dilation
    return {"dilations": [dilation], "pads": [side, side]}


def _turns(alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the factors that make half turns of what a snake with `alpha` is given."""
    # a snake of no frequency is its input; so is one of next to none, within what 8 bits keep
    return (np.where(np.abs(alpha) < _SLOWEST, _SLOWEST, alpha) / np.pi).astype(np.float32)


def _snake_of_turns(g: GraphWriter, v: str) -> str:
    """Return v + sin²(pi v) / pi, which is a / pi times the snake of x where v = a x / pi.

    ONNX Runtime's Sin takes as long as ten additions. sin²(pi v) has period 1, and on [0, 1) the sine is close to
    w (A + B w) with w = t - t².
    """
    low, high = (coefficient / np.sqrt(np.pi) for coefficient in _SINE)
    t = g.op("Sub", v, g.op("Floor", v))
    w = g.op("Sub", t, g.op("Mul", t, t))
    sine = g.op("Mul", w, g.op("Add", g.op("Mul", w, g.number(high)), g.number(low)))
    return g.op("Add", v, g.op("Mul", sine, sine))


def _snake(g: GraphWriter, weights: Weights, name: str, x: str) -> str:
    """Return x + sin²(a x) / a, with a per channel."""
    alpha = weights[name][:, None]
    with g.scope(name):
        sine = g.op("Sin", g.op("Mul", x, g.weight("alpha", alpha)))
        inverse = g.weight("inverse", (1 / (alpha + np.float32(1e-9))).astype(np.float32))
        return g.op("Add", x, g.op("Mul", g.op("Mul", sine, sine), inverse))


def _convolution(g: GraphWriter, weights: Weights, name: str, x: str, **attributes: Any) -> str:
    with g.scope(name):
        weight, bias = g.kernel("weight", weights[f"{name}.weight"]), g.weight("bias", weights[f"{name}.bias"])
        return g.op("Conv", x, weight, bias, **attributes)


def _hann() -> NDArray[np.float64]:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)


def _angles() -> NDArray[np.float64]:
    angles: NDArray[np.float64] = 2 * np.pi * np.outer(np.arange(_BINS), np.arange(_WINDOW)) / _WINDOW
    return angles


def _analysis() -> NDArray[np.float32]:
    """Return what makes 18 numbers of a window of 16 samples."""
    kernel = np.concatenate([np.cos(_angles()), -np.sin(_angles())]) * _hann()
    return kernel.astype(np.float32)


def _synthesis() -> NDArray[np.float32]:
    """Return what makes 16 samples of 18 numbers each."""
    share = np.full((_BINS, 1), 2 / _WINDOW)
    share[[0, -1]] = 1 / _WINDOW
    kernel = np.concatenate([share * np.cos(_angles()), -share * np.sin(_angles())]) * _hann() / 1.5
    return kernel.astype(np.float32)


def _edges() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the factors of the first and of the last four samples kept: three windows overlap there, not four."""
    tiled = np.sum([np.pad(_hann() ** 2, (_HOP * i, _HOP * (3 - i))) for i in range(4)], axis=0)
    edges, kept = (1.5 / np.maximum(tiled, 0.1)).astype(np.float32), _WINDOW // 2
    return edges[kept : kept + _HOP], edges[-kept - _HOP : -kept]


def _transform(g: GraphWriter, source: str) -> str:
    """Return the Fourier transform `[1, 18, N / 4 + 1]` of `[1, 1, N]`: 9 real rows, then 9 imaginary ones."""
    with g.scope("stft"):
        padded = g.op("Pad", source, g.integers(0, 0, _WINDOW // 2, 0, 0, _WINDOW // 2), mode="reflect")
        return g.op("Conv", padded, g.weight("kernel", _analysis()[:, None]), strides=[_HOP])


def _inverse_transform(g: GraphWriter, x: str) -> str:
    """Return the samples `[1, 1, N]` of log magnitudes and phases `[1, 18, N / 4 + 1]`.

    Overlapped windows add up to 1.5 but for the first and last four kept samples, which have factors of their own.
    """
    with g.scope("istft"):
        magnitude = g.op("Min", g.op("Exp", slice_axis(g, x, 1, 0, _BINS)), g.number(_LARGEST))
        phase = g.op("Sin", slice_axis(g, x, 1, _BINS, SPECTRUM))
        parts = [g.op("Mul", magnitude, g.op(function, phase)) for function in ("Cos", "Sin")]
        weight = g.weight("kernel", _synthesis()[:, None])
        wave = g.op("ConvTranspose", g.op("Concat", *parts, axis=1), weight, strides=[_HOP])
        kept = _WINDOW // 2
        first, last = (g.weight(name, factors) for name, factors in zip(("first", "last"), _edges(), strict=True))
        first = g.op("Mul", slice_axis(g, wave, 2, kept, kept + _HOP), first)
        inner = slice_axis(g, wave, 2, kept + _HOP, -kept - _HOP)
        last = g.op("Mul", slice_axis(g, wave, 2, -kept - _HOP, -kept), last)
        wave = g.op("Concat", first, inner, last, axis=2)
        return g.op("Clip", wave, g.number(-_CEILING), g.number(_CEILING))

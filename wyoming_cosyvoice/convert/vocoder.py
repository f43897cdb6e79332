"""f0.onnx and vocoder.onnx: mel to pitch; mel and source to samples (specification section 9).

The source signal is made outside: its phase needs float64. Both Fourier transforms are convolutions with fixed kernels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

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

    `ranges` are those of `resblock_convolutions`, used where the form says so.
    """
    ranges = ranges if form.static else {}
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
            x = g.op("Mul", g.op("Sum", *branches), g.number(1 / len(branches)))
        x = _convolution(g, weights, "conv_post", g.op("LeakyRelu", x, alpha=0.01), pads=[3, 3])
        wave = _inverse_transform(g, x)
        g.output(g.op("Squeeze", wave, g.integers(1)), "wave", [1, "N"])


def _upsample(g: GraphWriter, weights: Weights, index: int, x: str) -> str:
    name = f"ups.{index}"
    x = g.op("LeakyRelu", x, alpha=0.1)
    with g.scope(name):
        weight, bias = g.kernel("weight", weights[f"{name}.weight"]), g.weight("bias", weights[f"{name}.bias"])
        x = g.op("ConvTranspose", x, weight, bias, strides=[UPSAMPLE_STRIDE], pads=[4, 4])
        # one frame more, reflected, to match the 64 T + 1 frames of the transform
        return g.op("Pad", x, g.integers(0, 0, 1, 0, 0, 0), mode="reflect") if index == 1 else x


def resblock_convolutions() -> list[str]:
    """Return the names of the convolutions that make up most of the vocoder's work."""
    blocks = [f"source_resblocks.{index}." for index in range(len(SOURCE_KERNELS))]
    blocks += [f"resblocks.{index}." for index in range(len(SOURCE_KERNELS) * len(RESBLOCK_KERNELS))]
    return [f"{block}convs{number}.{index}" for block in blocks for number in (1, 2) for index in range(len(DILATIONS))]


def _resblock(g: GraphWriter, weights: Weights, prefix: str, x: str, ranges: Mapping[str, Ranges]) -> str:
    def convolution(name: str, y: str, dilation: int) -> str:
        weight = weights[f"{prefix}{name}.weight"]
        side = (weight.shape[2] - 1) // 2 * dilation
        attributes = {"dilations": [dilation], "pads": [side, side]}
        if not ranges:
            return _convolution(g, weights, prefix + name, y, **attributes)
        with g.scope(prefix + name):
            bias, range_ = weights[f"{prefix}{name}.bias"], ranges[prefix + name]
            return static.convolution(g, y, weight, bias, range_, **attributes)

    for index, dilation in enumerate(DILATIONS):
        y = _snake(g, weights, f"{prefix}activations1.{index}.alpha", x)
        y = convolution(f"convs1.{index}", y, dilation)
        y = _snake(g, weights, f"{prefix}activations2.{index}.alpha", y)
        x = g.op("Add", x, convolution(f"convs2.{index}", y, 1))
    return x


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


def _transform(g: GraphWriter, source: str) -> str:
    """Return the Fourier transform `[1, 18, N / 4 + 1]` of `[1, 1, N]`: 9 real rows, then 9 imaginary ones."""
    angles = 2 * np.pi * np.outer(np.arange(_BINS), np.arange(_WINDOW)) / _WINDOW
    kernel = np.concatenate([np.cos(angles), -np.sin(angles)]) * _hann()
    with g.scope("stft"):
        padded = g.op("Pad", source, g.integers(0, 0, _WINDOW // 2, 0, 0, _WINDOW // 2), mode="reflect")
        return g.op("Conv", padded, g.weight("kernel", kernel[:, None].astype(np.float32)), strides=[_HOP])


def _inverse_transform(g: GraphWriter, x: str) -> str:
    """Return the samples `[1, 1, N]` of log magnitudes and phases `[1, 18, N / 4 + 1]`.

    Overlapped windows add up to 1.5 but for the first and last four kept samples, which have factors of their own.
    """
    window = _hann()
    angles = 2 * np.pi * np.outer(np.arange(_BINS), np.arange(_WINDOW)) / _WINDOW
    share = np.full((_BINS, 1), 2 / _WINDOW)
    share[[0, -1]] = 1 / _WINDOW
    kernel = np.concatenate([share * np.cos(angles), -share * np.sin(angles)]) * window / 1.5
    tiled = np.sum([np.pad(window**2, (_HOP * i, _HOP * (3 - i))) for i in range(4)], axis=0)
    with g.scope("istft"):
        magnitude = g.op("Min", g.op("Exp", slice_axis(g, x, 1, 0, _BINS)), g.number(_LARGEST))
        phase = g.op("Sin", slice_axis(g, x, 1, _BINS, SPECTRUM))
        parts = [g.op("Mul", magnitude, g.op(function, phase)) for function in ("Cos", "Sin")]
        weight = g.weight("kernel", kernel[:, None].astype(np.float32))
        wave = g.op("ConvTranspose", g.op("Concat", *parts, axis=1), weight, strides=[_HOP])
        kept = _WINDOW // 2
        # three windows overlap there, not four
        edges = (1.5 / np.maximum(tiled, 0.1)).astype(np.float32)
        first = g.weight("first", edges[kept : kept + _HOP])
        last = g.weight("last", edges[-kept - _HOP : -kept])
        first = g.op("Mul", slice_axis(g, wave, 2, kept, kept + _HOP), first)
        inner = slice_axis(g, wave, 2, kept + _HOP, -kept - _HOP)
        last = g.op("Mul", slice_axis(g, wave, 2, -kept - _HOP, -kept), last)
        wave = g.op("Concat", first, inner, last, axis=2)
        return g.op("Clip", wave, g.number(-_CEILING), g.number(_CEILING))

"""The vocoder's two halves out of a bundle into the kernel's own layout, and their runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.engines.cosyvoice.kernel.listed import CURE, ListedWeights, pointer
from wyoming_cosyvoice.engines.cosyvoice.kernel.native import NativeModel
from wyoming_cosyvoice.engines.cosyvoice.lengths import HOP
from wyoming_cosyvoice.engines.cosyvoice.sessions import CancelledError
from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

WAVE_INDEX = "vocoder.json"
_MELS = 80
_AXES = 3
_STAGES, _BLOCKS, _PAIRS = 2, 4, 3
_VECTOR = 16
_SPECTRUM, _HALF = 18, 9
_UP = 16
"""Taps of an upsampling by 8."""
_LONGEST = 12
"""Taps of a block's convolutions."""
_BEFORE, _AFTER, _TRANSFORM, _INVERSE, _UPS, _DOWNS = 0, 1, 2, 3, 4, 6
_PARTS = np.r_[:_HALF, _VECTOR : _VECTOR + _HALF]
"""Where the kernel has magnitudes and phases, or real and imaginary parts: each from a vector's first place on."""


class KernelWave:
    """HiFT but for F0 and source: 250 MB of transformed weights in float32, 130 MB in bfloat16; the bundle has 20 MB.

    It can be used by several threads at once; a run takes one.
    """

    def __init__(self, kernel: tuple[ctypes.CDLL, int], folder: Path) -> None:
        """Read the weights of the bundle `folder`. Raises ModelError where the files don't fit each other."""
        library, vectors = kernel
        self._weights = weights = ListedWeights(folder, "vocoder")
        before, after = self._kernel("conv_pre.weight"), self._kernel("conv_post.weight")
        ups = [self._kernel(f"ups.{index}.weight") for index in range(_STAGES)]
        downs = [self._kernel(f"source_downs.{index}.weight") for index in range(_STAGES)]
        self._channels = channels = [len(ups[0]), len(ups[1]), after.shape[1]]
        self._fits("conv_pre.weight", (channels[0], _MELS, 7))
        self._fits("conv_post.weight", (_SPECTRUM, channels[2], 7))
        for index in range(_STAGES):
            self._fits(f"ups.{index}.weight", (channels[index], channels[index + 1], _UP))
            self._fits(f"source_downs.{index}.weight", (channels[index + 1], _SPECTRUM, (16, 1)[index]))
        wide = [_whole(count) for count in channels]
        sizes = np.array([*wide, 8, 4, 1, 0, channels[1]], np.int32)
        edges = weights.floats("edges", (8,))
        arrays = pointer(sizes), pointer(edges)
        self._model = NativeModel(library, "cosyvoice_wave", "the vocoder", *arrays, vectors)
        self._dense(_BEFORE, before.transpose(2, 1, 0).reshape(7 * _MELS, channels[0]), "conv_pre")
        spread = np.zeros((7, wide[2], 2 * _VECTOR), np.float32)
        spread[:, : channels[2], _PARTS] = after.transpose(2, 1, 0)
        bias = np.zeros(2 * _VECTOR, np.float32)
        bias[_PARTS] = weights.floats("conv_post.bias", (_SPECTRUM,))
        self._lay(_AFTER, spread.reshape(-1, 2 * _VECTOR), bias)
        there = np.zeros((_UP, 2 * _VECTOR), np.float32)
        there[:, :_SPECTRUM] = weights.floats("transform", (_SPECTRUM, _UP)).T
        self._lay(_TRANSFORM, there, np.zeros(2 * _VECTOR, np.float32))
        back = np.zeros((2 * _VECTOR, _UP), np.float32)
        back[_PARTS] = weights.floats("inverse_transform", (_SPECTRUM, _UP))
        self._lay(_INVERSE, back, np.zeros(_UP, np.float32))
        for index in range(_STAGES):
            self._stage(index, ups[index], downs[index], wide[index : index + 2])

    @staticmethod
    def suits(folder: Path) -> bool:
        """Whether the kernel can run this bundle: its weights are listed."""
        return (folder / WAVE_INDEX).is_file()

    def coarse(self, feed: Mapping[str, Floats], cancelled: Callable[[], bool]) -> Floats:
        """Return the frames [1, C, 8 T] of `mel` [1, 80, T] and `source` [1, 256 T]."""
        return self._half(0, feed["mel"], feed["source"], (1, self._channels[1], 8 * feed["mel"].shape[-1]), cancelled)

    def fine(self, feed: Mapping[str, Floats], cancelled: Callable[[], bool]) -> Floats:
        """Return the wave [1, 256 T] of `frames` [1, C, 8 T] and `source` [1, 256 T]."""
        return self._half(1, feed["frames"], feed["source"], feed["source"].shape, cancelled)

    def _half(
        self, half: int, given: Floats, source: Floats, shape: tuple[int, ...], cancelled: Callable[[], bool]
    ) -> Floats:
        if cancelled():
            raise CancelledError
        given, source = np.ascontiguousarray(given, np.float32), np.ascontiguousarray(source, np.float32)
        made = np.empty(shape, np.float32)
        frames = source.size // HOP
        arrays = (pointer(array) for array in (given, source, made))
        self._model.call("half", half, frames, *arrays)
        return made

    def _stage(self, index: int, up: Floats, down: Floats, wide: list[int]) -> None:
        before, after = wide
        spread = np.zeros((before, _UP, after), np.float32)
        spread[: len(up), :, : up.shape[1]] = up.transpose(0, 2, 1)
        bias = self._weights.floats(f"ups.{index}.bias", (up.shape[1],))
        self._lay(_UPS + index, spread.reshape(before, -1), _padded(bias, after))
        taken = np.zeros((down.shape[2], 2 * _VECTOR, after), np.float32)
        taken[:, :_SPECTRUM, : len(down)] = down.transpose(2, 1, 0)
        bias = self._weights.floats(f"source_downs.{index}.bias", (len(down),))
        self._lay(_DOWNS + index, taken.reshape(-1, after), _padded(bias, after))
        blocks = [f"source_resblocks.{index}."]
        blocks += [f"resblocks.{3 * index + number}." for number in range(_BLOCKS - 1)]
        for number, block in enumerate(blocks):
            for pair in range(_PAIRS):
                for which in (0, 1):
                    place = (index, number, which, pair)
                    self._snake(place, f"{block}activations{which + 1}.{pair}", up.shape[1], after)
                    self._convolution(place, f"{block}convs{which + 1}.{pair}", up.shape[1], after)

    def _snake(self, place: tuple[int, ...], name: str, channels: int, wide: int) -> None:
        alpha = self._weights.floats(f"{name}.alpha", (channels,))
        turns, inverse = _padded(alpha / np.float32(np.pi), wide), _padded(np.float32(1) / alpha, wide)
        self._model.call("snake", *place, pointer(turns), pointer(inverse))

    def _convolution(self, place: tuple[int, ...], name: str, channels: int, wide: int) -> None:
        codes = self._kernel(f"{name}.codes")
        taps = codes.shape[-1]
        self._fits(f"{name}.codes", (channels, channels, taps if taps % 2 and taps < _LONGEST else 0))
        rows, columns = (self._weights.floats(f"{name}.{side}", (channels,)) for side in ("rows", "columns"))
        weight = np.zeros((taps, wide, wide), np.float32)
        weight[:, :channels, :channels] = codes.transpose(2, 1, 0)
        weight[:, :channels, :channels] *= columns[:, None] * rows
        bias = _padded(self._weights.floats(f"{name}.plain_bias", (channels,)), wide)
        arrays = pointer(weight), pointer(bias)
        self._model.call("convolution", *place, taps, *arrays)

    def _dense(self, which: int, weight: Floats, name: str) -> None:
        wide = _whole(weight.shape[1])
        bias = self._weights.floats(f"{name}.bias", (weight.shape[1],))
        self._lay(which, np.pad(weight, ((0, 0), (0, wide - weight.shape[1]))), _padded(bias, wide))

    def _lay(self, which: int, weight: Floats, bias: Floats) -> None:
        weight = np.ascontiguousarray(weight, np.float32)
        arrays = pointer(weight), pointer(bias), len(bias)
        self._model.call("dense", which, *weight.shape, *arrays)

    def _kernel(self, name: str) -> Floats:
        """Return the weight [out, in, taps] of a convolution, or [in, out, taps] of one that is transposed."""
        weight = self._weights[name]
        if weight.ndim != _AXES:
            raise ModelError(f"{self._weights.path}: {name} has {weight.ndim} axes where {_AXES} are expected", CURE)
        return weight

    def _fits(self, name: str, shape: tuple[int, ...]) -> None:
        found = self._weights[name].shape
        if found != shape or not all(shape):
            raise ModelError(f"{self._weights.path}: {name} is {list(found)} where {list(shape)} is expected", CURE)


def _whole(channels: int) -> int:
    return -(-channels // _VECTOR) * _VECTOR


def _padded(values: Floats, count: int) -> Floats:
    padded = np.zeros(count, np.float32)
    padded[: len(values)] = values
    return padded

"""Weights in fewer bits: blocks of a row with a scale each, in the layout of ONNX Runtime's MatMulNBits.

Symmetric: value = (code - middle) * scale. The scale of a block is the one of a few candidates that has the smallest
squared error: a block with one large value is better served by clipping it than by coarse steps for all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Blocks:
    """How the weights of a matrix product are kept: bits a value, values a block."""

    bits: Literal[4, 8]
    size: int


EIGHT_BITS = Blocks(8, 128)
FOUR_BITS = Blocks(4, 64)
_CLIPPING = {8: (1.0,), 4: (1.0, 0.95, 0.9, 0.85, 0.8, 0.75)}
SAFE_WEIGHT = 63
"""Of a weight that meets 8-bit activations: without VNNI two products of 8 by 8 bits can overflow the 16 bits that
they are added in (255 * 127 * 2 is more than 32767, 255 * 63 * 2 is not)."""
_ROWS_AT_ONCE = 512


def quantize(weight: Floats, blocks: Blocks) -> tuple[Codes, Floats]:
    """Return codes `[out, blocks, size * bits / 8]` and scales `[out, blocks]` of `weight` `[out, in]`."""
    rows, width = weight.shape
    count = -(-width // blocks.size)
    codes = np.empty((rows, count, blocks.size * blocks.bits // 8), np.uint8)
    scales = np.empty((rows, count), np.float32)
    for start in range(0, rows, _ROWS_AT_ONCE):
        part = slice(start, min(start + _ROWS_AT_ONCE, rows))
        padded = np.zeros((part.stop - start, count * blocks.size), np.float32)
        padded[:, :width] = weight[part]
        values, scales[part] = _codes(padded.reshape(-1, count, blocks.size), blocks.bits)
        codes[part] = values if blocks.bits == 8 else values[..., ::2] | (values[..., 1::2] << 4)
    return codes, scales


def dequantize(codes: Codes, scales: Floats, blocks: Blocks, width: int) -> Floats:
    """Return the weight `[out, in]` that codes and scales stand for."""
    if blocks.bits == 4:
        codes = np.stack([codes & 15, codes >> 4], axis=-1).reshape(*codes.shape[:2], -1)
    values = (codes.astype(np.float32) - (1 << (blocks.bits - 1))) * scales[..., None]
    return values.reshape(len(values), -1)[:, :width]


def quantize_rows(table: Floats, largest: int = 127) -> tuple[NDArray[np.int8], Floats]:
    """Return int8 codes, of magnitude `largest` at most, and one scale `[rows, 1]` a row."""
    scales = np.maximum(np.abs(table).max(axis=-1, keepdims=True), 1e-12).astype(np.float32) / np.float32(largest)
    return np.rint(table / scales).astype(np.int8), scales


def _codes(values: Floats, bits: int) -> tuple[Codes, Floats]:
    """Return codes of the blocks in the last axis, one a byte, and their scales."""
    middle = 1 << (bits - 1)
    at = np.abs(values).argmax(axis=-1)[..., None]
    # the end of the range that has one step more goes to the largest value
    extreme = np.take_along_axis(values, at, axis=-1)
    best = np.full(extreme.shape, np.inf, np.float32)
    scales = np.ones(extreme.shape, np.float32)
    for share in _CLIPPING[bits]:
        scale = extreme * np.float32(-share / middle)
        scale[scale == 0] = 1
        error = np.square(values - np.clip(np.rint(values / scale), -middle, middle - 1) * scale).sum(-1, keepdims=True)
        scales = np.where(error < best, scale, scales)
        best = np.minimum(error, best)
    codes = np.clip(np.rint(values / scales), -middle, middle - 1) + middle
    return codes.astype(np.uint8), scales[..., 0]

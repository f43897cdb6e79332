"""The encoder with relative positions, used by the text encoder (causal) and the flow (full attention)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.convert.blocks import (
    END,
    LAYER_EPSILON,
    layer_norm,
    linear,
    linear_of,
    silu,
    slice_axis,
    split_heads,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wyoming_cosyvoice.convert.graph import GraphWriter
    from wyoming_cosyvoice.convert.layout import EncoderSizes
    from wyoming_cosyvoice.convert.weights import Weights


def frequencies(width: int) -> NDArray[np.float32]:
    """Return the angular steps of the sinusoid, `[width / 2]`, computed in float32 as upstream does."""
    steps = np.arange(0, width, 2, dtype=np.float32) * np.float32(-math.log(10000.0) / width)
    result: NDArray[np.float32] = np.exp(steps)
    return result


def encoder(g: GraphWriter, weights: Weights, sizes: EncoderSizes, x: str, *, causal: bool) -> str:
    """Return the encoder's output `[n, D]` for rows x `[n, Din]`."""
    prefix = sizes.prefix
    x = layer_norm(g, weights, f"{prefix}embed.out.1", linear_of(g, weights, f"{prefix}embed.out.0", x))
    x = g.op("Mul", x, g.number(math.sqrt(sizes.width)))
    with g.scope(f"{prefix}positions"):
        positions = _Positions(g, sizes, x, causal=causal)
    for index in range(sizes.layers):
        layer = f"{prefix}encoders.{index}."
        y = layer_norm(g, weights, layer + sizes.norms[0], x, LAYER_EPSILON)
        x = g.op("Add", x, _attention(g, weights, f"{layer}self_attn", y, positions))
        y = layer_norm(g, weights, layer + sizes.norms[1], x, LAYER_EPSILON)
        y = silu(g, linear_of(g, weights, f"{layer}feed_forward.w_1", y))
        x = g.op("Add", x, linear_of(g, weights, f"{layer}feed_forward.w_2", y))
    return layer_norm(g, weights, f"{prefix}after_norm", x)


class _Positions:
    """What all layers share of the positions of n rows: sinusoids of r = n-1 .. 1-n, and the causal mask."""

    def __init__(self, g: GraphWriter, sizes: EncoderSizes, x: str, *, causal: bool) -> None:
        n = g.op("Gather", g.op("Shape", x), g.integers(0))
        one = g.weight("one", np.array(1))
        self.count, self.sizes = n, sizes
        last = g.op("Sub", g.op("Squeeze", n), one)
        relative = g.op("Range", last, g.op("Neg", g.op("Add", last, one)), g.weight("minus_one", np.array(-1)))
        angles = g.op("Unsqueeze", g.op("Cast", relative, to=1), g.integers(1))
        angles = g.op("Mul", angles, g.weight("frequencies", frequencies(sizes.width)))
        # sines first, cosines second: the columns of linear_pos are put in the same order
        self.sinusoids = g.op("Concat", g.op("Sin", angles), g.op("Cos", angles), axis=1)
        self.mask = ""
        if causal:
            row = g.op("Range", g.weight("zero", np.array(0)), g.op("Add", last, one), one)
            ahead = g.op("Less", g.op("Unsqueeze", row, g.integers(1)), row)
            self.mask = g.op("Where", ahead, g.number(-np.inf), g.number(0.0))


def _attention(g: GraphWriter, weights: Weights, name: str, y: str, positions: _Positions) -> str:
    sizes = positions.sizes
    scale = np.float32(1 / math.sqrt(sizes.head_width))
    matrices = [weights[f"{name}.linear_{part}.weight"] for part in "qkv"]
    biases = [weights[f"{name}.linear_{part}.bias"] for part in "qkv"]
    u, v = weights[f"{name}.pos_bias_u"], weights[f"{name}.pos_bias_v"]
    # queries carry the scale and the content bias u; for the positions v - u is added
    matrices[0], biases[0] = matrices[0] * scale, (biases[0] + u.reshape(-1)) * scale
    packed = linear(g, f"{name}.linear_qkv", y, np.concatenate(matrices), np.concatenate(biases))
    with g.scope(name):
        query, key, value = g.ops("Split", packed, outputs=3, axis=-1, num_outputs=3)
        query, value = split_heads(g, query, sizes.heads), split_heads(g, value, sizes.heads)
        scores = g.op("MatMul", query, split_heads(g, key, sizes.heads, (1, 2, 0)))
        query = g.op("Add", query, g.weight("pos_bias", ((v - u) * scale)[:, None]))
        scores = g.op("Add", scores, _relative_scores(g, weights[f"{name}.linear_pos.weight"], query, positions))
        if positions.mask:
            scores = g.op("Add", scores, positions.mask)
        mixed = g.op("MatMul", g.op("Softmax", scores, axis=-1), value)
        mixed = g.op("Reshape", g.op("Transpose", mixed, perm=[1, 0, 2]), g.integers(0, -1))
    return linear_of(g, weights, f"{name}.linear_out", mixed)


def _relative_scores(g: GraphWriter, linear_pos: NDArray[np.float32], query: str, positions: _Positions) -> str:
    """Return `[heads, n, n]`: query i times p(i - j).

    Column c of the product belongs to r = n-1-c, so row i has to move left by n-1-i: prepend a column, read the buffer
    as rows of n, drop the first of them.
    """
    sizes = positions.sizes
    matrix = np.concatenate([linear_pos[:, 0::2], linear_pos[:, 1::2]], axis=1)
    table = linear(g, "linear_pos", positions.sinusoids, matrix, None)
    scores = g.op("MatMul", query, split_heads(g, table, sizes.heads, (1, 2, 0)))
    scores = g.op("Pad", scores, g.integers(0, 0, 1, 0, 0, 0))
    n = positions.count
    scores = g.op("Reshape", scores, g.op("Concat", g.integers(sizes.heads, -1), n, axis=0))
    scores = slice_axis(g, scores, 1, 1, END)
    scores = g.op("Reshape", scores, g.op("Concat", g.integers(sizes.heads), n, g.integers(-1), axis=0))
    return g.op("Slice", scores, g.integers(0), n, g.integers(2))

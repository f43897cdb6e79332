"""language_model.onnx: new rows and the cache to logits, prefill and step in one (specification sections 4 and 5).

Position enters attention only through (q + v) . p(i - j), and p depends on weights alone: it is tabulated once
(`relative_positions`), each layer multiplies its queries by as much of the table as the caller hands in and then picks
the columns i - j. A step is short work in many operators, so what can be one operator is: the residual sum and the norm
after it, the transposition and the product.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.convert.blocks import (
    LAYER_EPSILON,
    NORM_EPSILON,
    layer_norm,
    linear,
    linear_of,
    slice_axis,
    sum_and_norm,
)
from wyoming_cosyvoice.convert.conformer import frequencies
from wyoming_cosyvoice.convert.graph import CONTRIB, GraphWriter

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from wyoming_cosyvoice.convert.layout import EncoderSizes, LanguageModelLayout
    from wyoming_cosyvoice.convert.precision import Form
    from wyoming_cosyvoice.convert.weights import Weights


def write_language_model(folder: Path, weights: Weights, layout: LanguageModelLayout, form: Form) -> None:
    """Write the graph; its inputs and outputs are described in docs/bundle.md."""
    sizes = layout.decoder
    prefix = sizes.prefix
    (folder / "language_model.json").unlink(missing_ok=True)  # of a form that did not pass
    with GraphWriter(folder, "language_model", form, listed=form.blocks is not None) as g:
        rows = g.input("rows", ["B", "S", sizes.inputs])
        last = g.input("last_position", ["B"], "int32")
        x = linear_of(g, weights, f"{prefix}embed.out.0", rows)
        x = g.op("Relu", layer_norm(g, weights, f"{prefix}embed.out.1", x))
        x = g.op("Mul", x, g.number(math.sqrt(sizes.width)))
        with g.scope(f"{prefix}positions"):
            positions = _Positions(g, sizes, rows, last)
        y = layer_norm(g, weights, f"{prefix}encoders.0.{sizes.norms[0]}", x, LAYER_EPSILON)
        for index in range(sizes.layers):
            layer = f"{prefix}encoders.{index}."
            added = _attention(g, weights, index, y, positions)
            x, y = sum_and_norm(g, weights, layer + sizes.norms[1], (x, added), LAYER_EPSILON)
            y = g.op("Relu", linear_of(g, weights, f"{layer}feed_forward.w_1", y))
            added = linear_of(g, weights, f"{layer}feed_forward.w_2", y)
            following, epsilon = f"{prefix}encoders.{index + 1}.{sizes.norms[0]}", LAYER_EPSILON
            if index + 1 == sizes.layers:
                following, epsilon = f"{prefix}after_norm", NORM_EPSILON
            x, y = sum_and_norm(g, weights, following, (x, added), epsilon)
        logits = linear_of(g, weights, "llm_decoder", g.op("Gather", y, g.scalar(-1), axis=1))
        g.output(logits, "logits", ["B", weights.shapes["llm_decoder.weight"][0]])
        for index in range(sizes.layers):
            for name in _present(index):
                g.output(name, name, ["B", sizes.heads, "C", sizes.head_width])


def relative_positions(weights: Weights, sizes: EncoderSizes, index: int, count: int) -> NDArray[np.float32]:
    """Return p(r) / sqrt(head width) of a layer for r = 0 .. count - 1, as `[heads, count, head_width]`."""
    angles = np.arange(count, dtype=np.float32)[:, None] * frequencies(sizes.width)
    sinusoids = np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(count, sizes.width)
    table = sinusoids @ weights[f"{sizes.prefix}encoders.{index}.self_attn.linear_pos.weight"].T
    table *= np.float32(1 / math.sqrt(sizes.head_width))
    return np.ascontiguousarray(table.reshape(count, sizes.heads, sizes.head_width).transpose(1, 0, 2))


def _present(index: int) -> list[str]:
    return [f"present_key_{index}", f"present_value_{index}"]


class _Positions:
    """What all layers share: the longest length in use, and which table column belongs to each query and key."""

    def __init__(self, g: GraphWriter, sizes: EncoderSizes, rows: str, last: str) -> None:
        one = g.weight("one", np.array(1, np.int32))
        zero = g.weight("zero", np.array(0, np.int32))
        self.last, self.sizes = last, sizes
        self.total = g.op("Add", g.op("ReduceMax", last, keepdims=0), one)
        new = g.op("Cast", g.op("Shape", rows, start=1, end=2), to=6)
        # query position: last - (S - 1) + i; key position: j
        steps = g.op("Range", g.op("Sub", one, g.op("Squeeze", new)), one, one)
        query = g.op("Add", g.op("Unsqueeze", last, g.integers(1)), g.op("Unsqueeze", steps, g.integers(0)))
        keys = g.op("Range", zero, self.total, one)
        distance = g.op("Sub", g.op("Unsqueeze", query, g.integers(2)), keys)
        # keys ahead of the query are masked by attention itself; any column will do for them
        distance = g.op("Max", distance, zero)
        shape = g.op("Concat", g.integers(sizes.heads), g.op("Shape", distance), axis=0)
        self.columns = g.op("Expand", distance, shape)
        self.shape = g.op(
            "Concat", g.integers(sizes.heads), g.op("Shape", distance, start=0, end=2), g.integers(-1), axis=0
        )


def _attention(g: GraphWriter, weights: Weights, index: int, y: str, positions: _Positions) -> str:
    sizes = positions.sizes
    name = f"{sizes.prefix}encoders.{index}.self_attn"
    heads, width = sizes.heads, sizes.head_width
    matrices = [weights[f"{name}.linear_{part}.weight"] for part in "qkv"]
    biases = [weights[f"{name}.linear_{part}.bias"] for part in "qkv"]
    u, v = weights[f"{name}.pos_bias_u"], weights[f"{name}.pos_bias_v"]
    # queries carry the content bias u; for the positions v - u is added
    biases[0] = biases[0] + u.reshape(-1)
    packed = linear(g, f"{name}.linear_qkv", y, np.concatenate(matrices), np.concatenate(biases))
    room: list[int | str] = ["B", heads, "C", width]
    past = [g.input(f"past_{kind}_{index}", room) for kind in ("key", "value")]
    table = g.input(f"relative_{index}", [heads, "R", width])
    with g.scope(name):
        query = g.op("Add", slice_axis(g, packed, 2, 0, heads * width), g.weight("pos_bias", (v - u).reshape(-1)))
        query = g.op("Reshape", query, g.integers(-1, heads, width))
        # [rows, heads, width] times [heads, R, width]: both are transposed within the product
        scores = g.op("FusedMatMul", query, table, domain=CONTRIB, transBatchA=1, transB=1)
        scores = g.op("GatherElements", g.op("Reshape", scores, positions.shape), positions.columns, axis=3)
        scores = g.op("Transpose", scores, perm=[1, 0, 2, 3])
        operands = [packed, "", "", *past, positions.last, positions.total, "", "", "", scores]
        names = [f"{name}.attended", *_present(index)]
        attended = g.ops(
            "GroupQueryAttention", *operands, outputs=names, domain=CONTRIB, num_heads=heads, kv_num_heads=heads
        )[0]
    return linear_of(g, weights, f"{name}.linear_out", attended)

"""flow_encoder.onnx: speech tokens to `mu`, length regulator included (specification section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming_cosyvoice.convert.blocks import convolution, group_norm, linear_of, lookup, mish
from wyoming_cosyvoice.convert.conformer import encoder
from wyoming_cosyvoice.convert.graph import GraphWriter
from wyoming_cosyvoice.convert.layout import MELS

if TYPE_CHECKING:
    from pathlib import Path

    from wyoming_cosyvoice.convert.layout import FlowLayout
    from wyoming_cosyvoice.convert.precision import Form
    from wyoming_cosyvoice.convert.weights import Weights


def write_flow_encoder(folder: Path, weights: Weights, layout: FlowLayout, form: Form) -> None:
    """Write the graph: tokens `[n]`, and where each frame lies between two of them `[T]` -> mu `[T, 80]`."""
    with GraphWriter(folder, "flow_encoder", form) as g:
        tokens = g.input("tokens", ["n"], "int64")
        left, right = g.input("left", ["T"], "int64"), g.input("right", ["T"], "int64")
        fraction = g.input("fraction", ["T"])
        x = lookup(g, "input_embedding", weights["input_embedding.weight"], tokens)
        x = encoder(g, weights, layout.encoder, x, causal=False)
        x = linear_of(g, weights, "encoder_proj", x)
        with g.scope("length_regulator"):
            share = g.op("Unsqueeze", fraction, g.integers(1))
            start, end = g.op("Gather", x, left), g.op("Gather", x, right)
            first = g.op("Mul", start, g.op("Sub", g.number(1.0), share))
            x = g.op("Add", first, g.op("Mul", end, share))
            x = g.op("Unsqueeze", x, g.integers(0))
        for index in (0, 3, 6, 9):
            x = convolution(g, weights, f"length_regulator.model.{index}", x)
            x = mish(g, group_norm(g, weights, f"length_regulator.model.{index + 1}", x, groups=1))
        x = convolution(g, weights, "length_regulator.model.12", x)
        g.output(g.op("Squeeze", x, g.integers(0)), "mu", ["T", MELS])

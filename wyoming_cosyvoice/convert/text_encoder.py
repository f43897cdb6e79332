"""text_encoder.onnx: text ids to rows of the language model's prompt (specification sections 4 and 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming_cosyvoice.convert.blocks import linear_of, lookup
from wyoming_cosyvoice.convert.conformer import encoder
from wyoming_cosyvoice.convert.graph import GraphWriter

if TYPE_CHECKING:
    from pathlib import Path

    from wyoming_cosyvoice.convert.layout import LanguageModelLayout
    from wyoming_cosyvoice.convert.precision import Form
    from wyoming_cosyvoice.convert.weights import Weights


def write_text_encoder(folder: Path, weights: Weights, layout: LanguageModelLayout, form: Form) -> None:
    """Write the graph: ids int64 `[n]` -> rows `[n, D]`."""
    with GraphWriter(folder, "text_encoder", form) as g:
        ids = g.input("ids", ["n"], "int64")
        x = lookup(g, "text_embedding", weights["text_embedding.weight"], ids)
        x = encoder(g, weights, layout.text, x, causal=True)
        rows = linear_of(g, weights, "text_encoder_affine_layer", x)
        g.output(rows, "rows", ["n", layout.decoder.inputs])

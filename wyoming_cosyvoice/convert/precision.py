"""In which form the weights of a graph are kept, and the order in which forms are tried.

A precision of the command line is a ladder a stage: the first form that passes the stage's quality gate is taken, the
last one is float32 and always passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from wyoming_cosyvoice.convert.quantize import EIGHT_BITS, FOUR_BITS, Blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

Stage = Literal["text_encoder", "language_model", "flow", "vocoder"]


@dataclass(frozen=True, slots=True)
class Limit:
    """What a figure must reach: at least or at most `value`."""

    figure: str
    value: float
    least: bool = False

    def holds(self, figures: Mapping[str, float]) -> bool:
        """Whether the figure is good enough."""
        return figures[self.figure] >= self.value if self.least else figures[self.figure] <= self.value


@dataclass(frozen=True, slots=True)
class Form:
    """How one graph keeps its weights.

    `blocks`: weights of matrix products in blocks of few bits, activations in 8 bits a block: fast for one or few
    rows, and the closest. `dynamic`: 7 bits a column, activations in 8 bits a tensor: fastest for many rows. `compact`:
    tables that are looked up in 8 bits a row. `half`: convolutions on disk in float16, in memory in float32. `static`:
    convolutions of residual blocks in 8 bits with scales measured beforehand.
    """

    name: str
    blocks: Blocks | None = None
    dynamic: bool = False
    compact: bool = False
    half: bool = False
    static: bool = False


FLOAT32 = Form("float32")
_BLOCKS_8 = Form("int8 blocks of 128", blocks=EIGHT_BITS, compact=True)
_BLOCKS_4 = Form(f"int4 blocks of {FOUR_BITS.size}", blocks=FOUR_BITS, compact=True)
_DYNAMIC_8 = Form("int8", dynamic=True, compact=True)
_HALF = Form("float16 on disk", half=True)
_STATIC_8 = Form("int8 by measured scales", half=True, static=True)

LADDERS: dict[str, dict[Stage, tuple[Form, ...]]] = {
    "float32": {
        "text_encoder": (FLOAT32,),
        "language_model": (FLOAT32,),
        "flow": (FLOAT32,),
        "vocoder": (FLOAT32,),
    },
    "int8": {
        "text_encoder": (_BLOCKS_8, FLOAT32),
        "language_model": (_BLOCKS_8, FLOAT32),
        "flow": (_DYNAMIC_8, _BLOCKS_8, FLOAT32),
        "vocoder": (_STATIC_8, _HALF, FLOAT32),
    },
    "int4": {
        "text_encoder": (_BLOCKS_4, _BLOCKS_8, FLOAT32),
        "language_model": (_BLOCKS_4, _BLOCKS_8, FLOAT32),
        "flow": (_DYNAMIC_8, _BLOCKS_8, FLOAT32),
        "vocoder": (_STATIC_8, _HALF, FLOAT32),
    },
}
GATES: dict[str, dict[Stage, tuple[Limit, ...]]] = {
    "int8": {
        "text_encoder": (Limit("cosine", 0.99, least=True),),
        "language_model": (Limit("cosine", 0.99, least=True), Limit("kullback_leibler", 0.05)),
        "flow": (Limit("mel_distance_db", 1.5),),
        "vocoder": (Limit("log_spectral_distance_db", 2.0),),
    },
    "int4": {
        "text_encoder": (Limit("cosine", 0.9, least=True),),
        "language_model": (Limit("cosine", 0.9, least=True), Limit("kullback_leibler", 1.0)),
        "flow": (Limit("mel_distance_db", 1.5),),
        "vocoder": (Limit("log_spectral_distance_db", 2.0),),
    },
}
"""What a form must reach beside float32 to be taken."""
POSITIONS = {"float32": 2048, "int8": 2048, "int4": 896}
"""Length of the relative-position table: prompt and utterance together, 50 a second: some 35 or 16 seconds."""

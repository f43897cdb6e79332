"""Divides a clause into runs of one script, the smallest pieces that have a language."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from wyoming_cosyvoice.text.addresses import find_addresses
from wyoming_cosyvoice.text.scripts import script

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wyoming_cosyvoice.text.scripts import Script

_OPENING, _CLOSING = frozenset("“‘「『《〈"), frozenset("”’」』》〉")


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring characters of one script, or an address. `quoted`: inside quotation marks or a title's brackets."""

    kind: Script | Literal["address"]
    text: str
    quoted: bool = False


def find_runs(text: str) -> list[Run]:
    """Divide a clause; the runs' texts joined are the clause."""
    runs: list[Run] = []
    depth, inside = 0, False
    for kind, part in _parts(text):
        for char in part if kind == "other" else "":
            depth = max(0, depth + (char in _OPENING) - (char in _CLOSING))
            inside ^= char == '"'
        runs.append(Run(kind, part, quoted=depth > 0 or inside))
    return runs


def told(runs: Sequence[Run]) -> list[Run]:
    """Return the runs that tell the sentence's language: those outside quotations, all if there are no others."""
    letters = [run for run in runs if run.kind in {"han", "kana", "hangul", "letter"}]
    return [run for run in letters if not run.quoted] or letters


def _parts(text: str) -> Iterator[tuple[Script | Literal["address"], str]]:
    position = 0
    for start, end in [*find_addresses(text), (len(text), len(text))]:
        for kind, chars in groupby(text[position:start], script):
            yield kind, "".join(chars)
        if start < end:
            yield "address", text[start:end]
        position = end

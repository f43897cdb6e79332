"""The Chinese of a sentence with English words in it: said in one breath, then cut apart where the English stands.

A word or two alone are said badly: 请把 before Coffee Machine was heard as 行吧, 把 as 8, and a comma in front of 关掉
became a vowel. As parts of 请把，这里，打开 they are clear.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.engines.kokoro.punctuation import STOPS
from wyoming_cosyvoice.engines.kokoro.vocabulary import MAX_PIECE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.engine import Samples
    from wyoming_cosyvoice.engines.kokoro.frontend import Passage

STAND_IN = "这里"
"""What is said in the place of English words, and cut away."""

STOP = "k"
"""What its phonemes end in.

The model makes no pause at the comma behind 这里 before a vowel, m, n, l or w: there was no quiet place to cut, 已经
lost its beginning (heard as 今日), 模式 was heard as 我是. A closed k is a silence of 50 ms; no Chinese word ends so.
"""

_SLACK_SECONDS = 0.025  # the model's durations are that exact
_WINDOW_SECONDS = 0.01
_GAP = f" {STOPS}"


@dataclass(frozen=True, slots=True)
class Context:
    """One run's phonemes, and from where to where in them the passages lie that are not English."""

    phonemes: str
    places: tuple[tuple[int, int], ...]


def in_context(passages: Sequence[Passage], stand_in: str) -> Context:
    """Write the passages as one, `stand_in` (phonemes) for English ones; commas show the model where they part."""
    text = ""
    places = []
    for index, passage in enumerate(passages):
        last = index == len(passages) - 1
        if passage.english and last:
            break
        phonemes = stand_in if passage.english else passage.phonemes
        begin = len(text) + 1 if text else 0
        text = f"{text} {phonemes}".strip() if last else f"{text} {_open(phonemes)}".strip()
        if not passage.english:
            places.append((begin, len(text.rstrip(_GAP))))
    return Context(text, tuple(places))


def grouped(passages: Sequence[Passage], stand_in: str) -> Iterator[list[Passage]]:
    """Divide passages into neighbours whose context is one piece, where that can be.

    English words go with what follows them: there they keep it from being the beginning.
    """
    group: list[Passage] = []
    for passage in passages:
        if group and len(in_context([*group, passage], stand_in).phonemes) > MAX_PIECE:
            carried = [group.pop()] if len(group) > 1 and group[-1].english else []
            yield group
            group = carried
        group.append(passage)
    if group:
        yield group


def apart(passages: Sequence[Passage]) -> list[Passage]:
    """Return passages as they are said without a context: a comma shows where the Chinese goes on.

    Without it 的灯 was heard as 接动. English words are better without: behind a comma, Tesla began with a vowel.
    """
    last = len(passages) - 1
    return [
        passage
        if passage.english
        else replace(
            passage,
            phonemes=("" if index == 0 else ", ") + (passage.phonemes if index == last else _open(passage.phonemes)),
        )
        for index, passage in enumerate(passages)
    ]


def cut(samples: Samples, starts: NDArray[np.int64], context: Context, rate: int) -> list[Samples]:
    """Cut what was said into the context's passages, each where it is quietest between it and its neighbour.

    `starts` are the first samples of the symbols, one mark at each end included, and the number of samples.
    """
    text = context.phonemes
    found = []
    for begin, end in context.places:
        before, behind = len(text[:begin].rstrip(_GAP)), len(text) - len(text[end:].lstrip(_GAP))
        # starts[0] is the mark in front of the first symbol
        gap = starts[before if text[:before].endswith(STOP) else before + 1]
        first = _quietest(samples, gap, starts[begin + 1], rate) if begin else 0
        stop = _quietest(samples, starts[end + 1], starts[behind + 1], rate) if behind < len(text) else len(samples)
        found.append(samples[first : max(first, stop)].copy())
    return found


def _quietest(samples: Samples, begin: int, end: int, rate: int) -> int:
    """Return the middle of the quietest window."""
    slack, window = round(_SLACK_SECONDS * rate), round(_WINDOW_SECONDS * rate)
    begin = max(begin - slack, 0)
    energy = np.square(samples[begin : end + slack], dtype=np.float64)
    if energy.size <= window:
        return int(begin + energy.size // 2)
    return int(begin + np.argmin(np.convolve(energy, np.ones(window), "valid")) + window // 2)


def _open(phonemes: str) -> str:
    """Show that more follows."""
    return phonemes if phonemes[-1] in STOPS else f"{phonemes},"

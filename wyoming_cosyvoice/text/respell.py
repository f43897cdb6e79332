"""Readings for an engine that takes no phonemes: other characters that sound so.

重庆 with the reading chóng qìng becomes 虫庆: 虫 has no other reading, so nothing is left to guess.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.lexicon import pinyin_syllables
from wyoming_cosyvoice.text.scripts import script

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wyoming_cosyvoice.text.clause import Span


def respelled(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans whose spoken words lead to the given reading, as far as words can.

    Pinyin becomes characters of one reading, kana takes the place of kanji; Jyutping and IPA have no such spelling.
    """
    return tuple(_respell(span) for span in spans)


def _respell(span: Span) -> Span:
    if span.phonemes is None:
        return span
    if span.phonemes.alphabet == "kana":
        return replace(span, spoken=span.phonemes.text)
    if span.phonemes.alphabet != "pinyin":
        return span
    syllables = pinyin_syllables(span.phonemes.text)
    han = [char for char in span.spoken if script(char) == "han"]
    if not syllables or (han and len(han) != len(syllables)):
        return span
    if not han:
        return replace(span, spoken="".join(_homophone("", syllable) for syllable in syllables))
    readings = iter(syllables)
    spoken = [_homophone(char, next(readings)) if script(char) == "han" else char for char in span.spoken]
    return replace(span, spoken="".join(spoken))


def _homophone(char: str, syllable: str) -> str:
    # 不 and 一 change their tone with what follows, and a voice that reads 了 and 的 needs no help with them
    if char in {"不", "一"} or syllable.endswith("5"):
        return char
    same = _homophones().get(syllable, "")
    return char if not same or (char and char in same) else same[0]


@cache
def _homophones() -> Mapping[str, str]:
    """Syllable to the common characters that have no other reading, the most used first."""
    file = resources.files("wyoming_cosyvoice.text") / "lexicons" / "homophones.txt"
    return dict(line.split(" ") for line in file.read_text(encoding="utf-8").splitlines())

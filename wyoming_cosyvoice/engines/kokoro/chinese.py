"""Mandarin text to the symbols that Kokoro was trained on.

Words are cut by rjieba, read by pypinyin (which knows phrases: 银行 is háng), spelt by `pinyin`. Tone sandhi is not
written: the model learned from text without it and makes it by itself.
"""

from __future__ import annotations

import re

import rjieba
from pypinyin import Style, lazy_pinyin

from wyoming_cosyvoice.engines.kokoro.pinyin import to_phonemes
from wyoming_cosyvoice.engines.kokoro.punctuation import marks

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_RUN = re.compile(f"([{_HAN}]+)|([^{_HAN}]+)")


class Chinese:
    """Reads Mandarin text; characters without a reading are left out."""

    def __init__(self) -> None:
        rjieba.cut("加载词典")  # reads its dictionary at the first call, not in the middle of the first sentence

    def phonemes(self, text: str) -> str:
        """Return the phonemes of a text, words apart by spaces, marks kept."""
        result = ""
        for han, other in _RUN.findall(text):
            result += " ".join(read_word(word) for word in rjieba.cut(han)) if han else marks(other)
        return result


def read_word(word: str) -> str:
    """Return the phonemes of one word."""
    syllables = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")
    return "".join(to_phonemes(syllable) or "" for syllable in syllables)

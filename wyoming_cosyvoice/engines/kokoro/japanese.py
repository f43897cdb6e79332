"""Japanese text to the symbols that Kokoro was trained on.

lindera cuts the text into words and gives their pronunciation (IPADIC, inside the package). The model was trained on
readings of UniDic with spaces between words, so three habits of IPADIC are mended: long vowels that it spells with イ,
compounds that it reads part by part, and endings that it cuts off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import lindera

from wyoming_cosyvoice.engines.kokoro.japanese_words import READINGS
from wyoming_cosyvoice.engines.kokoro.kana import to_katakana, to_phonemes
from wyoming_cosyvoice.engines.kokoro.punctuation import marks

if TYPE_CHECKING:
    from collections.abc import Sequence

_KNOWN = re.compile("|".join(sorted(map(re.escape, READINGS), key=len, reverse=True)))
_LONG_O = re.compile("(?<=[オコソトノホモヨロゴゾドボポョ])ウ|(?<=[ウクスツヌフムユルグズヅブプュ])ウ")
_LONG_E = re.compile("(?<=[エケセテネヘメレゲゼデベペェ])イ")
_LONG_I = re.compile("(?<=[イキシチニヒミリギジビピィ])イ")
_LONG_A = re.compile("(?<=[アカサタナハマヤラワガザダバパャ])ア")
_SMALL = frozenset("ァィゥェォャュョッーン")
# Numbers that are spelt out because their sounds change (さんびゃく, はっぷん): IPADIC would tear them apart.
_DIGIT = "いち|に|さん|よん|し|ご|ろく|なな|しち|はち|きゅう|く|いっ|ろっ|はっ|じゅう|じゅっ|れい|ぜろ"
_UNIT = "ひゃく|びゃく|ぴゃく|せん|ぜん|まん|おく|じゅう|じゅっ|ひゃっ|びゃっ|ぴゃっ"
_COUNTED = "ぷん|ぽん|ぴき|ぱい"
_NUMERAL = re.compile(
    f"(?:(?:{_DIGIT})?(?:{_UNIT}))+(?:{_DIGIT})?(?:{_COUNTED})?|(?:いっ|ろっ|はっ|じゅっ)(?:{_COUNTED}|てん)"
    "|さんぷん|よんぷん"
)
_KANA_ONLY = re.compile("[ぁ-ゖァ-ヺー]+")


@dataclass(frozen=True, slots=True)
class _Word:
    """A word with its reading in katakana (empty for a mark), its part of speech, and where it stands in the text."""

    surface: str
    reading: str
    kind: tuple[str, str]
    start: int
    end: int
    attached: bool = False


class Japanese:
    """Reads Japanese text; what has no reading is left out."""

    def __init__(self) -> None:
        self._tokenizer = lindera.Tokenizer(lindera.load_dictionary("embedded://ipadic"), "normal")

    def phonemes(self, text: str) -> str:
        """Return the phonemes of a text, words apart by spaces, marks kept."""
        result = ""
        pending = ""
        for word in self._words(text):
            if not word.reading:
                result += to_phonemes(pending) + marks(word.surface)
                pending = ""
            elif word.attached:
                pending += word.reading
            else:
                result += to_phonemes(pending) + (" " if pending else "")
                pending = word.reading
        return result + to_phonemes(pending) + (" " if pending else "")

    def kana(self, text: str) -> str:
        """Return the reading in katakana, without spaces and marks."""
        return "".join(word.reading for word in self._words(text))

    def _words(self, text: str) -> list[_Word]:
        text = _NUMERAL.sub(lambda match: to_katakana(match[0]).replace("ュウ", "ュー"), text)
        words = _with_known(text, self._cut(text))
        joined: list[_Word] = []
        for index, word in enumerate(words):
            following = words[index + 1].reading[:1] if index + 1 < len(words) else ""
            # はっぴゃく: what starts a doubled consonant is no particle
            literal = word.kind[0] == "助詞" and following in _SMALL
            before = joined[-1] if joined and joined[-1].reading else None
            attached = before is not None and bool(word.reading) and _belongs(before, word)
            reading = to_katakana(word.surface) if literal else word.reading
            joined.append(replace(word, reading=reading, attached=attached))
        return joined

    def _cut(self, text: str) -> list[_Word]:
        found = []
        position = 0
        for token in self._tokenizer.tokenize(text):
            start = text.find(token.surface, position)
            position = start + len(token.surface)
            details: Sequence[str] = token.details
            kind = (details[0], details[1] if len(details) > 1 else "")
            found.append(_Word(token.surface, _reading(token.surface, details), kind, start, position))
        return found


def _with_known(text: str, words: list[_Word]) -> list[_Word]:
    """Put our own reading in the place of the words that make up a known one, where the borders agree."""
    starts = {word.start: index for index, word in enumerate(words)}
    ends = {word.end: index for index, word in enumerate(words)}
    result = list(words)
    for match in reversed(list(_KNOWN.finditer(text))):
        first, last = starts.get(match.start()), ends.get(match.end())
        if first is not None and last is not None:
            kind = words[last].kind
            result[first : last + 1] = [_Word(match[0], READINGS[match[0]], kind, match.start(), match.end())]
    return result


def _belongs(before: _Word, word: _Word) -> bool:
    """Whether a word is said in one breath with the one before it, and was written so for training."""
    if word.reading[0] in _SMALL:
        return True
    kind, detail = word.kind
    if kind == "助動詞":
        return before.kind[0] in {"動詞", "助動詞", "形容詞"}
    if (kind, detail) == ("助詞", "接続助詞"):
        return word.reading in {"テ", "デ", "チャ", "ジャ"}
    return detail == "接尾" or (detail == "数" and before.kind[1] == "数")


def _reading(surface: str, details: Sequence[str]) -> str:
    """Return how a word is said, in katakana; empty for marks and what can't be read."""
    if details[0] == "記号":
        return ""
    if len(details) < 9 or details[8] == "*":
        kana = to_katakana(surface)
        if not _KANA_ONLY.fullmatch(kana):
            return ""
        return _LONG_O.sub("ー", _LONG_E.sub("ー", kana)) if kana != surface else kana
    kana = details[8]
    if details[0] != "動詞":
        kana = _LONG_E.sub("ー", kana)
    if details[0] == "形容詞":
        kana = _LONG_I.sub("ー", kana)
    if details[0] in {"名詞", "感動詞", "副詞"}:
        kana = _LONG_O.sub("ー", _LONG_A.sub("ー", kana))
    return kana

"""Pronunciation dictionaries: words, how they are read, and where they stand in a text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.clause import Phonemes
from wyoming_cosyvoice.text.scripts import script

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from wyoming_cosyvoice.text.clause import Language

LONGEST_WORD = 64

_TONES = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
_PINYIN = re.compile(r"[a-zü]{1,6}[1-5]")
_JYUTPING = re.compile(r"[a-z]{1,6}[1-6]")


@dataclass(frozen=True, slots=True)
class Entry:
    """A word of one language and its reading: other words (`say`) or phonemes, never both.

    With neither it is read as usual; such an entry undoes another, or keeps one from being found across a word's end.
    """

    word: str
    language: Language
    say: str | None = None
    phonemes: Phonemes | None = None
    case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """An entry found in a text, from `start` to `end`."""

    start: int
    end: int
    entry: Entry


@dataclass(slots=True)
class _Node:
    next: dict[str, _Node] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)


class Lexicon:
    """Entries to look for. Later entries win over earlier ones with the same word and language."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._root = _Node()
        self._size = 0
        for entry in entries:
            self._add(entry)

    def __len__(self) -> int:
        return self._size

    def _add(self, entry: Entry) -> None:
        node = self._root
        for char in entry.word[:LONGEST_WORD]:
            node = node.next.setdefault(_fold(char), _Node())
        others = [old for old in node.entries if not _replaces(entry, old)]
        self._size += len(others) + 1 - len(node.entries)
        node.entries = [entry, *others]

    def find(self, text: str, allowed: Iterable[Collection[Language]]) -> Iterator[Match]:
        """Find the entries in a text, the leftmost and of these the longest, never overlapping.

        `allowed` gives for each character the languages whose entries may begin there. Looks at each character at most
        LONGEST_WORD times.
        """
        free = 0
        for start, languages in enumerate(allowed):
            if start < free or not self._root.next:
                continue
            match = self._longest(text, start, languages)
            if match is not None:
                free = match.end
                yield match

    def _longest(self, text: str, start: int, languages: Collection[Language]) -> Match | None:
        node = self._root
        best: Match | None = None
        for position in range(start, len(text)):
            following = node.next.get(_fold(text[position]))
            if following is None:
                break
            node = following
            end = position + 1
            fitting = (
                entry for entry in node.entries if entry.language in languages and _is_written(entry, text[start:end])
            )
            entry = next(fitting, None)
            if entry is not None and _stands_alone(text, start, end):
                best = Match(start, end, entry)
        return best


def read_reading(reading: str, word: str, language: Language) -> tuple[str | None, Phonemes | None]:
    """Tell by its looks what a reading is: /IPA/, pinyin, jyutping, kana, else other words to say instead.

    Returns (say, phonemes), one of which is None; of an empty reading both. Raises ValueError if pinyin or jyutping
    lacks a syllable.
    """
    reading = " ".join(unicodedata.normalize("NFC", reading).split())
    if not reading:
        return None, None
    if len(reading) > 2 and reading[0] == reading[-1] == "/":
        return None, Phonemes("ipa", reading[1:-1])
    if language == "zh" and (syllables := pinyin_syllables(reading)):
        _check_count(syllables, word, "pinyin")
        return None, Phonemes("pinyin", " ".join(syllables))
    if language == "yue" and all(_JYUTPING.fullmatch(syllable) for syllable in reading.lower().split()):
        _check_count(reading.split(), word, "jyutping")
        return None, Phonemes("jyutping", reading.lower())
    if language == "ja" and all(script(char) in {"kana", "other"} for char in reading):
        return None, Phonemes("kana", reading)
    return reading, None


def pinyin_syllables(text: str) -> list[str]:
    """Return syllables as `chong2`, from marks (chóng) or digits; an empty list if it is no pinyin with tones."""
    syllables = [_with_digit(syllable) for syllable in re.split(r"[\s'’-]+", text.strip().lower()) if syllable]
    return syllables if all(_PINYIN.fullmatch(syllable) for syllable in syllables) else []


def _with_digit(syllable: str) -> str:
    letters, tone = [], ""
    for char in unicodedata.normalize("NFD", syllable.replace("u:", "ü").replace("v", "ü")):
        if char in _TONES:
            tone = _TONES[char]
        else:
            letters.append(char)
    return unicodedata.normalize("NFC", "".join(letters)) + tone


def _check_count(syllables: list[str], word: str, alphabet: str) -> None:
    count = sum(script(char) == "han" for char in word)
    if count and len(syllables) != count:
        raise ValueError(f"{alphabet} of {len(syllables)} syllables for a word of {count} characters")


def _replaces(new: Entry, old: Entry) -> bool:
    if new.language != old.language:
        return False
    return new.word == old.word or not (new.case_sensitive or old.case_sensitive)


def _is_written(entry: Entry, written: str) -> bool:
    return not entry.case_sensitive or written == entry.word


def _fold(char: str) -> str:
    folded = char.casefold()
    return folded if len(folded) == 1 else char  # ß stays one character, so positions stay true


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether an alphabetic word ends where its letters end: "AC" is not in "ACID"; Chinese has no such bounds."""
    before_binds = start > 0 and _is_spaced(text[start - 1]) and _is_spaced(text[start])
    after_binds = end < len(text) and _is_spaced(text[end]) and _is_spaced(text[end - 1])
    return not before_binds and not after_binds


def _is_spaced(char: str) -> bool:
    return script(char) in {"letter", "digit"}

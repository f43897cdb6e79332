"""Gives digits, marks and units to a language: that of the sentence, but for what stands inside an English phrase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming_cosyvoice.text import evidence
from wyoming_cosyvoice.text.abbreviations import Abbreviation, abbreviation
from wyoming_cosyvoice.text.units import is_unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wyoming_cosyvoice.text.clause import Language
    from wyoming_cosyvoice.text.runs import Run

_PHRASE_MARKS = frozenset(" '’&.,/+:;!?()-_\"“”@#*")
_COMMAS = frozenset(",，、;；.。!！?？:：")
_SHORTEST_PHRASE = 3
_LONGEST_ABBREVIATION, _LONGEST_NUMBER = 4, 2
_CURRENCY_LETTERS = frozenset({"HK", "NT", "US", "AU", "CA", "SG", "MOP", "NTD", "RMB", "A", "C", "S", "CN", "JP"})
WIDE_MARKS = frozenset("，。、：；！？「」『』《》")


def settle(runs: Sequence[Run], languages: Sequence[Language | None], sentence: Language) -> list[Language]:
    """Return a language for every run; `languages` has None where the script says nothing."""
    settled: list[Language] = []
    for index, (run, language) in enumerate(zip(runs, languages, strict=True)):
        is_english = _inside_word(runs, languages, index) or (
            run.kind == "other" and _inside_phrase(runs, languages, index)
        )
        settled.append("en" if is_english else language or sentence)
    for first, last in _phrases(runs, languages):
        settled[first:last] = ["en"] * (last - first)
    if sentence == "en":
        for first, last, language in _foreign_parts(runs, languages):
            settled[first:last] = [language] * (last - first)
    return settled


def belongs_to_number(runs: Sequence[Run], index: int) -> bool:
    """Whether letters are a unit ("5 kg", "80 km/h", "20 °C") or letters that touch a digit ("5G", "A4", "CO2")."""
    text = runs[index].text
    before = runs[index - 1] if index else None
    after = runs[index + 1] if index + 1 < len(runs) else None
    touches_digit = len(text) == 1 and any(near is not None and near.kind == "digit" for near in (before, after))
    if (
        touches_digit
        or _is_abbreviation_with_number(text, after)
        or _is_joined_letter(runs, index)
        or (after is not None and _leads_number(text, after.text))
        or _joins_numbers(runs, index)
    ):
        return True
    if before is None or not is_unit(text):
        return False
    if before.kind == "digit":
        return True
    if index < 2:
        return False
    if before.text.lstrip("²³") in {"/", "·"}:
        return is_unit(runs[index - 2].text)
    return before.text in {" ", "°", " °"} and runs[index - 2].kind == "digit"


def _is_abbreviation_with_number(text: str, after: Run | None) -> bool:
    """Whether it is spelt and a short number is part of it: CO2 and MP3 are one word, said by one voice.

    Not so RTX4090, whose digits are read one by one, nor iPhone15.
    """
    is_spelt = 1 < len(text) <= _LONGEST_ABBREVIATION and text.isascii() and text.isupper()
    return is_spelt and after is not None and after.kind == "digit" and len(after.text) <= _LONGEST_NUMBER


def _leads_number(text: str, after: str) -> bool:
    """Whether letters begin an amount or a label: HK$250, US$20, No.5 inside Chinese."""
    if after.startswith(("$", "¥")):
        return text in _CURRENCY_LETTERS
    return text in {"No", "NO", "no"} and after in {".", ". "}


def _is_joined_letter(runs: Sequence[Run], index: int) -> bool:
    """Whether it is one letter beside & and another: A&B is A和B, but AT&T is English."""
    if len(runs[index].text) != 1:
        return False
    pairs = ((index - 1, index - 2), (index + 1, index + 2))
    return any(
        0 <= letter < len(runs) and sign >= 0 and runs[sign].text == "&" and len(runs[letter].text) == 1
        for sign, letter in pairs
    )


def _joins_numbers(runs: Sequence[Run], index: int) -> bool:
    """Whether it is the x of 3m x 4m, or the AM of AM 9:00."""
    text = runs[index].text
    if index + 2 >= len(runs) or runs[index + 1].text != " " or runs[index + 2].kind != "digit":
        return False
    if text in {"AM", "PM"}:
        return True
    return text in {"x", "X"} and index >= 2 and (runs[index - 2].kind == "digit" or is_unit(runs[index - 2].text))


def _phrases(runs: Sequence[Run], languages: Sequence[Language | None]) -> list[tuple[int, int]]:
    """Find English phrases with a grammar of their own, whose digits are English too: 他说 I have 3 apples."""
    phrases: list[tuple[int, int]] = []
    words: list[int] = []
    for index in range(len(runs) + 1):
        if index < len(runs) and runs[index].kind in {"letter", "digit", "other"} and not _has_wide_marks(runs[index]):
            if languages[index] == "en":
                words.append(index)
            continue
        if len(words) >= _SHORTEST_PHRASE and evidence.has_english_grammar([runs[at].text for at in words]):
            phrases.append((words[0], words[-1] + 1))
        words = []
    return phrases


def _foreign_parts(runs: Sequence[Run], languages: Sequence[Language | None]) -> Iterator[tuple[int, int, Language]]:
    """Find the parts between commas of an English sentence that have no English word: It is 20 °C, 湿度是 45%."""
    first = 0
    for index in range(len(runs) + 1):
        if index < len(runs) and not (runs[index].kind == "other" and _COMMAS.intersection(runs[index].text)):
            continue
        spoken = {language for language in languages[first:index] if language is not None}
        if len(spoken) == 1 and "en" not in spoken:
            yield first, index, spoken.pop()
        first = index + 1


def _inside_word(runs: Sequence[Run], languages: Sequence[Language | None], index: int) -> bool:
    """Whether a digit stands for a word between two: Zigbee2MQTT."""
    inside = 0 < index < len(runs) - 1 and runs[index].kind == "digit" and len(runs[index].text) == 1
    return inside and languages[index - 1] == languages[index + 1] == "en"


def _has_wide_marks(run: Run) -> bool:
    return run.kind == "other" and not WIDE_MARKS.isdisjoint(run.text)


def _inside_phrase(runs: Sequence[Run], languages: Sequence[Language | None], index: int) -> bool:
    """Whether marks stand between two English words, bind a word to a number or belong to the word before them."""
    text = runs[index].text
    if not index or languages[index - 1] != "en":
        return False
    word = runs[index - 1].text
    if text[0] in "+#" and not text.strip("+# "):
        return True  # C++, C#
    if text[0] == "." and abbreviation(word) is Abbreviation.TITLE:
        return True  # Mr. 王
    after = runs[index + 1] if index + 1 < len(runs) else None
    if after is not None and after.kind == "digit":
        return text in {"-", "_", "."}  # COVID-19 is not minus nineteen
    return after is not None and after.kind == "letter" and _PHRASE_MARKS.issuperset(text)

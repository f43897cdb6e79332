"""Numbers that English reads in ways of its own: rooms, codes, models, heights, scores, durations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.normalize.numerals_english import cardinal, one_by_one, pairs
from wyoming_cosyvoice.text.normalize.recognise.numbers import Found, quantity, read_number
from wyoming_cosyvoice.text.normalize.values import (
    Counted,
    Digits,
    Number,
    Phone,
    Quantity,
    Ratio,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wyoming_cosyvoice.text.normalize.speaker import Recogniser

_FEET_INCHES = re.compile(r"(\d{1,2})['′’] ?(1[01]|\d)(?:\"|″|”|'')")

_HALF_INCH = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)(?:\"|″)(?= ?[A-Za-z-])")

_ROOM_CUE = re.compile(
    r"\b(?:room|suite|apartment|apt\.?|flight|route|bus|channel|extension|ext\.?|highway|interstate|unit|building|house|gate|locker) (?:number |#)?$",
    re.IGNORECASE,
)

_ROOM = re.compile(r"(\d{3,4})(?![\d:/%°]|[.,]\d)")

_CODE_CUE = re.compile(
    r"\b(?:code|pin|passcode|password|zip(?: code)?|account|card|serial|id|dial|call|press|ending in|ends (?:in|with)|number|otp|port)"
    r"(?: number)?(?: is| was|:)?:? ?#?$",
    re.IGNORECASE,
)

_CODE = re.compile(r"(\d{3,12})(?![\d:/%°]|[.,]\d|-\d| ?(?:people|times|units|points|degrees|percent|of)\b)")

_LOCAL_PHONE = re.compile(r"[2-9]\d{2}-\d{4}(?![\d-]|[.,:/]\d)")

_MODEL_CUE = re.compile(r"\b[A-Z]{2,5} $")

_MODEL = re.compile(r"[1-9]\d{3}(?![\d:/%]|[.,-]\d)")

_ARTICLE = re.compile(r"(?:^|[\s(\"'])(?:an?|the|this|that|my|your|our|new|old) $", re.IGNORECASE)
_NOUN = re.compile(
    r"(?:-| (?!(?:of|is|are|was|were|and|or|in|on|at|to|from|for|per|will|has|had|with|by|it|you|we|that|which|as|than)\b))[a-z]",
    re.IGNORECASE,
)
_O_CLOCK = re.compile(r"(\d{1,2}) ?o['’]clock")


_ROMAN_LIST = re.compile(r"[IVX]{1,5}(?:,|,? and|,? or| &| to)? $")

_RATED = re.compile(r"(\d{1,2}\.\d{1,2})/(5|10|20|100)(?![\d/]|[-.,]\d)")

_SCORE = re.compile(r"(\d{1,3})[-–](\d{1,3})(?![\d/-]|[.,:]\d|[A-Za-z%°])")

_SCORE_CUE = re.compile(
    r"\b(?:scores?|scored|won|win|wins|lost|lose|beat|leads?|led|up|down|drew|final):? (?:is |was |by )?$",
    re.IGNORECASE,
)

_OVER = re.compile(r"(\d{2,3})/(\d{2,3})(?![\d/%°]|[-.,]\d| ?°)")


def _feet_inches(text: str, at: int) -> Found | None:
    match = _FEET_INCHES.match(text, at)
    if match is not None:
        return Words(f"{cardinal(match[1])} foot {cardinal(match[2])}"), match.end()
    match = _HALF_INCH.match(text, at)
    if match is None or text.count('"', max(0, at - 64), at) % 2:
        return None
    found = read_number(match[1], 0)
    return (Counted(found[0], "inch"), match.end()) if found else None


def _room(text: str, at: int) -> Found | None:
    match = _ROOM.match(text, at)
    if match is None or match[1].startswith("0") or not _ROOM_CUE.search(text[max(0, at - 24) : at]):
        return None
    return Words(pairs(match[1])), match.end()


def _code(text: str, at: int) -> Found | None:
    match = _CODE.match(text, at)
    if match is None or not _CODE_CUE.search(text[max(0, at - 24) : at]):
        return None
    return Digits(match[1]), match.end()


def _local_phone(text: str, at: int) -> Found | None:
    match = _LOCAL_PHONE.match(text, at)
    return (Phone(tuple(match[0].split("-"))), match.end()) if match else None


def _model(text: str, at: int) -> Found | None:
    """Read RTX 4090 as forty ninety."""
    match = _MODEL.match(text, at)
    if match is None or not _MODEL_CUE.search(text[max(0, at - 8) : at]) or quantity(text, at):
        return None
    return Words(pairs(match[0])), match.end()


def _o_clock(text: str, at: int) -> Found | None:
    match = _O_CLOCK.match(text, at)
    return (Counted(Number(match[1]), "o'clock"), match.end()) if match else None


def _attributive(text: str, at: int) -> Found | None:
    """Read a 60 W bulb, the 3.5mm jack: between an article and a noun the unit stays in the singular."""
    if not _ARTICLE.search(text[max(0, at - 8) : at]):
        return None
    found = quantity(text, at)
    if found is None or not isinstance(found[0], Quantity) or not _NOUN.match(text, found[1]):
        return None
    return Quantity(found[0].number, found[0].unit, single=True), found[1]


def _rated(text: str, at: int) -> Found | None:
    """Read 4.5/5 as out of five."""
    match = _RATED.match(text, at)
    found = read_number(match[1], 0) if match else None
    if match is None or found is None:
        return None
    return Words(
        f"{cardinal(found[0].whole)} point {one_by_one(found[0].fraction)} out of {cardinal(match[2])}"
    ), match.end()


def _score(text: str, at: int) -> Found | None:
    """Read won 10-3 as ten to three."""
    match = _SCORE.match(text, at)
    if match is None or not _SCORE_CUE.search(text[max(0, at - 20) : at]):
        return None
    return Ratio(match[1], match[2]), match.end()


def _over(text: str, at: int) -> Found | None:
    """Read 120/80 as one hundred twenty over eighty."""
    match = _OVER.match(text, at)
    if match is None or int(match[1]) < max(13, int(match[2])):
        return None
    return Words(f"{cardinal(match[1])} over {cardinal(match[2])}"), match.end()


def _always(text: str, at: int) -> Found | None:
    """24/7 is said as it is spelled, and so are halves shared: 50/50."""
    for written, said in (
        ("24/7", "twenty-four seven"),
        ("50/50", "fifty fifty"),
        ("9-5", "nine to five"),
        ("9/11", "nine eleven"),
        ("7-Eleven", "Seven-Eleven"),
    ):
        if text.startswith(written, at) and not text[at + len(written) : at + len(written) + 1].isalnum():
            return Words(said), at + len(written)
    return None


AT_DIGITS: Sequence[Recogniser] = (
    _always,
    _feet_inches,
    _o_clock,
    _attributive,
    _local_phone,
    _room,
    _code,
    _over,
    _rated,
    _score,
    _model,
)

"""Dates and times of day in the orders that people write."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from wyoming_cosyvoice.text.normalize.values import Date, Duration, Number, Quantity, Range, Time, Unit

if TYPE_CHECKING:
    from wyoming_cosyvoice.text.normalize.recognise.numbers import Found

_YEAR_FIRST = re.compile(r"([12]\d{3})(?P<sign>[-/.])(\d{1,2})(?P=sign)(\d{1,2})(?![\d/]|[-.]\d)(?:T(?=\d\d:\d\d))?")
_YEAR_LAST = re.compile(r"(\d{1,2})(?P<sign>[-/.])(\d{1,2})(?P=sign)([12]\d{3})(?![\d/]|[-.]\d)")
_YEAR_MONTH = re.compile(r"((?:19|20)\d{2})[-/](0[1-9]|1[0-2])(?![\d/:]|[-.]\d)")
_MONTH_DAY = re.compile(r"(\d{1,2})/(\d{1,2})(?![\d/:]|[-.,]\d)")
# 3/14 is a day: nobody writes fourteenths, while 1/16, 1/20 and 3/25 may be fractions.
_NO_DENOMINATORS = frozenset((13, 14, 15, 17, 18, 19, 21, 22, 23, 24, 26, 27, 28, 29, 31))
_TIME = re.compile(
    r"(\d{1,2}):([0-5]\d)(?::([0-5]\d)(?:\.\d{1,6})?)?(?!\d|:\d)"
    r"(?: ?(?P<half>[AaPp])(?:\.[Mm]\.|[Mm](?![A-Za-z0-9]))|Z(?![A-Za-z0-9])|[+]\d\d:?\d\d)?"
)
_LEFT_BEFORE = re.compile(
    r"(?:剩余(?:时间)?|剩餘(?:時間)?|还剩|還剩|仲有|仲剩|残り(?:時間)?|남은 시간|[Tt]ime (?:left|remaining)|[Rr]emaining)"
    r"[是はが은이为係:： ]{0,2}$"
)
_LEFT_BEHIND = re.compile(r" ?(?:left|remaining|남)")
_DOTTED = re.compile(r"(1[0-2]|0?[1-9])\.([0-5]\d) ?(?P<half>[AaPp])(?:\.[Mm]\.|[Mm](?![A-Za-z0-9]))")
_HALF_FIRST = re.compile(
    r"(?P<half>[AP])M ?(?=(?:1[0-2]|0?[1-9]):[0-5]\d(?![\d:]))|(?P<small>[ap])m (?=(?:1[0-2]|0?[1-9]):[0-5]\d(?![\d:]))"
)
_SPAN = re.compile(
    r"(?P<low>[12]\d{3}(?P<sign>[-/.])\d{1,2}(?P=sign)\d{1,2}) ?[-~–—] ?(?P<high>[12]\d{3}(?P=sign)\d{1,2}(?P=sign)\d{1,2})(?![\d/.-])"
    r"|(?P<from>\d{1,2}/\d{1,2}) ?[-~–—] ?(?P<to>\d{1,2}/\d{1,2})(?![\d/])"
)
_HOUR = re.compile(r"(1[0-2]|0?[1-9])(?: ?)(?P<half>[AaPp])(?:\.[Mm]\.|[Mm](?![A-Za-z0-9]))")
_FIRST_HOUR = re.compile(r"(1[0-2]|[1-9]) ?[-~–] ?(?=\d)")
_UNTIL = re.compile(r" ?(?:-|~|–|—|…) ?")


def date(text: str, at: int) -> Found | None:
    """Read a full date with the year first or last; 03/04/2026 is month first, as month-first writers use slashes most."""
    match = _YEAR_FIRST.match(text, at)
    if match is not None:
        found = _valid(int(match[1]), int(match[3]), int(match[4]))
        # 2026.11.0 and 2026.1.12 are versions and dates alike; a date with dots writes both places out.
        if found is None or (match["sign"] == "." and len(match[0]) < 10):
            return None
        return found, match.end()
    match = _YEAR_LAST.match(text, at)
    if match is None:
        return None
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    day_first = match["sign"] == "." or first > 12
    found = _valid(year, second, first) if day_first else _valid(year, first, second)
    return (found, match.end()) if found else None


def date_range(text: str, at: int) -> Found | None:
    """Read from one date to another: 2025/1/1-2025/12/31, 11/23-11/25."""
    match = _SPAN.match(text, at)
    if match is None:
        return None
    if match["low"]:
        low, high = date(match["low"], 0), date(match["high"], 0)
    else:
        low, high = month_day(match["from"], 0), month_day(match["to"], 0)
    return (Range(low[0], high[0]), match.end()) if low and high else None


def half_first(text: str, at: int) -> Found | None:
    """Read PM 3:00."""
    match = _HALF_FIRST.match(text, at)
    found = read_time(text, match.end()) if match else None
    if match is None or found is None or found[0].half is not None:
        return None
    return replace(found[0], half=_half(match["half"] or match["small"])), found[1]


def year_month(text: str, at: int) -> Found | None:
    """2026-11 or 2026/11: a month of a year; 1990-12 cannot be a range, it would fall."""
    match = _YEAR_MONTH.match(text, at)
    return (Date(int(match[1]), int(match[2])), match.end()) if match else None


def month_day(text: str, at: int) -> Found | None:
    """11/23 as month and day: unless it reads as a fraction: 1/2, 3/16."""
    match = _MONTH_DAY.match(text, at)
    if match is None:
        return None
    # 4/1 is no fraction either: its top is the larger number.
    fraction_like = len(match[1]) != 2 and int(match[2]) not in _NO_DENOMINATORS and int(match[1]) < int(match[2])
    if fraction_like:
        return None
    found = _valid(2000, int(match[1]), int(match[2]))
    return (Date(None, found.month, found.day), match.end()) if found else None


def _valid(year: int, month: int, day: int) -> Date | None:
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(year, month)[1]:
        return None
    return Date(year, month, day)


def read_time(text: str, at: int) -> tuple[Time, int] | None:
    """Read a time of day: 14:30, 9:05 PM, 9pm, 23:59:59."""
    match = _DOTTED.match(text, at)
    if match is not None:
        return Time(int(match[1]), int(match[2]), half=_half(match["half"])), match.end()
    match = _HOUR.match(text, at)
    if match is not None:
        return Time(int(match[1]), half=_half(match["half"])), match.end()
    match = _TIME.match(text, at)
    if match is None or int(match[1]) > 24:
        return None
    hour, minute, half = int(match[1]), int(match[2]), _half(match["half"])
    if half and not 1 <= hour <= 12:
        half = None  # 15:00 PM: the number says it already
    # Nobody says that no seconds have passed: 10:00:00 of a log.
    return Time(hour, minute, int(match[3]) if match[3] and int(match[3]) else None, half), match.end()


def time_left(text: str, at: int) -> Found | None:
    """Read what is left of a time as its length: 剩余时间 0:45 is 四十五分钟, 1:20 left is no time of day either."""
    match = _TIME.match(text, at)
    if match is None or match["half"]:
        return None
    if not _LEFT_BEFORE.search(text[max(0, at - 20) : at]) and not _LEFT_BEHIND.match(text, match.end()):
        return None
    amounts = [(str(int(match[index] or 0)), unit) for index, unit in ((1, "h"), (2, "min"), (3, "s"))]
    parts = tuple(Quantity(Number(amount), Unit(unit)) for amount, unit in amounts if amount != "0")
    return (Duration(parts), match.end()) if parts else None


def _half(letter: str | None) -> Literal["am", "pm"] | None:
    if not letter:
        return None
    return "am" if letter in "aA" else "pm"


def time(text: str, at: int) -> Found | None:
    """Read a time of day, or a span between two: 9:00-17:00, 9-11am."""
    low = read_time(text, at)
    if low is None:
        return _hours_of_one_half(text, at)
    until = _UNTIL.match(text, low[1])
    high = read_time(text, until.end()) if until else None
    if high is None:
        return low
    return Range(low[0], high[0]), high[1]


def _hours_of_one_half(text: str, at: int) -> Found | None:
    """9-11am: the first hour shares the second's half of the day."""
    match = _FIRST_HOUR.match(text, at)
    high = read_time(text, match.end()) if match else None
    if match is None or high is None or high[0].half is None:
        return None
    return Range(Time(int(match[1])), high[0]), high[1]

"""Days, months, years and decades as English writes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.normalize.english_words import MONTHS, SHORT
from wyoming_cosyvoice.text.normalize.numerals_english import cardinal, ordinal, year
from wyoming_cosyvoice.text.normalize.recognise.numbers import Found, quantity
from wyoming_cosyvoice.text.normalize.values import (
    Date,
    Ordinal,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wyoming_cosyvoice.text.normalize.speaker import Recogniser

_MONTHS = {name[:3].lower(): number for number, name in enumerate(MONTHS, 1)}

_MONTH = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|"
    r"Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)

_YEAR = r"(?P<year>1[0-9]\d{2}|20\d{2})(?![\d:/]|,\d|\.\d)"

_MONTH_FIRST = re.compile(
    _MONTH
    + r"\.?(?: (?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?![\d:%/]|\.\d| ?[ap]\.?m)(?:(?:, ?| )"
    + _YEAR
    + r")?|,? "
    + _YEAR.replace("year", "only")
    + ")"
)

_DAY_FIRST = re.compile(
    r"(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?: of)?[ -]" + _MONTH + r"\b\.?(?:,?[ -]" + _YEAR + ")?"
)

_DAY_RANGE = re.compile(
    _MONTH + r"\.? (?P<low>\d{1,2})(?:st|nd|rd|th)?[-–](?P<high>\d{1,2})(?:st|nd|rd|th)?(?!\d)(?:, " + _YEAR + ")?"
)

_ORDINAL = re.compile(r"(\d{1,15}|\d{1,3}(?:,\d{3}){1,5})(?:st|nd|rd|th|ST|ND|RD|TH)(?![A-Za-z\d])")

_DECADE = re.compile(r"(\d{2})(\d0)['’]?s(?![A-Za-z\d])|(?P<short>[1-9]0)['’]?s(?![A-Za-z\d])")

_FOUR = re.compile(r"(\d{4})(?![\d:/%°]|[.,]\d|-\d{3}(?!\d)| ?(?:AM|PM|am|pm)\b)")

_YEAR_CUE = re.compile(
    r"(?:\b(?:in|since|by|from|until|till|before|after|of|year|year-end|during|circa|through|to|late|early|mid|spring|summer|autumn|fall|winter|©|"
    r"copyright|born|class of|model|between|election|CES|Q[1-4]),?|[12]\d{3}(?: ?[-–]| and| or| to)) ?$",
    re.IGNORECASE,
)

_YEAR_RANGE = re.compile(r"(1[5-9]\d{2}|20\d{2})[-–](1[5-9]\d{2}|20\d{2}|\d{2})(?![\d:/%]|[-.]\d)")

_YEAR_ERA = re.compile(r" ?(?:AD|BC|BCE|CE|A\.D\.|B\.C\.)(?![A-Za-z])")

_NO_YEAR = re.compile(
    r" ?(?:[A-Za-z]+s\b|%|°|people|kg|km|m\b|W\b|V\b|mAh|kWh|lux|hPa|ppm|K\b|mm\b|units?|steps?|times|items|watts?|dollars|points?)"
)

_ALONE = re.compile(r"((?:19|20)\d{2})[.,!?;:]\s*$")
_AGE_CUE = re.compile(r"\b(?:the|early|late|mid|my|his|her|their|to|and|of)[ -]$", re.IGNORECASE)
_AGE_NOUN = re.compile(r" (?:music|rock|pop|hits|movies|fashion|style|songs|show|kids|band)")
_DECADE_SHORT = re.compile(r"['’]([1-9]0)s(?![A-Za-z])")

_WEEKDAY = re.compile(rf"(Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat|Sun)(?=,? (?:{_MONTH.replace('?P<month>', '?:')}|\d))")

_WEEKDAY_SURE = re.compile(r"(?:Tues?|Thu(?:rs)?)(?![A-Za-z'’-])")
_WEEKDAY_CUED = re.compile(r"(?:Mon|Wed|Fri|Sat)(?![A-Za-z'’-])")
_WEEKDAY_CUE = re.compile(r"\b(?:on|next|this|last|every|each|by|until|till|from|since|before) $")

_WEEKDAYS = re.compile(r"(Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat|Sun)[-–](Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat|Sun)(?![A-Za-z])")

_SHORT_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2})(?![\d/]|[-.]\d)")

_YEAR_VERB = re.compile(r" (?:was|is|will|saw|has|had|brought|marks|marked|began|ended|came)\b")


def _month(match: re.Match[str]) -> int:
    return _MONTHS[match["month"][:3].lower()]


def _month_first(text: str, at: int) -> Found | None:
    match = _MONTH_FIRST.match(text, at)
    if match is None:
        return None
    written = match["year"] or match["only"]
    return Date(
        int(written) if written else None, _month(match), int(match["day"]) if match["day"] else None
    ), match.end()


def _day_range(text: str, at: int) -> Found | None:
    match = _DAY_RANGE.match(text, at)
    if match is None:
        return None
    said = f"{MONTHS[_month(match) - 1]} {ordinal(match['low'].lstrip('0') or '0')} to {ordinal(match['high'].lstrip('0') or '0')}"
    return Words(f"{said}, {year(match['year'])}" if match["year"] else said), match.end()


def _day_first(text: str, at: int) -> Found | None:
    match = _DAY_FIRST.match(text, at)
    if match is None:
        return None
    said = f"{ordinal(str(int(match['day'])))} of {MONTHS[_month(match) - 1]}"
    if text[max(0, at - 4) : at].strip().lower() != "the":
        said = "the " + said
    # May. ends a sentence, Jan. is short; where nothing follows it does both.
    full = match[0].endswith(".") and (len(match["month"]) > 4 or match["month"] in ("May", "June", "July"))
    ends = match.end() - (full or (match[0].endswith(".") and not text[match.end() :][:2].strip()))
    return Words(f"{said}, {year(match['year'])}" if match["year"] else said), ends


def _ordinal(text: str, at: int) -> Found | None:
    match = _ORDINAL.match(text, at)
    return (Ordinal(match[1].replace(",", "")), match.end()) if match else None


def _decade(text: str, at: int) -> Found | None:
    match = _DECADE.match(text, at)
    if match is None:
        return None
    if match["short"] and not (_AGE_CUE.search(text[max(0, at - 8) : at]) or _AGE_NOUN.match(text, match.end())):
        return None  # a timer of 90s
    if match["short"]:
        return Words(_plural(cardinal(match["short"]))), match.end()
    if match[2] == "00":
        return Words(_plural(year(match[1] + match[2]))), match.end()
    return Words(f"{cardinal(match[1])} {_plural(cardinal(match[2]))}"), match.end()


def _plural(words: str) -> str:
    return words[:-1] + "ies" if words.endswith("y") else words + "s"


def _decade_short(text: str, at: int) -> Found | None:
    match = _DECADE_SHORT.match(text, at)
    return (Words(_plural(cardinal(match[1]))), match.end()) if match else None


def _year_range(text: str, at: int) -> Found | None:
    match = _YEAR_RANGE.match(text, at)
    if match is None or int(match[2]) <= int(match[1][-len(match[2]) :]):
        return None
    return Words(f"{year(match[1])} to {year(match[2])}"), match.end()


def _year(text: str, at: int) -> Found | None:
    match = _FOUR.match(text, at)
    if match is None or not "1100" <= match[1] < "2100":
        return None
    cued = _YEAR_CUE.search(text[max(0, at - 16) : at]) or _YEAR_ERA.match(text, match.end())
    if not cued or _NO_YEAR.match(text, match.end()) or quantity(text, at):
        return None
    return Words(year(match[1])), match.end()


def _weekdays(text: str, at: int) -> Found | None:
    """Read Mon-Fri as Monday to Friday."""
    match = _WEEKDAYS.match(text, at)
    return (Words(f"{SHORT[match[1]]} to {SHORT[match[2]]}"), match.end()) if match else None


def _weekday(text: str, at: int) -> Found | None:
    """Read Mon before a date, a time or behind a word that names days: Mon, Nov 23; on Mon; Thu is nothing else."""
    match = _WEEKDAY.match(text, at) or _WEEKDAY_SURE.match(text, at)
    if match is None and _WEEKDAY_CUE.search(text[max(0, at - 8) : at]):
        match = _WEEKDAY_CUED.match(text, at)
    return (Words(SHORT[match[0]]), match.end()) if match else None


def _short_date(text: str, at: int) -> Found | None:
    """Read 05/06/26, month first."""
    match = _SHORT_DATE.match(text, at)
    if match is None or not 1 <= int(match[1]) <= 12 or not 1 <= int(match[2]) <= 31:
        return None
    century = 2000 if int(match[3]) < 70 else 1900
    return Date(century + int(match[3]), int(match[1]), int(match[2])), match.end()


def _rest_of_date(text: str, at: int) -> Found | None:
    """Read the year that a cut behind a comma left alone: 2025."""
    match = _ALONE.match(text, at)
    return (Words(year(match[1])), at + 4) if match and not text[:at][-8:].strip() else None


def _first_year(text: str, at: int) -> Found | None:
    """Read 1984 was good: a year that begins a sentence."""
    match = _FOUR.match(text, at)
    if match is None or not "1500" <= match[1] < "2100" or text[max(0, at - 2) : at].strip() not in ("", ".", "!", "?"):
        return None
    return (Words(year(match[1])), match.end()) if _YEAR_VERB.match(text, match.end()) else None


AT_DIGITS: Sequence[Recogniser] = (
    _day_first,
    _ordinal,
    _decade,
    _year_range,
    _year,
    _first_year,
    _rest_of_date,
    _short_date,
)


AT_WORDS: Sequence[Recogniser] = (
    _weekdays,
    _weekday,
    _day_range,
    _month_first,
)


AT_SIGNS: Sequence[Recogniser] = (_decade_short,)

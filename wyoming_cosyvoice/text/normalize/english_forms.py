"""Written forms that only English has, each recognised at one place of a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.normalize.english_words import MONTHS, PREFIXES, UNITS
from wyoming_cosyvoice.text.normalize.numerals_english import cardinal, one_by_one, ordinal, pairs, year
from wyoming_cosyvoice.text.normalize.recognise.numbers import Found, quantity, read_number
from wyoming_cosyvoice.text.normalize.roman import roman_number
from wyoming_cosyvoice.text.normalize.units import read_simple
from wyoming_cosyvoice.text.normalize.values import (
    Counted,
    Date,
    Digits,
    Label,
    Number,
    Ordinal,
    Phone,
    Quantity,
    Ratio,
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
_FEET_INCHES = re.compile(r"(\d{1,2})['′’] ?(1[01]|\d)(?:\"|″|”|'')")
_HALF_INCH = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)(?:\"|″)(?= ?[A-Za-z-])")
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
_O_CLOCK = re.compile(r"(\d{1,2}) ?o['’]clock")
_LABEL = re.compile(r"(?:No|Nos|Nr|NO)\. ?(\d{1,9})(?![\d,]|\.\d)")
_HASH = re.compile(r"#(\d{1,9})(?![\dA-Za-z]|\.\d)")
_DECADE_SHORT = re.compile(r"['’]([1-9]0)s(?![A-Za-z])")
_SPAN = re.compile(r"\d{1,4} ?(?:h|hr|hrs|d|min|m)(?= ?\d{1,4} ?(?:h|min|mins|m|s|sec)(?![A-Za-z\d/²³]))")
_SPAN_PART = re.compile(r" ?(\d{1,4}) ?(d|hrs?|h|mins?|m|secs?|s)(?![A-Za-z\d/²³])")
_SPAN_UNITS = {"d": "day", "h": "hour", "m": "minute", "s": "second"}
_ROMAN = re.compile(r"[IVXLCDM]{1,8}(?![A-Za-z\d'’]|\.[A-Za-z])")
_ROMAN_CUE = re.compile(
    r"\b(?:chapter|part|section|volume|vol\.|book|act|scene|phase|stage|type|level|mark|class|world war|war|episode|season|"
    r"appendix|article|title|tier|figure|table|unit|grade|category|fantasy|rocky|bowl|quest|zone|schedule|round|step) $",
    re.IGNORECASE,
)
_ROMAN_LIST = re.compile(r"[IVX]{1,5}(?:,|,? and|,? or| &| to)? $")
_RULER_CUE = re.compile(
    r"\b(?:Henry|Louis|Elizabeth|Charles|George|Edward|Richard|James|Philip|William|Pope [A-Z]\w+|John Paul|Benedict|"
    r"Napoleon|Nicholas|Alexander|Catherine|Frederick|Wilhelm|Peter|Ivan|Ramses|Leo|Pius|Gregory|Innocent|Francis|"
    r"King [A-Z]\w+|Queen [A-Z]\w+|Emperor [A-Z]\w+|Tsar [A-Z]\w+|Felipe|Carlos|Victoria|Mary|Robert|Harald|Gustav) $"
)
_NAME_CUE = re.compile(r"[A-Z][a-z]+ $")
_SHORT = {
    "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Dr": "Doctor", "Prof": "Professor", "vs": "versus", "etc": "et cetera",
    "approx": "approximately", "dept": "department", "Jr": "Junior", "Sr": "Senior", "e.g": "for example", "i.e": "that is",
    "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Sgt": "Sergeant", "Capt": "Captain", "Gen": "General",
    "Lt": "Lieutenant", "Gov": "Governor", "Inc": "Incorporated", "Ltd": "Limited", "Corp": "Corporation",
    "Mt": "Mount", "Ft": "Fort", "est": "estimated", "max": "maximum", "min": "minimum", "temp": "temperature",
    "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Thurs": "Thursday",
    "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday",
}  # fmt: skip
_ABBREVIATION = re.compile(
    "(" + "|".join(map(re.escape, sorted(_SHORT, key=len, reverse=True))) + r")\.(?![A-Za-z\d])(?P<last>\s*$)?"
)
_CAPITALISED = re.compile(r" ?[A-Z]")
_SAINT = re.compile(r"St\. (?=[A-Z])")
_STREET = re.compile(r"St\.(?![A-Za-z])")
_KEEPS_STOP = ("etc", "Inc", "Ltd", "Corp", "Ave", "Rd", "Blvd", "Jr", "Sr")
_WEEKDAY = re.compile(rf"(Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat|Sun)(?=,? (?:{_MONTH.replace('?P<month>', '?:')}|\d))")
_WEEKDAYS = re.compile(r"(Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat|Sun)[-–](Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat|Sun)(?![A-Za-z])")
_RATED = re.compile(r"(\d{1,2}\.\d{1,2})/(5|10|20|100)(?![\d/]|[-.,]\d)")
_SCORE = re.compile(r"(\d{1,3})[-–](\d{1,3})(?![\d/-]|[.,:]\d|[A-Za-z%°])")
_SCORE_CUE = re.compile(
    r"\b(?:scores?|scored|won|win|wins|lost|lose|beat|leads?|led|up|down|drew|final):? (?:is |was |by )?$",
    re.IGNORECASE,
)
_NUMBERED = {
    "p": "page", "pp": "pages", "ch": "chapter", "fig": "figure", "vol": "volume", "sec": "section", "art": "article",
    "ext": "extension", "ep": "episode", "eq": "equation", "apt": "apartment", "rm": "room", "bldg": "building",
}  # fmt: skip
_BEFORE_NUMBER = re.compile(r"(pp?|ch|fig|vol|sec|art|ext|ep|eq|apt|rm|bldg)\.(?= ?\d)", re.IGNORECASE)
_SHARP = re.compile(r"([CF])#(?![\w#])")
_SHORT_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2})(?![\d/]|[-.]\d)")
_OVER = re.compile(r"(\d{2,3})/(\d{2,3})(?![\d/]|[-.,]\d)")
_YEAR_VERB = re.compile(r" (?:was|is|will|saw|has|had|brought|marks|marked|began|ended|came)\b")
_WITHOUT = re.compile(r"(w/o|w/|c/o|b/c|n/a|N/A)(?![A-Za-z\d])")
_SLASHED = {
    "w/o": "without",
    "w/": "with",
    "c/o": "care of",
    "b/c": "because",
    "n/a": "not applicable",
    "N/A": "not applicable",
}


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


def _feet_inches(text: str, at: int) -> Found | None:
    match = _FEET_INCHES.match(text, at)
    if match is not None:
        return Words(f"{cardinal(match[1])} foot {cardinal(match[2])}"), match.end()
    match = _HALF_INCH.match(text, at)
    if match is None or text.count('"', max(0, at - 64), at) % 2:
        return None
    found = read_number(match[1], 0)
    return (Counted(found[0], "inch"), match.end()) if found else None


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


def _span(text: str, at: int) -> Found | None:
    """2h 15min, 1h30m: said as a duration, m is minutes behind hours."""
    if not _SPAN.match(text, at):
        return None
    said: list[str] = []
    end = at
    while len(said) < 4 and (match := _SPAN_PART.match(text, end)):
        noun = _SPAN_UNITS[match[2][0]]
        said.append(f"{cardinal(match[1])} {noun}{'' if match[1] == '1' else 's'}")
        end = match.end()
    return Words(" ".join(said)), end


def _attributive(text: str, at: int) -> Found | None:
    """Read a 60 W bulb: behind a or an the unit stays in the singular."""
    if text[max(0, at - 3) : at].lower().lstrip(" \n(") not in ("a ", "an "):
        return None
    found = quantity(text, at)
    if (
        found is None
        or not isinstance(found[0], Quantity)
        or not re.match(r"[ -][a-z]", text[found[1] : found[1] + 2], re.IGNORECASE)
    ):
        return None
    return Quantity(found[0].number, found[0].unit, single=True), found[1]


def _label(text: str, at: int) -> Found | None:
    match = _LABEL.match(text, at)
    return (Label(match[1], "No."), match.end()) if match else None


def _hash(text: str, at: int) -> Found | None:
    match = _HASH.match(text, at)
    return (Label(match[1], "#"), match.end()) if match else None


def _roman(text: str, at: int) -> Found | None:
    """World War II, Louis XVI, Chapter IX; a single I, C or D alone is a letter."""
    match = _ROMAN.match(text, at)
    number = roman_number(match[0]) if match else 0
    if match is None or not 0 < number < 60:
        return None
    before = text[max(0, at - 24) : at]
    if _RULER_CUE.search(before):
        return Words(f"the {ordinal(str(number))}"), match.end()
    if (
        _ROMAN_CUE.search(before)
        and (len(match[0]) > 1 or match[0] in "IVX")
        and not text.startswith(" am", match.end())
    ):
        return Words(cardinal(str(number))), match.end()
    # II, III and VII are nothing else; IV and XI may be letters.
    if (len(match[0]) > 1 and number < 40 and _NAME_CUE.search(before)) or match[0].endswith("II"):
        return Words(cardinal(str(number))), match.end()
    return None


def _abbreviation(text: str, at: int) -> Found | None:
    """Dr. Lee, e.g. this; a stop that also ends the sentence stays."""
    if _SAINT.match(text, at):
        return Words("Saint"), at + 3
    match = _STREET.match(text, at)
    if match is not None and at:
        return Words("Street" + ("." if not text[match.end() :][:2].strip() else "")), match.end()
    match = _ABBREVIATION.match(text, at)
    if match is None:
        return None
    word = match[1]
    follows = text[match.end(1) + 1 : match.end(1) + 3]
    if word in ("max", "min", "temp", "est", "Sun", "Sat", "Mon", "Wed", "Fri", "Gen", "Ft") and not follows.strip():
        return None
    stop = "." if not follows.strip() or (word in _KEEPS_STOP and _CAPITALISED.match(follows)) else ""
    return Words(_SHORT[word] + stop), match.end(1) + 1


def _weekdays(text: str, at: int) -> Found | None:
    """Read Mon-Fri as Monday to Friday."""
    match = _WEEKDAYS.match(text, at)
    return (Words(f"{_SHORT[match[1]]} to {_SHORT[match[2]]}"), match.end()) if match else None


def _weekday(text: str, at: int) -> Found | None:
    """Read Mon before a date or a time: Mon, Nov 23."""
    match = _WEEKDAY.match(text, at)
    return (Words(_SHORT[match[1]]), match.end()) if match else None


def _before_number(text: str, at: int) -> Found | None:
    """Read p. 12 and Fig. 3: what is short for a word only before a number."""
    match = _BEFORE_NUMBER.match(text, at)
    return (Words(_NUMBERED[match[1].lower()]), match.end()) if match else None


def _per_unit(text: str, at: int) -> Found | None:
    """Read the unit behind a per in words: per kWh."""
    if not text.startswith("per ", at):
        return None
    unit = read_simple(text, at + 4)
    if unit is None:
        return None
    name = PREFIXES.get(unit[0].prefix, unit[0].prefix) + UNITS[unit[0].base][0]
    return (Words(f"per {name}"), unit[1]) if unit[0].base not in ("m²", "m³") or not unit[0].prefix else None


def _sharp(text: str, at: int) -> Found | None:
    match = _SHARP.match(text, at)
    return (Words(f"{match[1]} sharp"), match.end()) if match else None


def _short_date(text: str, at: int) -> Found | None:
    """Read 05/06/26, month first."""
    match = _SHORT_DATE.match(text, at)
    if match is None or not 1 <= int(match[1]) <= 12 or not 1 <= int(match[2]) <= 31:
        return None
    century = 2000 if int(match[3]) < 70 else 1900
    return Date(century + int(match[3]), int(match[1]), int(match[2])), match.end()


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


def _first_year(text: str, at: int) -> Found | None:
    """Read 1984 was good: a year that begins a sentence."""
    match = _FOUR.match(text, at)
    if match is None or not "1500" <= match[1] < "2100" or text[max(0, at - 2) : at].strip() not in ("", ".", "!", "?"):
        return None
    return (Words(year(match[1])), match.end()) if _YEAR_VERB.match(text, match.end()) else None


def _slashed(text: str, at: int) -> Found | None:
    match = _WITHOUT.match(text, at)
    return (Words(_SLASHED[match[1]]), match.end()) if match else None


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
    _day_first,
    _ordinal,
    _decade,
    _feet_inches,
    _o_clock,
    _span,
    _attributive,
    _year_range,
    _local_phone,
    _room,
    _code,
    _year,
    _first_year,
    _short_date,
    _over,
    _rated,
    _score,
    _model,
)
AT_WORDS: Sequence[Recogniser] = (
    _weekdays,
    _weekday,
    _before_number,
    _per_unit,
    _sharp,
    _day_range,
    _month_first,
    _label,
    _roman,
    _abbreviation,
    _slashed,
)
AT_SIGNS: Sequence[Recogniser] = (_hash, _decade_short)

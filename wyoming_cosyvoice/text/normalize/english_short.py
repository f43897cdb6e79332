"""What English shortens: abbreviations, Roman numerals, numbers of things, units behind per."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.normalize.english_words import PREFIXES, SHORT, UNITS
from wyoming_cosyvoice.text.normalize.numerals_english import cardinal, ordinal
from wyoming_cosyvoice.text.normalize.roman import roman_number
from wyoming_cosyvoice.text.normalize.units import read_simple
from wyoming_cosyvoice.text.normalize.values import (
    Label,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wyoming_cosyvoice.text.normalize.recognise.numbers import Found
    from wyoming_cosyvoice.text.normalize.speaker import Recogniser

_LABEL = re.compile(r"(?:No|Nos|Nr|NO)\. ?(\d{1,9})(?![\d,]|\.\d)")

_HASH = re.compile(r"#(\d{1,9})(?![\dA-Za-z]|\.\d)")

_ROMAN = re.compile(r"[IVXLCDM]{1,8}(?![A-Za-z\d'’]|\.[A-Za-z])")

_ROMAN_CUE = re.compile(
    r"\b(?:chapter|part|section|volume|vol\.|book|act|scene|phase|stage|type|level|mark|class|world war|war|episode|season|"
    r"appendix|article|title|tier|figure|table|unit|grade|category|fantasy|rocky|bowl|quest|zone|schedule|round|step) $",
    re.IGNORECASE,
)

_RULER_CUE = re.compile(
    r"\b(?:Henry|Louis|Elizabeth|Charles|George|Edward|Richard|James|Philip|William|Pope [A-Z]\w+|John Paul|Benedict|"
    r"Napoleon|Nicholas|Alexander|Catherine|Frederick|Wilhelm|Peter|Ivan|Ramses|Leo|Pius|Gregory|Innocent|Francis|"
    r"King [A-Z]\w+|Queen [A-Z]\w+|Emperor [A-Z]\w+|Tsar [A-Z]\w+|Felipe|Carlos|Victoria|Mary|Robert|Harald|Gustav) $"
)

_NAME_CUE = re.compile(r"[A-Z][a-z]+ $")

_ABBREVIATION = re.compile(
    "(" + "|".join(map(re.escape, sorted(SHORT, key=len, reverse=True))) + r")\.(?![A-Za-z\d])(?P<last>\s*$)?"
)

_CAPITALISED = re.compile(r" ?[A-Z]")

_SAINT = re.compile(r"St\. (?=[A-Z])")

_STREET = re.compile(r"St\.(?![A-Za-z])")

_KEEPS_STOP = ("etc", "Inc", "Ltd", "Corp", "Ave", "Rd", "Blvd", "Jr", "Sr")

_NUMBERED = {
    "p": "page", "pp": "pages", "ch": "chapter", "fig": "figure", "vol": "volume", "sec": "section", "art": "article",
    "ext": "extension", "ep": "episode", "eq": "equation", "apt": "apartment", "rm": "room", "bldg": "building",
}  # fmt: skip

_BEFORE_NUMBER = re.compile(r"(pp?|ch|fig|vol|sec|art|ext|ep|eq|apt|rm|bldg)\.(?= ?\d)", re.IGNORECASE)

_SHARP = re.compile(r"([CF])#(?![\w#])")

_COMPASS = re.compile(r"(?:[NS]?[NS][EW]|[EW][NS][EW]|[NSEW])(?![A-Za-z])")
_WIND_BEFORE = re.compile(r"\b[Ww]inds?(?: is| are)?(?: from)?(?: the)?:? $|\b[Ww]inds?:$")
_WIND_BEHIND = re.compile(
    r" (?:winds?|breeze)\b| (?:at |around |up to )?\d{1,3}(?: ?(?:-|–|to) ?\d{1,3})? ?(?:mph|km/h|kph|kn|knots)\b"
)
_POINTS = {"N": "north", "S": "south", "E": "east", "W": "west"}

_WITHOUT = re.compile(r"(w/o|w/|c/o|b/c|n/a|N/A)(?![A-Za-z\d])")

_SLASHED = {
    "w/o": "without",
    "w/": "with",
    "c/o": "care of",
    "b/c": "because",
    "n/a": "not applicable",
    "N/A": "not applicable",
}


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
    return Words(SHORT[word] + stop), match.end(1) + 1


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


def _compass(text: str, at: int) -> Found | None:
    """Read where a wind comes from: wind NW, SSE winds; elsewhere these may be any letters."""
    match = _COMPASS.match(text, at)
    if match is None or not (_WIND_BEFORE.search(text[max(0, at - 20) : at]) or _WIND_BEHIND.match(text, match.end())):
        return None
    points = [_POINTS[letter] for letter in match[0]]
    return Words(" ".join([points[0], "".join(points[1:])] if len(points) == 3 else ["".join(points)])), match.end()


def _slashed(text: str, at: int) -> Found | None:
    match = _WITHOUT.match(text, at)
    return (Words(_SLASHED[match[1]]), match.end()) if match else None


AT_WORDS: Sequence[Recogniser] = (
    _before_number,
    _per_unit,
    _sharp,
    _compass,
    _label,
    _roman,
    _abbreviation,
    _slashed,
)


AT_SIGNS: Sequence[Recogniser] = (_hash,)

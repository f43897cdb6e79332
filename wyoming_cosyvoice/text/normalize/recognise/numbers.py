"""Numbers, ranges, fractions, ratios, sizes."""

from __future__ import annotations

import re

from wyoming_cosyvoice.text.normalize.units import read_unit
from wyoming_cosyvoice.text.normalize.values import (
    Duration,
    Fraction,
    Number,
    Power,
    Product,
    Quantity,
    Range,
    Ratio,
    Unit,
    Value,
)

Found = tuple[Value, int]

_NUMBER = re.compile(
    r"(?P<grouped>\d{1,3}(?:,\d{3})++(?![\d,]))(?:\.(?P<decimals>\d++))?"
    r"|(?P<european>\d{1,3}(?:\.\d{3})++,\d++)(?![\d.])"  # 1.234,5
    r"|(?P<spaced>[1-9]\d{0,2}(?: \d{3})++(?![ \d]?\d))(?:\.(?P<spaced_decimals>\d++))?"  # 1 234 567
    r"|(?P<plain>\d++)(?:\.(?P<fraction>\d++))?"
)
_SIGN = re.compile(r"[-+±]")
_RANGE_SIGN = re.compile(r" ?(?:-|~|–|—|\.{2,3}|…) ?")
_FRACTION = re.compile(r"(?:(?P<whole>\d{1,4}) )?(?P<top>\d{1,4})/(?P<bottom>[1-9]\d{0,3})(?![\d/:]|[-.,]\d)")
_RATIO = re.compile(r"(\d{1,4})(?::| : )(\d{1,4})(?![\d:]|[-.]\d)")
_TIMES = re.compile(r" ?[x×X*] ?(?=\d)")
_DURATION = re.compile(r"\d{1,4} ?(?:h|hr|hrs|d|min|m)(?= ?\d{1,4} ?(?:h|min|mins|m|s|sec)(?![A-Za-z\d/²³]))")
_DURATION_PART = re.compile(r" ?(\d{1,4}) ?(d|hrs?|h|mins?|m|secs?|s)(?![A-Za-z/²³])")
# Units that people halve: 1/2 kg, 3/4 tsp; 24/17°C are two temperatures.
_WHOLE_UNITS = frozenset({"m", "g", "L", "h", "mi", "in", "ft", "yd", "lb", "oz", "tbsp", "tsp", "gal", "min"})
_POWER = re.compile(r"(\d{1,6})\^(-?\d{1,4})(?![\d.])")
_QUANTITY_END = re.compile(r"[A-Za-z\d]")


def read_number(text: str, at: int, signed: bool = False) -> tuple[Number, int] | None:
    """Read a number without unit; with `signed` a sign may stand before it."""
    sign = text[at] if signed and at < len(text) and text[at] in "-+±" else ""
    match = _NUMBER.match(text, at + len(sign))
    if match is None:
        return None
    if match["european"]:
        whole, fraction = match["european"].replace(".", "").split(",")
    elif match["grouped"]:
        whole, fraction = match["grouped"].replace(",", ""), match["decimals"] or ""
    elif match["spaced"]:
        whole, fraction = match["spaced"].replace(" ", ""), match["spaced_decimals"] or ""
    else:
        whole, fraction = match["plain"], match["fraction"] or ""
    return Number(whole, fraction, sign), match.end()


def number(text: str, at: int) -> Found | None:
    """Read a bare number."""
    return read_number(text, at)


def quantity(text: str, at: int, signed: bool = False) -> Found | None:
    """Read a number with its unit: 25°C, 120 km/h, 5%."""
    found = read_number(text, at, signed)
    if found is None:
        return None
    value, end = found
    unit = read_unit(text, end)
    if unit is None:
        return None
    if unit[0].base == "K" and len(value.whole) < 4:
        return None  # 4K is a resolution, 5K a run; a lamp has 2700K
    return Quantity(value, unit[0]), unit[1]


def signed_range(text: str, at: int) -> tuple[Number, Number, int] | None:
    """Two numbers with a range sign between them; what follows (a unit, a counter) is left to the caller."""
    low = read_number(text, at, signed=True)
    if low is None or (text[max(0, at - 1) : at] == "-" and text[max(0, at - 2) : at - 1].isdigit()):
        return None
    sign = _RANGE_SIGN.match(text, low[1])
    if sign is None or (sign[0].strip() == "-" and sign[0] not in ("-", " - ")):
        return None
    high = read_number(text, sign.end(), signed=sign[0].strip() != "-")
    if high is None or (text[high[1] : high[1] + 1] in ("-", "~") and text[high[1] + 1 : high[1] + 2].isdigit()):
        return None  # 1-2-3 is a code
    return low[0], high[0], high[1]


def quantity_range(text: str, at: int) -> Found | None:
    """Two quantities of one unit: 20-25°C, 20°C ~ 25°C, 5%-10%."""
    found = signed_range(text, at)
    if found is not None:
        low, high, end = found
        unit = read_unit(text, end)
        return (Range(low, Quantity(high, unit[0])), unit[1]) if unit else None
    first = quantity(text, at, signed=True)
    if first is None:
        return None
    sign = _RANGE_SIGN.match(text, first[1])
    second = quantity(text, sign.end(), signed=True) if sign else None
    if second is None:
        return None
    return Range(first[0], second[0]), second[1]


def number_range(text: str, at: int) -> Found | None:
    """Two bare numbers from low to high: 3-5. What falls (10-3) is no range, nor are codes (555-0132)."""
    found = signed_range(text, at)
    if found is None:
        return None
    low, high, end = found
    padded = any(len(one.whole) > 1 and one.whole.startswith("0") for one in (low, high))
    if padded or max(len(low.whole), len(high.whole)) > 12 or _QUANTITY_END.match(text, end):
        return None
    if _value(low) >= _value(high):
        return None
    return Range(low, high), end


def _value(value: Number) -> float:
    size = float(f"{value.whole}.{value.fraction or '0'}")
    return -size if value.negative else size


def fraction(text: str, at: int) -> Found | None:
    """Read a common fraction 3/4, 2 1/2; the denominator is larger than the numerator."""
    match = _FRACTION.match(text, at)
    if match is None:
        return None
    top, bottom = match["top"], match["bottom"]
    if int(top) >= int(bottom) or top.startswith("0") or int(bottom) < 2:
        return None
    if (match["whole"] and len(match["whole"]) > 3) or len(top) == 4:
        return None
    unit = read_unit(text, match.end())
    if unit is not None and unit[0].base in _WHOLE_UNITS:
        return Fraction(top, bottom, match["whole"] or "", unit[0]), unit[1]
    return Fraction(top, bottom, match["whole"] or ""), match.end()


def ratio(text: str, at: int) -> Found | None:
    """Read a score or ratio: 3:2, 16:9."""
    match = _RATIO.match(text, at)
    return (Ratio(match[1], match[2]), match.end()) if match else None


def product(text: str, at: int) -> Found | None:
    """Read a size: 1920x1080, 3 × 4 m; `3 × 4 = 12` is arithmetic and not taken."""
    parts: list[Number] = []
    end = at
    while len(parts) < 4:
        found = read_number(text, end)
        if found is None:
            return None
        parts.append(found[0])
        end = found[1]
        unit = read_unit(text, end)
        times = _TIMES.match(text, unit[1] if unit else end)
        if times is None:
            break
        if times[0].strip() != "x" and not _sized(text, times.end()):
            return None
        end = times.end()
    if len(parts) < 2 or (_QUANTITY_END.match(text, end) and unit is None):
        return None
    return (Product(tuple(parts), unit[0]), unit[1]) if unit else (Product(tuple(parts)), end)


def duration(text: str, at: int) -> Found | None:
    """Read hours, minutes and seconds in a row; behind hours m is minutes: 2h 15min, 1h30m."""
    if not _DURATION.match(text, at):
        return None
    parts: list[Quantity] = []
    end = at
    while len(parts) < 4 and (match := _DURATION_PART.match(text, end)):
        parts.append(Quantity(Number(match[1]), Unit({"m": "min"}.get(match[2][0], match[2][0]))))
        end = match.end()
    return Duration(tuple(parts)), end


def power(text: str, at: int) -> Found | None:
    """Read a power: 10^6, 2^-3."""
    match = _POWER.match(text, at)
    if match is None:
        return None
    sign = "-" if match[2].startswith("-") else ""
    return Power(Number(match[1]), Number(match[2].lstrip("-"), "", sign)), match.end()


def _sized(text: str, at: int) -> bool:
    """Whether a number with a unit follows: 3 × 4 m is a size, 3 × 4 = 12 is not."""
    found = read_number(text, at)
    return found is not None and read_unit(text, found[1]) is not None

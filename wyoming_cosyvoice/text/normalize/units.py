"""Units of measure as they are written: symbols, prefixes and denominators.

`read_unit` finds the longest unit at a place of a text. Every unit is a prefix and a base; the languages name both, so
that a new base costs one line here and one in each language.
"""

from __future__ import annotations

from wyoming_cosyvoice.text.normalize.values import Unit

# base -> prefixes it is written with (a space stands for no prefix)
_BASES = {
    "m": " kcdmμn",
    "g": " kmμn",
    "s": " mμn",
    "L": " mdcμ",
    "Pa": " hkM",
    "W": " mkMG",
    "Wh": " kMG",
    "VA": " kM",
    "V": " mkμ",
    "A": " mkμ",
    "Ah": " mk",
    "Ω": " kM",
    "Hz": " kMGT",
    "J": "kM",
    "cal": " k",
    "lx": " k",
    "lm": "",
    "B": "kMGTP",
    "iB": "KMGT",
    "bps": " kMG",
    "bit": " kMG",
    "b": "MG",
    "Sv": " mμ",
    "Bq": " k",
    "S": "mμ",
    "F": "μnp",
    "bar": " m",
    "mol": " m",
    "N": "k",
}
# other spellings -> (prefix, base)
_SPELLINGS = {
    "lm": ("", "lm"),
    "lux": ("", "lx"),
    "Lux": ("", "lx"),
    "LUX": ("", "lx"),
    "l": ("", "L"),
    "ml": ("m", "L"),
    "dl": ("d", "L"),
    "cl": ("c", "L"),
    "cc": ("", "cc"),
    "KB": ("k", "B"),
    "KiB": ("k", "iB"),
    "Kbps": ("k", "bps"),
    "KM": ("k", "m"),
    "Km": ("k", "m"),
    "KG": ("k", "g"),
    "Kg": ("k", "g"),
    "CM": ("c", "m"),
    "MM": ("m", "m"),
    "KW": ("k", "W"),
    "KWh": ("k", "Wh"),
    "KWH": ("k", "Wh"),
    "kwh": ("k", "Wh"),
    "kW·h": ("k", "Wh"),
    "khz": ("k", "Hz"),
    "KHz": ("k", "Hz"),
    "hpa": ("h", "Pa"),
    "HPa": ("h", "Pa"),
    "um": ("μ", "m"),
    "ug": ("μ", "g"),
    "us": ("μ", "s"),
    "mcg": ("μ", "g"),
    "t": ("", "t"),
    "h": ("", "h"),
    "hr": ("", "h"),
    "hrs": ("", "h"),
    "min": ("", "min"),
    "mins": ("", "min"),
    "sec": ("", "s"),
    "secs": ("", "s"),
    "°C": ("", "°C"),
    "° C": ("", "°C"),
    "ºC": ("", "°C"),
    "°F": ("", "°F"),
    "° F": ("", "°F"),
    "ºF": ("", "°F"),
    "°": ("", "°"),
    "º": ("", "°"),
    "%": ("", "%"),
    "‰": ("", "‰"),
    "%RH": ("", "%"),
    "m²": ("", "m²"),
    "m^2": ("", "m²"),
    "m2": ("", "m²"),
    "km²": ("k", "m²"),
    "km2": ("k", "m²"),
    "km^2": ("k", "m²"),
    "cm²": ("c", "m²"),
    "cm2": ("c", "m²"),
    "mm²": ("m", "m²"),
    "m³": ("", "m³"),
    "m3": ("", "m³"),
    "m^3": ("", "m³"),
    "cm³": ("c", "m³"),
    "cm3": ("c", "m³"),
    "mm³": ("m", "m³"),
    "ft²": ("", "ft²"),
    "ft2": ("", "ft²"),
    "sqft": ("", "ft²"),
    "ha": ("", "ha"),
    "ft": ("", "ft"),
    "yd": ("", "yd"),
    "mi": ("", "mi"),
    "inch": ("", "in"),
    "lb": ("", "lb"),
    "lbs": ("", "lb"),
    "oz": ("", "oz"),
    "tbsp": ("", "tbsp"),
    "tsp": ("", "tsp"),
    "fl oz": ("", "fl oz"),
    "gal": ("", "gal"),
    "mph": ("", "mph"),
    "kph": ("", "km/h"),
    "kmh": ("", "km/h"),
    "rpm": ("", "rpm"),
    "RPM": ("", "rpm"),
    "PPM": ("", "ppm"),
    "MPH": ("", "mph"),
    "fps": ("", "fps"),
    "dpi": ("", "dpi"),
    "ppi": ("", "ppi"),
    "px": ("", "px"),
    "ppm": ("", "ppm"),
    "ppb": ("", "ppb"),
    "dB": ("", "dB"),
    "db": ("", "dB"),
    "dBA": ("", "dB"),
    "dB(A)": ("", "dB"),
    "dBm": ("", "dBm"),
    "psi": ("", "psi"),
    "mmHg": ("", "mmHg"),
    "inHg": ("", "inHg"),
    "kt": ("", "kn"),
    "kts": ("", "kn"),
    "K": ("", "K"),
    "Nm": ("", "Nm"),
    "bpm": ("", "bpm"),
}
_DENOMINATORS = ("day", "week", "month", "year", "hour", "minute", "second", "person", "night", "d")


def _table() -> dict[str, tuple[str, str]]:
    table = {prefix.strip() + base: (prefix.strip(), base) for base, prefixes in _BASES.items() for prefix in prefixes}
    return table | _SPELLINGS


UNITS = _table()
"""Written symbol -> (prefix, base)."""

_LONGEST = max(map(len, UNITS))
# Written with a space these are words or names far more often: 5 K, 3 F, 4 N, 12 in.
# 2A座 and 3A大作 name something with the letter.
_AFTER_LETTER = frozenset("座小級级区區班型款栋幢出号號景大游遊舱艙线線楼樓室房组組类類股轮輪")
_ATTACHED_ONLY = frozenset({"K", "F", "b", "S"})


def read_unit(text: str, at: int) -> tuple[Unit, int] | None:
    """Read the unit of a number that ends at `at`, a single space allowed; return it and where it ends."""
    start = at + 1 if text.startswith(" ", at) else at
    found = _read_simple(text, start)
    if found is None:
        return None
    (prefix, base), end = found
    if base == "A" and not prefix and text[end : end + 1] in _AFTER_LETTER:
        return None
    if start > at and base in _ATTACHED_ONLY and not prefix:
        return None
    per = read_denominator(text, end)
    if per is not None:
        return Unit(base, prefix, per[0]), per[1]
    return Unit(base, prefix), end


def read_simple(text: str, at: int) -> tuple[Unit, int] | None:
    """Read a unit without denominator that stands alone, as behind the word per."""
    found = _read_simple(text, at)
    return (Unit(found[0][1], found[0][0]), found[1]) if found else None


def _read_simple(text: str, at: int) -> tuple[tuple[str, str], int] | None:
    for length in range(min(_LONGEST, len(text) - at), 0, -1):
        unit = UNITS.get(text[at : at + length])
        end = at + length
        if unit is not None and not _continues(text, end):
            return unit, end
    return None


def _continues(text: str, end: int) -> bool:
    """Whether the symbol is only the beginning of a word or of an identifier: 5 min is a unit, 5 mint is none."""
    if end >= len(text) or text[end - 1] in "%‰":
        return False
    char = text[end]
    if char in "-_" and text[end + 1 : end + 2].isalnum():
        # 5-m-long is rare, while 3m-5m and 5m_x are names; a unit before a hyphenated word is still one: 60W-bulb.
        return char == "_"
    return (char.isascii() and char.isalnum()) or char in "²³'"


def read_denominator(text: str, at: int) -> tuple[Unit, int] | None:
    """Read what stands behind a slash: the h of km/h, the month of $5/month."""
    if not text.startswith("/", at):
        return None
    for word in _DENOMINATORS:
        end = at + 1 + len(word)
        if text.startswith(word, at + 1) and not _continues(text, end):
            return Unit(word), end
    found = _read_simple(text, at + 1)
    if found is None:
        return None
    (prefix, base), end = found
    return Unit(base, prefix), end

"""One pass from left to right over a text: recognise what is written at each place, say it, go on behind it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.normalize.recognise import dates, money, network, numbers
from wyoming_cosyvoice.text.normalize.signs import say_sign
from wyoming_cosyvoice.text.normalize.speaker import say
from wyoming_cosyvoice.text.normalize.spoken import PUNCTUATION, Spoken
from wyoming_cosyvoice.text.normalize.units import read_denominator, read_simple
from wyoming_cosyvoice.text.normalize.values import Name, Range, Unit, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wyoming_cosyvoice.text.normalize.speaker import Recogniser, Speaker

    Found = tuple[Value, int]

# A letter that starts a word, a digit, or any sign that is neither a word character, white space nor punctuation.
_INTEREST = re.compile(
    rf"[0-9]|(?<![A-Za-z0-9])[A-Za-z]|[^\w\s{re.escape(PUNCTUATION)}]|_|\.(?=[0-9])|(?<=[0-9])[–—](?=[0-9])|['’](?=[0-9]0s)|[²³]|\((?=\d{{2,4}}\) ?\d)"
)
_LATIN = re.compile(r"[A-Za-z]++")
_LETTERS_DIGITS = re.compile(
    r"(?P<before>[A-Za-z]{1,20})-?(?P<number>\d{1,20}(?:\.\d{1,3})?)(?P<after>[A-Za-z]{0,3})(?![A-Za-z\d]|\.\d)"
)
_DIGITS_LETTERS = re.compile(
    r"(?P<number>\d{1,8}(?:\.\d{1,3})?)-?(?P<after>[A-Z][A-Za-z]{0,2}|[a-z]{1,3})(?![A-Za-z\d])"
)
_UNTIL = re.compile(r" ?[-~–—] ?(?=\d)")


def scan(text: str, speaker: Speaker) -> str:
    """Say every written form of a folded text; words and punctuation stay."""
    spoken = Spoken()
    at = 0
    while at < len(text):
        match = _INTEREST.search(text, at)
        if match is None:
            spoken.keep(text[at:])
            break
        spoken.keep(text[at : match.start()])
        at = _step(text, match.start(), speaker, spoken)
    return spoken.text()


def _step(text: str, at: int, speaker: Speaker, spoken: Spoken) -> int:
    found = _recognise(text, at, speaker)
    if found is not None:
        if text[at].isdigit() and spoken.last in _NUMERALS:
            spoken.keep("，")  # 周一17度 is not 周, 一十七度
        spoken.say(speaker.write(say(speaker, found[0])))
        return found[1]
    char = text[at]
    if char.isascii() and char.isalpha():
        word = _LATIN.match(text, at)
        assert word is not None  # noqa: S101 - a letter matches itself
        spoken.keep(word[0])
        return word.end()
    return say_sign(text, at, speaker, spoken)


def _recognise(text: str, at: int, speaker: Speaker) -> Found | None:
    char = text[at]
    if char.isdigit():
        return _first((*speaker.recognisers, *_FORMS), text, at) or _numeric(text, at, speaker)
    if char.isalpha():
        return _first((*speaker.word_recognisers, *_WORDS), text, at)
    if char in "-+±":
        return _signed(text, at, speaker)
    if char == ".":
        return _decimal(text, at, speaker)
    return _first((*speaker.sign_recognisers, money.money, money.phone, network.characters, _unit_alone), text, at)


def _first(recognisers: Sequence[Recogniser], text: str, at: int) -> Found | None:
    for recogniser in recognisers:
        found = recogniser(text, at)
        if found is not None:
            return found
    return None


_NUMERALS = frozenset("一二三四五六七八九十")
_UNMISTAKABLE = frozenset(
    (
        "kWh",
        "MWh",
        "kW",
        "mAh",
        "hPa",
        "kPa",
        "mph",
        "km",
        "cm",
        "kg",
        "km²",
        "Mbps",
        "Gbps",
        "kHz",
        "MHz",
        "GHz",
        "m²",
        "m³",
        "μg",
        "°C",
        "°F",
        "dB",
        "dBm",
    )
)
# Order decides: an address is no version, a date no subtraction, a phone number no range.
_FORMS: Sequence[Recogniser] = (
    network.characters,
    network.address,
    dates.date_range,
    dates.date,
    money.phone,
    network.code,
    network.version,
    network.link,
    dates.year_month,
    dates.time_left,
    dates.time,
    money.money,
    numbers.duration,
    numbers.power,
    numbers.product,
    dates.month_day,
    numbers.fraction,
    numbers.ratio,
    numbers.quantity_range,
    numbers.quantity,
)


def _name(text: str, at: int) -> Found | None:
    """Letters and a number: MP3, COVID-19, H2O."""
    match = _LETTERS_DIGITS.match(text, at)
    return (Name(match["before"], match["number"], match["after"]), match.end()) if match else None


def _unit_alone(text: str, at: int) -> Found | None:
    """Read a unit without a number, where its letters can be nothing else: in kWh."""
    found = read_simple(text, at)
    if found is None or text[at : found[1]] not in _UNMISTAKABLE:
        return None
    per = read_denominator(text, found[1])
    return (Unit(found[0].base, found[0].prefix, per[0]), per[1]) if per else found


_WORDS: Sequence[Recogniser] = (
    network.characters,
    network.link,
    network.entity,
    network.named_version,
    dates.half_first,
    _unit_alone,
    money.money,
    _name,
)


def _numeric(text: str, at: int, speaker: Speaker) -> Found | None:
    """Say a number with a counter of the language, a range of such, letters behind it, or a bare number."""
    return (
        _counted_range(text, at, speaker)
        or _counted(text, at, speaker)
        or numbers.number_range(text, at)
        or _lettered(text, at)
        or numbers.number(text, at)
    )


def _counted(text: str, at: int, speaker: Speaker) -> Found | None:
    found = numbers.read_number(text, at, signed=True)
    return speaker.counted(text, found[1], found[0]) if found else None


def _counted_range(text: str, at: int, speaker: Speaker) -> Found | None:
    found = numbers.signed_range(text, at)
    if found is not None:
        high = speaker.counted(text, found[2], found[1])
        return (Range(found[0], high[0]), high[1]) if high else None
    low = _counted(text, at, speaker)
    until = _UNTIL.match(text, low[1]) if low else None
    end = _counted(text, until.end(), speaker) if until else None
    return (Range(low[0], end[0]), end[1]) if low and end else None


def _lettered(text: str, at: int) -> Found | None:
    match = _DIGITS_LETTERS.match(text, at)
    return (Name("", match["number"], match["after"]), match.end()) if match else None


def _signed(text: str, at: int, speaker: Speaker) -> Found | None:
    """Say a number with its sign; a minus behind a letter or a digit joins or subtracts, it is no sign."""
    before = text[at - 1] if at else " "
    if (before.isascii() and (before.isalnum() or before in "-)")) or text[max(0, at - 2) : at].rstrip(" ")[
        -1:
    ].isdigit():
        return None
    if text.startswith("+", at) and (phone := money.phone(text, at)):
        return phone
    return (
        money.money(text, at)
        or numbers.quantity_range(text, at)
        or numbers.quantity(text, at, signed=True)
        or _counted_range(text, at, speaker)
        or _counted(text, at, speaker)
        or numbers.number_range(text, at)
        or numbers.read_number(text, at, signed=True)
    )


def _decimal(text: str, at: int, speaker: Speaker) -> Found | None:
    """.5 where no digit stands before the point."""
    if at and text[at - 1].isalnum():
        return None
    found = numbers.quantity("0" + text[at : at + 64], 0) or _numeric("0" + text[at : at + 64], 0, speaker)
    return (found[0], found[1] - 1 + at) if found else None

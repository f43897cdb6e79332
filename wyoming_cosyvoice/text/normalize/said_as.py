"""Readings that the writer asks for, as SSML's `say-as` does, instead of the ones that the context suggests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.normalize.recognise.dates import read_time
from wyoming_cosyvoice.text.normalize.recognise.money import CODES
from wyoming_cosyvoice.text.normalize.recognise.numbers import read_number
from wyoming_cosyvoice.text.normalize.roman import roman_number
from wyoming_cosyvoice.text.normalize.scan import scan
from wyoming_cosyvoice.text.normalize.speaker import say
from wyoming_cosyvoice.text.normalize.values import Date, Money, Number, Ordinal, Phone

if TYPE_CHECKING:
    from wyoming_cosyvoice.text.normalize.speaker import Speaker
    from wyoming_cosyvoice.text.normalize.values import Value

_DIGITS = re.compile(r"\d+")
_ORDINAL = re.compile(r"\D{0,4}(\d{1,18})\D{0,8}")
_ORDERS = {"y": "year", "m": "month", "d": "day"}


def said_as(text: str, kind: str, form: str, speaker: Speaker) -> str:
    """Say a folded text as `kind`; what does not fit the kind is read as the scanner reads it."""
    text = text.strip()
    if kind in ("characters", "spell-out", "verbatim"):
        return _characters(text, speaker)
    if kind == "digits":
        return (
            _DIGITS.sub(lambda match: f" {speaker.digits(match[0])} ", text).strip() if _DIGITS.search(text) else text
        )
    value = _value(text, kind, form.lower())
    return say(speaker, value) if value is not None else scan(text, speaker)


def _value(text: str, kind: str, form: str) -> Value | None:
    if kind in ("cardinal", "number"):
        return _number(text)
    if kind == "ordinal":
        match = _ORDINAL.fullmatch(text)
        number = match[1] if match else str(roman_number(text) or "")
        return Ordinal(number) if number else None
    if kind == "date":
        return _date(text, form)
    if kind == "time":
        found = read_time(text, 0)
        return found[0] if found and found[1] == len(text) else None
    if kind == "telephone":
        groups = tuple(_DIGITS.findall(text))
        return Phone(groups, text.startswith("+")) if groups else None
    if kind == "currency" and form.upper() in CODES:
        number = _number(text)
        return Money(number, form.upper()) if number else None
    return None


def _number(text: str) -> Number | None:
    found = read_number(text, 0, signed=True)
    if found and found[1] == len(text):
        return found[0]
    roman = roman_number(text)
    return Number(str(roman)) if roman else None


def _date(text: str, form: str) -> Date | None:
    """Read the numbers of a date in the order that `form` gives (mdy, dmy, ymd, md, ym, y...)."""
    groups = _DIGITS.findall(text)
    if not form or len(groups) != len(form) or not set(form) <= set(_ORDERS) or re.search(r"[A-Za-z]", text):
        return None
    parts = {_ORDERS[letter]: int(group) for letter, group in zip(form, groups, strict=True) if len(group) <= 4}
    if not 1 <= parts.get("month", 1) <= 12 or not 1 <= parts.get("day", 1) <= 31:
        return None
    return Date(parts.get("year"), parts.get("month"), parts.get("day"))


def _characters(text: str, speaker: Speaker) -> str:
    """Name every sign: letters as letters, digits as digits, signs by their names."""
    named = []
    for char in text:
        if char.isascii() and char.isalnum():
            named.append(speaker.characters(char))
        elif char.isalnum():
            named.append(char)
        else:
            named.append(speaker.link_signs.get(char) or speaker.symbols.get(char, ""))
    return " ".join(filter(None, named))

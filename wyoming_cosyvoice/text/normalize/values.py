"""What written forms mean: the values between recognising and saying.

A recogniser turns written text into one of these, a `Speaker` says it in its language. Numbers stay strings of ASCII
digits, so that no size and no leading zero is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

LONGEST_NUMBER = 16
"""Whole parts with more digits than this are read digit by digit: nobody says a larger number otherwise."""


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal number; `sign` is "", "-", "+" or "±", `fraction` the digits after the point."""

    whole: str
    fraction: str = ""
    sign: str = ""

    @property
    def is_one(self) -> bool:
        """Whether a noun after it stands in the singular."""
        return self.whole == "1" and not self.fraction

    @property
    def negative(self) -> bool:
        """Whether it is written with a minus."""
        return self.sign == "-"

    def unsigned(self) -> Number:
        """Say the same without its sign."""
        return replace(self, sign="")

    def shifted(self, places: int) -> Number:
        """Ten to the power of `places` times as much: $1.5M is 1500000 dollars."""
        digits = self.fraction[:places].ljust(places, "0")
        return replace(self, whole=(self.whole + digits).lstrip("0") or "0", fraction=self.fraction[places:])


@dataclass(frozen=True, slots=True)
class Digits:
    """Digits read one by one: codes, room numbers, what is too long for a number."""

    text: str


@dataclass(frozen=True, slots=True)
class Characters:
    """Letters and digits read one by one: addresses of hardware, hexadecimal numbers, serial numbers."""

    text: str


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number in its written groups."""

    groups: tuple[str, ...]
    international: bool = False


@dataclass(frozen=True, slots=True)
class Date:
    """A calendar date; what was not written is None."""

    year: int | None = None
    month: int | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day; `half` is set where the writer said AM or PM."""

    hour: int
    minute: int = 0
    second: int | None = None
    half: Literal["am", "pm"] | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure: keys of `units`, `per` the denominator's ("m" and "h" with prefix "k" in km/h)."""

    base: str
    prefix: str = ""
    per: Unit | None = None

    @property
    def key(self) -> str:
        """The symbol without its denominator."""
        return self.prefix + self.base


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a unit; `single` where the unit is said in the singular whatever the number (a 60 W bulb)."""

    number: Number
    unit: Unit
    single: bool = False


@dataclass(frozen=True, slots=True)
class Duration:
    """Hours, minutes and seconds in a row: 2h 15min."""

    parts: tuple[Quantity, ...]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount; `scale` is the number of zeros written as a letter or word ($1.5M: 6), `per` the unit it buys (/month)."""

    number: Number
    currency: str
    scale: int = 0
    per: Unit | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """A number and the counter or word right behind it that changes how it is read; `date` for a day after a month."""

    number: Number
    counter: str
    date: bool = False


@dataclass(frozen=True, slots=True)
class Fraction:
    """A common fraction, with the whole number before it in 2 1/2, perhaps of a unit."""

    numerator: str
    denominator: str
    whole: str = ""
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Ratio:
    """A score or ratio: 3:2."""

    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Product:
    """A size such as 1920x1080 or 4 x 4, with the unit of the last part."""

    parts: tuple[Number, ...]
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Power:
    """A number to the power of another: 10^6."""

    base: Number
    exponent: Number


@dataclass(frozen=True, slots=True)
class Ordinal:
    """A rank: 3rd."""

    number: str


@dataclass(frozen=True, slots=True)
class Label:
    """A number that names something: #3, No. 5."""

    number: str
    sign: str


@dataclass(frozen=True, slots=True)
class Version:
    """A version number; `named` where a v stood before it."""

    parts: tuple[str, ...]
    named: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """An IPv4 address."""

    parts: tuple[str, ...]
    port: str = ""
    mask: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A web address, e-mail address or path: words and the signs between them, in order."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """Latin letters with a number that belongs to them: MP3, 4K, iPhone 15, 1080p."""

    before: str
    number: str
    after: str = ""

    @property
    def is_short_abbreviation(self) -> bool:
        """Whether it is capitals and what stands behind them: PS5, CO2."""
        return len(self.before) > 1 and self.before.isalpha() and self.before.isupper() and not self.after


@dataclass(frozen=True, slots=True)
class Words:
    """Text that is words already."""

    text: str


@dataclass(frozen=True, slots=True)
class Range:
    """From one value to another of the same kind; a unit or counter stands on `high` alone where it was shared."""

    low: Value
    high: Value


Value = (
    Number
    | Digits
    | Characters
    | Phone
    | Date
    | Time
    | Unit
    | Quantity
    | Duration
    | Money
    | Counted
    | Fraction
    | Ratio
    | Product
    | Power
    | Ordinal
    | Label
    | Version
    | Address
    | Link
    | Name
    | Words
    | Range
)

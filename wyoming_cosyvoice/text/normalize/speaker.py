"""What every language must be able to say; `say` turns any value into words with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from wyoming_cosyvoice.text.normalize.recognise.numbers import quantity, read_number
from wyoming_cosyvoice.text.normalize.values import (
    Address,
    Characters,
    Counted,
    Date,
    Digits,
    Duration,
    Fraction,
    Label,
    Link,
    Money,
    Name,
    Number,
    Ordinal,
    Phone,
    Power,
    Product,
    Quantity,
    Range,
    Ratio,
    Time,
    Unit,
    Value,
    Version,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Recogniser = Callable[[str, int], tuple[Value, int] | None]


class Speaker(ABC):
    """The words of one language for every kind of value, and the written forms that only it has."""

    symbols: ClassVar[Mapping[str, str]]
    """Signs that are said as words where they stand alone."""

    glue: ClassVar[str]
    """What stands between two words: a space, or nothing in Chinese and Japanese."""

    every: ClassVar[str]
    """What is said before the denominator of a unit."""

    to: ClassVar[str]
    """What stands between the ends of a range."""

    link_signs: ClassVar[Mapping[str, str]]
    """Signs inside addresses: dot, at, slash, colon..."""

    @property
    @abstractmethod
    def recognisers(self) -> Sequence[Recogniser]:
        """The forms of this language at a digit, tried before the shared ones."""

    @property
    def word_recognisers(self) -> Sequence[Recogniser]:
        """The forms of this language at the beginning of a Latin word."""
        return ()

    @property
    def sign_recognisers(self) -> Sequence[Recogniser]:
        """The forms of this language at a sign such as #."""
        return ()

    def write(self, words: str) -> str:
        """Write words as the script of the text asks."""
        return words

    def equals(self, before: str) -> tuple[str, bool]:
        """Say = behind a word that ends in `before`; the flag says whether it is attached to that word."""
        del before
        return self.symbols["="], False

    def per(self, text: str, at: int) -> str:
        """Say the slash at `at` where it stands before what a price or speed is for (5元/斤), else nothing."""
        del text, at
        return ""

    def until(self) -> tuple[str, bool]:
        """Say the ~ between two words (周一~周五), with the same flag."""
        return self.to, False

    def counted(self, text: str, at: int, number: Number) -> tuple[Value, int] | None:
        """Read the counter behind a number that ends at `at`, if this language knows it."""
        del text, at, number
        return None

    @abstractmethod
    def number(self, number: Number) -> str:
        """Say a decimal number, with its sign."""

    @abstractmethod
    def digits(self, text: str) -> str:
        """Digits one by one."""

    def characters(self, text: str) -> str:
        """Letters and digits one by one; letters in capitals, so that no frontend reads them as a word."""
        return " ".join(self.digits(char) if char.isdigit() else char.upper() for char in text)

    def phone(self, phone: Phone) -> str:
        """Say a phone number with a short pause between its groups."""
        said = ", ".join(self.digits(group) for group in phone.groups)
        return f"{self.symbols['+']}{self.glue}{said}" if phone.international else said

    @abstractmethod
    def year(self, year: str) -> str:
        """Say a year without the word for it."""

    @abstractmethod
    def date(self, date: Date) -> str:
        """Say a date of which some parts may be missing."""

    @abstractmethod
    def time(self, time: Time) -> str:
        """Say a time of day."""

    @abstractmethod
    def quantity(self, quantity: Quantity) -> str:
        """Say a number of a unit."""

    @abstractmethod
    def unit(self, unit: Unit) -> str:
        """Say a unit alone."""

    def rate(self, unit: Unit, per: Unit) -> str:
        """Say a unit of another, without a number."""
        return f"{self.unit(unit)}{self.glue}{self.every}{self.glue}{self.unit(per)}"

    @abstractmethod
    def money(self, money: Money) -> str:
        """Say an amount of money."""

    @abstractmethod
    def price(self, money: Money, per: Unit) -> str:
        """Say an amount of money for one of something."""

    def count(self, counted: Counted) -> str:
        """Say a number with its counter."""
        return self.number(counted.number) + counted.counter

    @abstractmethod
    def fraction(self, fraction: Fraction) -> str:
        """Say a common fraction."""

    def part(self, fraction: Fraction, unit: Unit) -> str:
        """Say a fraction of a unit."""
        return f"{self.fraction(fraction)}{self.glue}{self.unit(unit)}"

    @abstractmethod
    def ratio(self, ratio: Ratio) -> str:
        """Say a score or ratio."""

    @abstractmethod
    def product(self, product: Product) -> str:
        """Say a size of several lengths."""

    @abstractmethod
    def power(self, power: Power) -> str:
        """Say a number to the power of another."""

    @abstractmethod
    def ordinal(self, number: str) -> str:
        """Say a rank."""

    @abstractmethod
    def label(self, label: Label) -> str:
        """Say a number that names something."""

    @abstractmethod
    def version(self, version: Version) -> str:
        """Say a version number."""

    def address(self, address: Address) -> str:
        """Say an IP address, digit by digit: the reading that nobody mishears."""
        dot = self.link_signs["."]
        said = self._joined(dot, [self.digits(part) for part in address.parts])
        if address.mask:
            said = self._joined(self.link_signs["/"], [said, self.number(Number(address.mask))])
        if address.port:
            said = self._joined(self.link_signs[":"], [said, self.digits(address.port)])
        return said

    def _joined(self, sign: str, parts: list[str]) -> str:
        return f"{self.glue}{sign}{self.glue}".join(parts)

    def link(self, link: Link) -> str:
        """Say a web or e-mail address: words as words, signs by name, short numbers as numbers."""
        return " ".join(self._link_part(part) for part in link.parts).strip()

    def _link_part(self, part: str) -> str:
        if part.isascii() and part.isdigit():
            return self.digits(part) if len(part) > 2 or part.startswith("0") else self.number(Number(part))
        if part.isascii() and part.isalpha():
            return part
        return self.link_signs.get(part, self.symbols.get(part, ""))

    @abstractmethod
    def name(self, name: Name) -> str:
        """Letters with their number."""

    @abstractmethod
    def range(self, low: Value, high: Value) -> str:
        """From one value to another."""


def bound(speaker: Speaker, words: Mapping[str, str], text: str, at: int) -> tuple[Value, int] | None:
    """Read a comparison whose word stands behind the number: <5, ≥ 20%; not 2>1."""
    if text[at] not in words or text[max(0, at - 2) : at].strip()[-1:].isalnum():
        return None
    start = at + 1 + text.startswith(" ", at + 1)
    found = quantity(text, start, signed=True) or read_number(text, start, signed=True)
    return (Words(f"{say(speaker, found[0])}{speaker.glue}{words[text[at]]}"), found[1]) if found else None


def say(speaker: Speaker, value: Value) -> str:  # noqa: PLR0912 - one line for each kind of value
    """Say any value in the speaker's language."""
    match value:
        case Number():
            return speaker.number(value)
        case Digits():
            return speaker.digits(value.text)
        case Characters():
            return speaker.characters(value.text)
        case Phone():
            return speaker.phone(value)
        case Date():
            return speaker.date(value)
        case Time():
            return speaker.time(value)
        case Unit():
            return speaker.unit(value) if value.per is None else speaker.rate(value, value.per)
        case Quantity():
            return speaker.quantity(value)
        case Duration():
            return speaker.glue.join(speaker.quantity(part) for part in value.parts)
        case Money():
            return speaker.money(value) if value.per is None else speaker.price(value, value.per)
        case Counted():
            return speaker.count(value)
        case Fraction():
            return speaker.fraction(value) if value.unit is None else speaker.part(value, value.unit)
        case Ratio():
            return speaker.ratio(value)
        case Product():
            return speaker.product(value)
        case Power():
            return speaker.power(value)
        case Ordinal():
            return speaker.ordinal(value.number)
        case Label():
            return speaker.label(value)
        case Version():
            return speaker.version(value)
        case Address():
            return speaker.address(value)
        case Link():
            return speaker.link(value)
        case Name():
            return speaker.name(value)
        case Words():
            return value.text
        case Range():
            return speaker.range(value.low, value.high)

"""English: years in pairs, singular and plural, ordinals, months by name, o'clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from wyoming_cosyvoice.text.normalize import english_calendar as calendar
from wyoming_cosyvoice.text.normalize import english_forms as forms
from wyoming_cosyvoice.text.normalize import english_short as short
from wyoming_cosyvoice.text.normalize import numerals_english as numerals
from wyoming_cosyvoice.text.normalize.english_words import (
    CUBED,
    CURRENCIES,
    LINK_SIGNS,
    MONTHS,
    NAMES,
    PREFIXES,
    SQUARED,
    SYMBOLS,
    UNITS,
)
from wyoming_cosyvoice.text.normalize.speaker import Speaker, say
from wyoming_cosyvoice.text.normalize.values import (
    Counted,
    Date,
    Fraction,
    Label,
    Money,
    Name,
    Number,
    Power,
    Product,
    Quantity,
    Ratio,
    Time,
    Unit,
    Value,
    Version,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wyoming_cosyvoice.text.normalize.speaker import Recogniser

_FULL_SCORES = ("25", "30", "40", "50", "60", "100", "1000")


class English(Speaker):
    """American English in number words, without "and"."""

    glue: ClassVar[str] = " "
    every: ClassVar[str] = "per"
    to: ClassVar[str] = "to"
    symbols: ClassVar[Mapping[str, str]] = SYMBOLS
    link_signs: ClassVar[Mapping[str, str]] = LINK_SIGNS

    @property
    def recognisers(self) -> Sequence[Recogniser]:
        """Ordinals, years, dates with month names, rooms, codes, feet and inches."""
        return (*calendar.AT_DIGITS, *forms.AT_DIGITS)

    @property
    def word_recognisers(self) -> Sequence[Recogniser]:
        """Month names, abbreviations, Roman numerals, No. 5."""
        return (*calendar.AT_WORDS, *short.AT_WORDS)

    @property
    def sign_recognisers(self) -> Sequence[Recogniser]:
        """#3, '90s."""
        return (*short.AT_SIGNS, *calendar.AT_SIGNS)

    def number(self, number: Number) -> str:
        """Minus twelve point five."""
        said = numerals.cardinal(number.whole)
        if number.fraction:
            said += f" point {numerals.one_by_one(number.fraction)}"
        sign = {"": "", "-": "minus ", "+": "plus ", "±": "plus or minus "}[number.sign]
        return sign + said

    def digits(self, text: str) -> str:
        """Zero one two."""
        return numerals.one_by_one(text)

    def year(self, year: str) -> str:
        """Twenty twenty-six."""
        return numerals.year(year)

    def date(self, date: Date) -> str:
        """November twenty-third, twenty twenty-six."""
        month = MONTHS[date.month - 1] if date.month else ""
        day = numerals.ordinal(str(date.day)) if date.day is not None else ""
        said = f"{month} {day}".strip()
        if date.year is None:
            return said
        year = self.year(str(date.year))
        return f"{said}, {year}" if day else f"{said} {year}"

    def time(self, time: Time) -> str:
        """Nine thirty, nine o'clock, eighteen forty-two, seventeen hundred, nine AM."""
        hour = self.number(Number(str(time.hour)))
        half = f" {time.half.upper()}" if time.half else ""
        if time.minute:
            oh = "oh " if time.minute < 10 else ""
            said = f"{hour} {oh}{self.number(Number(str(time.minute)))}"
        elif time.half:
            said = hour
        elif time.hour in (0, 24):
            said = "midnight"
        else:
            said = f"{hour} hundred" if time.hour > 12 else f"{hour} o'clock"
        if time.second is not None:
            noun = "second" if time.second == 1 else "seconds"
            said += f" and {self.number(Number(str(time.second)))} {noun}"
        return said + half

    def unit(self, unit: Unit) -> str:
        """Kilometers per hour."""
        return self._unit(unit, single=False)

    def _unit(self, unit: Unit, *, single: bool) -> str:
        if unit.base in ("m²", "m³") and unit.prefix:
            name = (SQUARED if unit.base == "m²" else CUBED)[unit.prefix] + ("" if single else "s")
        else:
            name = PREFIXES.get(unit.prefix, unit.prefix) + UNITS[unit.base][0 if single else 1]
        return f"{name} per {self._unit(unit.per, single=True)}" if unit.per else name

    def quantity(self, quantity: Quantity) -> str:
        """Twenty-one point five degrees Celsius, one kilogram, fifty percent."""
        single = quantity.single or quantity.number.is_one
        return f"{self.number(quantity.number)} {self._unit(quantity.unit, single=single)}"

    def money(self, money: Money) -> str:
        """Nineteen dollars and ninety-nine cents, one point five million dollars."""
        one, many, cent, cents = CURRENCIES.get(money.currency, (money.currency,) * 2 + ("", ""))
        number = money.number
        if money.scale:
            scale = {3: "thousand", 6: "million", 9: "billion", 12: "trillion"}[money.scale]
            return f"{self.number(number)} {scale} {many}"
        if len(number.fraction) != 2 or not cent or number.sign == "±":
            return f"{self.number(number)} {one if number.is_one else many}"
        small = numerals.cardinal(str(int(number.fraction)))
        part = f"{small} {cent if number.fraction == '01' else cents}"
        sign = "minus " if number.negative else ""
        if number.whole.strip("0") == "":
            return sign + part
        whole = f"{numerals.cardinal(number.whole)} {one if number.whole == '1' else many}"
        return sign + (whole if number.fraction == "00" else f"{whole} and {part}")

    def price(self, money: Money, per: Unit) -> str:
        """Say five dollars per month."""
        return f"{self.money(money)} per {self._unit(per, single=True)}"

    def count(self, counted: Counted) -> str:
        """Five o'clock."""
        return f"{self.number(counted.number)} {counted.counter}"

    def fraction(self, fraction: Fraction) -> str:
        """One half, three quarters, two and a half, five sixteenths."""
        top, bottom = fraction.numerator, fraction.denominator
        if not fraction.whole and len(top) > 1 and bottom in _FULL_SCORES:
            return f"{numerals.cardinal(top)} out of {numerals.cardinal(bottom)}"
        many = top != "1"
        if bottom == "2":
            part = "one half"
        elif bottom == "4":
            part = f"{numerals.cardinal(top)} quarter{'s' if many else ''}"
        else:
            part = f"{numerals.cardinal(top)} {numerals.ordinal(bottom)}{'s' if many else ''}"
        if not fraction.whole:
            return part
        if top == "1" and bottom in ("2", "4"):
            part = "a" + part[3:]
        return f"{numerals.cardinal(fraction.whole)} and {part}"

    def part(self, fraction: Fraction, unit: Unit) -> str:
        """Say three quarters of a teaspoon, half a liter, one and a half kilograms."""
        said = self.fraction(fraction)
        if fraction.whole:
            return f"{said} {self.unit(unit)}"
        name = self._unit(unit, single=True)
        article = "an" if name[0] in "aeiou" or name.startswith("hour") else "a"
        return f"half {article} {name}" if said == "one half" else f"{said} of {article} {name}"

    def ratio(self, ratio: Ratio) -> str:
        """Three to two."""
        return f"{numerals.cardinal(ratio.left)} to {numerals.cardinal(ratio.right)}"

    def product(self, product: Product) -> str:
        """Nineteen twenty by ten eighty."""
        said = " by ".join(
            numerals.pairs(part.whole) if len(part.whole) == 4 and not part.fraction else self.number(part)
            for part in product.parts
        )
        return f"{said} {self.unit(product.unit)}" if product.unit else said

    def power(self, power: Power) -> str:
        """Say ten to the power of six, ten squared."""
        if power.exponent in (Number("2"), Number("3")):
            return f"{self.number(power.base)} {'squared' if power.exponent.whole == '2' else 'cubed'}"
        return f"{self.number(power.base)} to the power of {self.number(power.exponent)}"

    def ordinal(self, number: str) -> str:
        """Twenty-second."""
        return numerals.ordinal(number)

    def label(self, label: Label) -> str:
        """Say number twelve."""
        return f"number {numerals.cardinal(label.number)}"

    def version(self, version: Version) -> str:
        """Version twenty twenty-six point eleven point two."""
        parts = [self.year(part) if len(part) == 4 else numerals.cardinal(part) for part in version.parts]
        return ("version " if version.named else "") + " point ".join(parts)

    def name(self, name: Name) -> str:
        """MP three, four K, ten eighty P, RTX forty ninety."""
        written = name.before + name.number + name.after
        if written in NAMES:
            return NAMES[written]
        whole, _, decimals = name.number.partition(".")
        if len(whole) > 4 or whole.startswith("0"):
            said = numerals.one_by_one(whole)
        elif len(whole) > 2 and not whole.endswith("00"):
            said = numerals.pairs(whole)
        else:
            said = numerals.cardinal(whole)
        if decimals:
            said += f" point {numerals.one_by_one(decimals)}"
        after = "times" if name.after == "x" and not name.before else name.after
        after = after.upper() if len(after) == 1 else after
        return " ".join(filter(None, (name.before, said, after)))

    def range(self, low: Value, high: Value) -> str:
        """Twenty to twenty-five degrees Celsius, nine to seventeen hundred."""
        if isinstance(low, Quantity) and isinstance(high, Quantity) and low.unit == high.unit:
            low = low.number
        if isinstance(low, Time) and low.half is None and not low.minute and 0 < low.hour <= 12:
            return f"{self.number(Number(str(low.hour)))} to {say(self, high)}"
        return f"{say(self, low)} to {say(self, high)}"

"""Mandarin: 二 and 两, 幺 in phone numbers, years digit by digit, 百分之 before its number."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from wyoming_cosyvoice.text.normalize import mandarin_words as words
from wyoming_cosyvoice.text.normalize.mandarin_forms import (
    CENTIMETRES,
    COUNTER,
    DAY,
    DEGREE,
    LONG_AGO,
    PER_BEFORE,
    PER_BEHIND,
    YEAR,
    YEARS,
    asked_digits,
    discount,
    generation,
    label,
    named_by_digits,
    score,
)
from wyoming_cosyvoice.text.normalize.numerals_chinese import Numerals
from wyoming_cosyvoice.text.normalize.speaker import Speaker, say
from wyoming_cosyvoice.text.normalize.values import (
    Counted,
    Date,
    Fraction,
    Label,
    Money,
    Name,
    Number,
    Phone,
    Power,
    Product,
    Quantity,
    Ratio,
    Time,
    Unit,
    Value,
    Version,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wyoming_cosyvoice.text.normalize.speaker import Recogniser


class Mandarin(Speaker):
    """Mandarin in simplified characters."""

    glue: ClassVar[str] = ""
    numerals = Numerals("零一二三四五六七八九", ("", "万", "亿", "万亿"), pair="两", pair_before="百千万亿万亿")
    over_phone: ClassVar[dict[int, int]] = str.maketrans("一", "幺")
    point, minus, below_zero, percent_of, per_mille_of, of_parts = "点", "负", "零下", "百分之", "千分之", "分之"
    to: ClassVar[str] = "到"
    every: ClassVar[str] = "每"
    ratio_word, whole_and, rank, of = "比", "又", "第", "的"
    times_word, number_word, version_word = "乘", "号", "版本"
    hour_word, minute_word, second_word = "点", "分", "秒"
    year_word, month_word, day_word = "年", "月", "日"
    halves: ClassVar[Mapping[str, str]] = {
        "am": "上午",
        "pm": "下午",
        "night": "晚上",
        "midnight": "凌晨",
        "noon": "中午",
    }
    symbols: ClassVar[Mapping[str, str]] = words.SYMBOLS
    link_signs: ClassVar[Mapping[str, str]] = words.LINK_SIGNS
    prefixes: ClassVar[Mapping[str, str]] = words.PREFIXES
    bases: ClassVar[Mapping[str, str]] = words.BASES
    units: ClassVar[Mapping[str, str]] = words.UNITS
    celsius, fahrenheit = "摄氏度", "华氏度"
    currencies: ClassVar[Mapping[str, str]] = words.CURRENCIES
    names: ClassVar[Mapping[str, str]] = words.NAMES

    @property
    def recognisers(self) -> Sequence[Recogniser]:
        """Codes and phone numbers by the words around them, rooms, scores, clock hours."""
        return (
            asked_digits,
            score,
            named_by_digits,
            self._years,
            generation,
            discount,
            self._height,
        )

    @property
    def sign_recognisers(self) -> Sequence[Recogniser]:
        """#3."""
        return (label,)

    @property
    def word_recognisers(self) -> Sequence[Recogniser]:
        """No. 5."""
        return (label,)

    # -- written forms of this language

    def _years(self, text: str, at: int) -> tuple[Value, int] | None:
        """2022-2023赛季, 2021级: years before other words than 年."""
        match = YEARS.match(text, at)
        if match is None:
            return None
        said = self.to.join(self.year(part) for part in match.groups() if part)
        return Words(said), match.end()

    def _height(self, text: str, at: int) -> tuple[Value, int] | None:
        """1米75 is 一米七五."""
        match = CENTIMETRES.match(text, at)
        return (Words(self.year(match[0])), match.end()) if match else None

    def per(self, text: str, at: int) -> str:
        """五元每斤, 一百公里每小时."""
        found = PER_BEHIND.match(text, at + 1)
        return self.every if found and PER_BEFORE.search(text[max(0, at - 16) : at]) else ""

    def counted(self, text: str, at: int, number: Number) -> tuple[Value, int] | None:
        """Years digit by digit, 两 before counters, 零下 with degrees, 万 and 亿 behind digits."""
        year = YEAR.match(text, at)
        if year and self._is_year(text, at, number):
            return Counted(number, self.year_word, date=True), year.end()
        degree = DEGREE.match(text, at)
        if degree:
            return Counted(number, "度"), degree.end()
        day = DAY.match(text, at)
        if day:
            return Counted(number, day[0].strip(), date=True), day.end()
        start = at + text.startswith(" ", at)
        match = COUNTER.match(text, start)
        if match and match[0] == "年" and text[match.end() : match.end() + 1] in ("级", "級"):
            return None  # 2年级 is 二年级
        if match and text[max(0, at - len(number.whole) - 2) : at - len(number.whole)].strip()[-1:] == self.rank:
            return Counted(number, match[0], date=True), match.end()  # 第2天 is 第二天
        return (Counted(number, match[0]), match.end()) if match else None

    def _is_year(self, text: str, at: int, number: Number) -> bool:
        if number.fraction or number.sign:
            return False
        if len(number.whole) == 2:
            return number.whole.startswith("0")
        if len(number.whole) != 4 or (number.whole.endswith("000") and number.whole != "2000"):
            return False
        return not LONG_AGO.search(text[max(0, at - 7) : at - 4])

    # -- words

    def number(self, number: Number) -> str:
        """负二点五."""
        sign = {"": "", "-": self.minus, "+": self.symbols["+"], "±": self.symbols["±"]}[number.sign]
        said = self.numerals.spell(number.whole)
        if number.fraction:
            said += self.point + self.numerals.one_by_one(number.fraction)
        return sign + said

    def digits(self, text: str) -> str:
        """One by one, 一 as 幺 where it could be misheard."""
        return self.numerals.one_by_one(text).translate(self.over_phone)

    def phone(self, phone: Phone) -> str:
        """Say groups with a short pause; 加八六 before a national number."""
        said = "，".join(self.digits(group) for group in phone.groups)
        return self.symbols["+"] + said if phone.international else said

    def year(self, year: str) -> str:
        """Digit by digit, 零 for every zero."""
        return self.numerals.one_by_one(year)

    def date(self, date: Date) -> str:
        """二零二六年十一月二十三日."""
        said = f"{self.year(str(date.year))}{self.year_word}" if date.year is not None else ""
        if date.month is not None:
            said += self.numerals.spell(str(date.month)) + self.month_word
        if date.day is not None:
            said += self.numerals.spell(str(date.day)) + self.day_word
        return said

    def time(self, time: Time) -> str:
        """十四点三十分, 九点零五分, 上午九点."""
        hour = time.hour
        said = self._half(time) + self._paired(str(hour)) + self.hour_word
        if time.minute or time.second is not None:
            zero = self.numerals.digits[0] if time.minute < 10 else ""
            said += (zero if time.minute else "") + self.numerals.spell(str(time.minute)) + self.minute_word
        if time.second is not None:
            said += self.numerals.spell(str(time.second)) + self.second_word
        return said

    def _half(self, time: Time) -> str:
        if time.half is None:
            return ""
        if time.half == "am":
            return self.halves["midnight" if time.hour == 12 else "am"]
        if time.hour == 12:
            return self.halves["noon"]
        return self.halves["night" if time.hour >= 6 else "pm"]

    def _paired(self, whole: str) -> str:
        return self.numerals.pair if whole == "2" else self.numerals.spell(whole)

    def unit(self, unit: Unit) -> str:
        """千瓦时; a unit that Chinese has no word for keeps its letters (GB)."""
        if unit.key in self.units:
            return self.units[unit.key]
        if unit.base in ("°C", "°F"):
            return self.celsius if unit.base == "°C" else self.fahrenheit
        if unit.base == "km/h":
            return self.units["km"]
        if unit.base == "mph":
            return self.bases["mi"]
        return self.prefixes.get(unit.prefix, unit.prefix) + self.bases.get(unit.base, unit.base)

    def quantity(self, quantity: Quantity) -> str:
        """二十五摄氏度, 百分之五十, 每小时一百二十公里."""
        number, unit = quantity.number, quantity.unit
        if unit.base == "%":
            return self._percent(number)
        if unit.base == "‰":
            return self._signed(number) + self.per_mille_of + self.number(number.unsigned())
        if unit.base in ("°C", "°F", "°"):
            return self._temperature(number, unit)
        per = Unit("h") if unit.base in ("km/h", "mph") else unit.per
        amount = self._amount(number) + self.unit(unit)
        return self.every + self.unit(per) + amount if per is not None else amount

    def _percent(self, number: Number) -> str:
        whole = "百" if number.whole == "100" and not number.fraction else self.number(number.unsigned())
        return self._signed(number) + self.percent_of + whole

    def _signed(self, number: Number) -> str:
        return self.number(Number("0", "", number.sign))[:-1] if number.sign else ""

    def _temperature(self, number: Number, unit: Unit) -> str:
        below = self.below_zero if number.negative else ""
        kept = number.unsigned() if number.negative else number
        return below + self._amount(kept) + self.unit(unit)

    def _amount(self, number: Number) -> str:
        """Say a number before a noun: 两 for two."""
        if number.whole == "2" and not number.fraction:
            return self._signed(number) + self.numerals.pair
        return self.number(number)

    def money(self, money: Money) -> str:
        """十九点九九美元."""
        number = money.number.shifted(money.scale) if money.scale else money.number
        number = replace(number, fraction=number.fraction.rstrip("0"))
        return self._amount(number) + self.currencies.get(money.currency, money.currency)

    def price(self, money: Money, per: Unit) -> str:
        """每月五美元."""
        return f"{self.every}{self.unit(per)}{self.money(money)}"

    def count(self, counted: Counted) -> str:
        """两个, 零下五度, 二零二六年."""
        number, counter = counted.number, counted.counter
        if counted.date and counter == self.year_word:
            return self.year(number.whole) + counter
        if counted.date:
            return self.number(number) + counter
        if counter in ("元", "块钱", "塊錢", "港元", "美元"):
            number = replace(number, fraction=number.fraction.rstrip("0"))
        if counter == "度" and number.negative:
            return self.below_zero + self._amount(number.unsigned()) + counter
        return self._amount(number) + counter

    def fraction(self, fraction: Fraction) -> str:
        """四分之三, 二又二分之一."""
        if fraction.denominator in ("100", "1000") and not fraction.whole:
            of_parts = self.percent_of if fraction.denominator == "100" else self.per_mille_of
            return of_parts + self.numerals.spell(fraction.numerator)
        said = self.numerals.spell(fraction.denominator) + self.of_parts + self.numerals.spell(fraction.numerator)
        return self.numerals.spell(fraction.whole) + self.whole_and + said if fraction.whole else said

    def ratio(self, ratio: Ratio) -> str:
        """三比二."""
        return self.numerals.spell(ratio.left) + self.ratio_word + self.numerals.spell(ratio.right)

    def product(self, product: Product) -> str:
        """一九二零乘一零八零, 三米乘四米."""
        unit = self.unit(product.unit) if product.unit else ""
        return self.times_word.join(self._side(part) + unit for part in product.parts)

    def _side(self, part: Number) -> str:
        return self.numerals.one_by_one(part.whole) if len(part.whole) > 2 and not part.fraction else self.number(part)

    def power(self, power: Power) -> str:
        """十的六次方."""
        return f"{self.number(power.base)}{self.of}{self.number(power.exponent)}次方"

    def ordinal(self, number: str) -> str:
        """第三."""
        return self.rank + self.numerals.spell(number)

    def label(self, label: Label) -> str:
        """三号."""
        return self.numerals.spell(label.number) + self.number_word

    def version(self, version: Version) -> str:
        """版本二零二六点十一点二."""
        parts = [self.year(part) if len(part) == 4 else self.numerals.spell(part) for part in version.parts]
        return (self.version_word if version.named else "") + self.point.join(parts)

    def name(self, name: Name) -> str:
        """MP三, iPhone十五; three digits and more one by one: A一零零."""
        written = name.before + name.number + name.after
        if written in self.names:
            return self.names[written]
        whole, _, decimals = name.number.partition(".")
        # A380, 1080p and 802.11ax go digit by digit, 100M and 256G are amounts.
        named = name.before or name.after in ("p", "P", "i") or decimals
        said = self.digits(whole) if named and len(whole) > 2 else self.numerals.spell(whole)
        if decimals:
            said += self.point + self.numerals.one_by_one(decimals)
        return name.before + said + name.after.upper()

    def range(self, low: Value, high: Value) -> str:
        """二十到二十五摄氏度, 零下五摄氏度到三摄氏度, 百分之五到百分之十."""
        if isinstance(low, Number):
            low = self._with_unit(low, high)
        said = self._amount(low) if isinstance(low, Number) else say(self, low)
        return said + self.to + say(self, high)

    def _with_unit(self, low: Number, high: Value) -> Value:
        """Give the low end the unit of the high end where it must be said twice."""
        if isinstance(high, Quantity):
            of_parts = high.unit.base in ("%", "‰")
            crossing = low.negative and not high.number.negative
            return Quantity(low, high.unit) if of_parts or crossing else low
        if isinstance(high, Counted) and high.date and high.counter == self.year_word:
            return Words(self.year(low.whole))
        if isinstance(high, Counted) and high.date:
            return Words(self.number(low))
        if isinstance(high, Number):
            return Words(self.number(low))
        return low

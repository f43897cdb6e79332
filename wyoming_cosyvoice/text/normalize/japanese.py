"""Japanese: counters with their sounds, days with their names, 時速 before speeds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from wyoming_cosyvoice.text.normalize import japanese_words as words
from wyoming_cosyvoice.text.normalize import numerals_japanese as numerals
from wyoming_cosyvoice.text.normalize.speaker import Speaker, bound, say
from wyoming_cosyvoice.text.normalize.values import (
    Counted,
    Date,
    Digits,
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

_COUNTER = re.compile("|".join(sorted(map(re.escape, numerals.COUNTERS), key=len, reverse=True)))
_LABEL = re.compile(r"(?:#|No\. ?|NO\. ?)(\d{1,6})(?![\d.])")
_DIGITS_ASKED = re.compile(
    r"(?:電話番号|電話|番号|暗証番号|パスワード|コード|内線|口座番号|会員番号|郵便番号|〒|認証コード|PIN)(?:は|が|を|:|：|、)? ?$",
    re.IGNORECASE,
)
_RUN = re.compile(r"\d{3,32}(?:[ -]\d{2,8}){0,4}(?![\d%]|[.,:/]\d)")
_POSTAL = re.compile(r"\d{3}-\d{4}(?![\d-])")
_EMERGENCY = re.compile(r"(?:110|119|118|117|171|104)(?=番|に(?:電話|通報|かけ))")
# 1日から is ついたちから, 1日に3回 is いちにちに.
_DATED = re.compile(r"(?:から|まで|付|発|号|午前|午後|[月火水木金土日]曜)")
_BOUNDS = {"<": "未満", ">": "超", "≤": "以下", "≥": "以上"}
_SCORE = re.compile(r"(\d{1,3})[-–](\d{1,3})(?=で(?:勝|敗|負|快|引|逆転|リード)|の(?:勝|敗|引))")
_BLOCK = re.compile(r"\d{1,4}(?:-\d{1,4}){2,3}(?![\d-])")
_GUESS = re.compile(r"(?<![\d月])([2-9])、([2-9])日(?!目)")
_PARTS_OF = re.compile(r"(\d{1,4})分の(\d{1,4})(?!\d)")


class Japanese(Speaker):
    """Japanese in kanji and kana."""

    glue: ClassVar[str] = ""
    every: ClassVar[str] = "毎"
    to: ClassVar[str] = "から"
    symbols: ClassVar[Mapping[str, str]] = words.SYMBOLS
    link_signs: ClassVar[Mapping[str, str]] = words.LINK_SIGNS
    prefixes: ClassVar[Mapping[str, str]] = words.PREFIXES
    bases: ClassVar[Mapping[str, str]] = words.BASES
    areas: ClassVar[Mapping[str, str]] = words.AREAS
    speeds: ClassVar[Mapping[str, str]] = words.SPEEDS
    currencies: ClassVar[Mapping[str, tuple[str, str]]] = words.CURRENCIES
    names: ClassVar[Mapping[str, str]] = words.NAMES

    @property
    def recognisers(self) -> Sequence[Recogniser]:
        """Codes by the words around them, fractions in words."""
        return (_asked_digits, _parts_of, _score, _block, _days)

    @property
    def sign_recognisers(self) -> Sequence[Recogniser]:
        """#3."""
        return (_label, self._bound)

    @property
    def word_recognisers(self) -> Sequence[Recogniser]:
        """No. 5."""
        return (_label,)

    def _bound(self, text: str, at: int) -> tuple[Value, int] | None:
        """<5 is 五未満."""
        return bound(self, _BOUNDS, text, at)

    def counted(self, text: str, at: int, number: Number) -> tuple[Value, int] | None:
        """Say the counter behind a number, one space allowed; a day behind a month is a date."""
        match = _COUNTER.match(text, at + text.startswith(" ", at))
        if match is None:
            return None
        start = at - len(number.whole)
        dated = text[max(0, start - 1) : start] == "月" or _DATED.match(text, match.end()) is not None
        return Counted(number, match[0], date=dated), match.end()

    def number(self, number: Number) -> str:
        """マイナス二十三点五."""
        said = numerals.decimal(number.whole, number.fraction) if number.fraction else numerals.spell(number.whole)
        return {"": "", "-": "マイナス", "+": "プラス", "±": "プラスマイナス"}[number.sign] + said

    def digits(self, text: str) -> str:
        """ゼロサン."""
        return numerals.one_by_one(text)

    def phone(self, phone: Phone) -> str:
        """ゼロサンの、イチニサンヨンの、ゴロクナナハチ."""
        said = "の、".join(self.digits(group) for group in phone.groups)
        return f"プラス{said}" if phone.international else said

    def year(self, year: str) -> str:
        """二千二十六."""
        return numerals.spell(year)

    def date(self, date: Date) -> str:
        """二千二十六年十一月二十三日."""
        said = numerals.counted(str(date.year), "年") if date.year is not None else ""
        if date.month is not None:
            said += numerals.counted(str(date.month), "月")
        if date.day is not None:
            said += numerals.counted(str(date.day), "日", after_month=True)
        return said

    def time(self, time: Time) -> str:
        """くじ, 十八時四十二分, 午後三時さんじゅっぷん."""
        said = {"am": "午前", "pm": "午後", None: ""}[time.half] + numerals.counted(str(time.hour), "時")
        if time.minute or time.second is not None:
            said += numerals.counted(str(time.minute), "分")
        if time.second is not None:
            said += numerals.counted(str(time.second), "秒")
        return said

    def unit(self, unit: Unit) -> str:
        """キロワットアワー."""
        if unit.base in ("m²", "m³") and unit.prefix:
            return self.areas[unit.key]
        return self.prefixes.get(unit.prefix, unit.prefix) + self.bases.get(unit.base, unit.base)

    def quantity(self, quantity: Quantity) -> str:
        """二十五度, 時速三十二キロメートル, 三十五マイクログラム毎立方メートル."""
        number, unit = quantity.number, quantity.unit
        if unit.base == "°F":
            return f"華氏{self._counted(number, '度')}"
        name = self.unit(unit)
        amount = self._counted(number, name)
        if unit.base in ("km/h", "mph"):
            return f"時速{amount}"
        if unit.per is None:
            return amount
        if unit.base in ("m", "mi") and unit.per.base in self.speeds:
            return f"{self.speeds[unit.per.base]}{amount}"
        return f"{amount}毎{self._denominator(unit.per)}"

    def _denominator(self, unit: Unit) -> str:
        return {"h": "時", "min": "分", "s": "秒"}.get(unit.key) or self.unit(unit)

    def rate(self, unit: Unit, per: Unit) -> str:
        """キロメートル毎時."""
        return f"{self.unit(unit)}毎{self._denominator(per)}"

    def _counted(self, number: Number, counter: str) -> str:
        if number.fraction or counter not in numerals.COUNTERS:
            return self.number(number) + counter
        sign = {"": "", "-": "マイナス", "+": "プラス", "±": "プラスマイナス"}[number.sign]
        return sign + numerals.counted(number.whole, counter)

    def money(self, money: Money) -> str:
        """千九百八十円, 四ドル五十セント."""
        number = money.number.shifted(money.scale) if money.scale else money.number
        whole, part = self.currencies.get(money.currency, (money.currency, ""))
        if len(number.fraction) != 2 or not part:
            return self._counted(number, whole)
        rest = numerals.spell(str(int(number.fraction))) + part
        sign = "マイナス" if number.negative else ""
        if number.whole == "0":
            return sign + rest
        said = sign + numerals.spell(number.whole) + whole
        return said if number.fraction == "00" else said + rest

    def price(self, money: Money, per: Unit) -> str:
        """一か月あたり五ドル would need a counter for every unit; 五ドル毎月 is what is read off a sheet."""
        return f"{self.money(money)}毎{self.unit(per)}"

    def count(self, counted: Counted) -> str:
        """さんぼん, ひとり, 二十五度."""
        number = counted.number
        if (
            len(number.whole) == 2
            and number.whole.startswith("0")
            and counted.counter in ("時", "分", "秒", "月", "日")
        ):
            number = Number(number.whole[1])
        if counted.date and counted.counter.startswith("日") and not number.fraction:
            return numerals.counted(number.whole, counted.counter, after_month=True)
        return self._counted(number, counted.counter)

    def fraction(self, fraction: Fraction) -> str:
        """にぶんのいち: 二分 would be read as two minutes."""
        said = f"{numerals.reading(fraction.denominator)}ぶんの{numerals.spell(fraction.numerator)}"
        return f"{numerals.spell(fraction.whole)}と{said}" if fraction.whole else said

    def ratio(self, ratio: Ratio) -> str:
        """三対二."""
        return f"{numerals.spell(ratio.left)}対{numerals.spell(ratio.right)}"

    def product(self, product: Product) -> str:
        """千九百二十かける千八十."""
        unit = self.unit(product.unit) if product.unit else ""
        return "かける".join(self.number(part) + unit for part in product.parts)

    def power(self, power: Power) -> str:
        """十の六乗."""
        return f"{self.number(power.base)}の{self.number(power.exponent)}乗"

    def ordinal(self, number: str) -> str:
        """三番目."""
        return numerals.counted(number, "番目")

    def label(self, label: Label) -> str:
        """三番."""
        return numerals.counted(label.number, "番") if label.sign == "#" else f"ナンバー{numerals.spell(label.number)}"

    def version(self, version: Version) -> str:
        """バージョン二千二十六点十一点二."""
        return ("バージョン" if version.named else "") + "点".join(map(numerals.spell, version.parts))

    def name(self, name: Name) -> str:
        """MPスリー, 四K, iPhone十五."""
        written = name.before + name.number + name.after
        if written in self.names:
            return self.names[written]
        if name.is_short_abbreviation and name.number in words.NAME_NUMBERS:
            return name.before + words.NAME_NUMBERS[name.number]
        whole, _, decimals = name.number.partition(".")
        said = numerals.decimal(whole, decimals) if decimals else numerals.spell(whole)
        return name.before + (self.digits(whole) if len(whole) > 4 else said) + name.after.upper()

    def range(self, low: Value, high: Value) -> str:
        """二十から二十五度, 三日から五日 by their names, くじから十七時."""
        if (
            isinstance(low, Number)
            and isinstance(high, Counted)
            and _named(low)
            and _named(high.number)
            and high.counter in "日月時人"
        ):
            low = Counted(low, high.counter, date=high.date)
        elif isinstance(low, Number) and low.negative and isinstance(high, Quantity):
            low = Quantity(low, high.unit)
        return f"{say(self, low)}から{say(self, high)}"


def _named(number: Number) -> bool:
    return not number.fraction and not number.sign


def _label(text: str, at: int) -> tuple[Value, int] | None:
    match = _LABEL.match(text, at)
    return (Label(match[1], "#" if match[0][0] == "#" else "No."), match.end()) if match else None


def _asked_digits(text: str, at: int) -> tuple[Value, int] | None:
    match = _EMERGENCY.match(text, at)
    if match is not None:
        return Digits(match[0]), match.end()
    match = _POSTAL.match(text, at) or _RUN.match(text, at)
    if match is None:
        return None
    if not _DIGITS_ASKED.search(text[max(0, at - 10) : at]):
        return None
    if _COUNTER.match(text, match.end()) and len(match[0]) < 5:
        return None
    return Phone(tuple(re.split("[ -]", match[0]))), match.end()


def _score(text: str, at: int) -> tuple[Value, int] | None:
    match = _SCORE.match(text, at)
    return (Ratio(match[1], match[2]), match.end()) if match else None


def _block(text: str, at: int) -> tuple[Value, int] | None:
    """1-2-3 of an address is 一の二の三."""
    match = _BLOCK.match(text, at)
    return (
        (Words("の".join(map(numerals.spell, match[0].split("-")))), match.end())
        if match and len(match[0]) < 10
        else None
    )


def _days(text: str, at: int) -> tuple[Value, int] | None:
    """2、3日 is に、さんにち: a guess is not counted in names of days."""
    match = _GUESS.match(text, at)
    return (Words(f"{numerals.reading(match[1])}、{numerals.reading(match[2])}にち"), match.end()) if match else None


def _parts_of(text: str, at: int) -> tuple[Value, int] | None:
    match = _PARTS_OF.match(text, at)
    return (Fraction(match[2], match[1]), match.end()) if match else None

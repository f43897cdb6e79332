"""Cantonese in traditional characters: 兩 only before counters and 萬, 攝氏 before its number, 一 never 幺."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from wyoming_cosyvoice.text.normalize.mandarin import Mandarin
from wyoming_cosyvoice.text.normalize.numerals_chinese import Numerals
from wyoming_cosyvoice.text.normalize.values import Counted, Number, Phone, Quantity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wyoming_cosyvoice.text.normalize.speaker import Recogniser
    from wyoming_cosyvoice.text.normalize.values import Unit, Value

_PHONE = re.compile(r"([2-9]\d{3})[ -](\d{4})(?![\d%元年-]|[.,:/]\d| ?(?:元|蚊|人|米|度|年))")


class Cantonese(Mandarin):
    """Cantonese as it is spoken in Hong Kong."""

    numerals = Numerals("零一二三四五六七八九", ("", "萬", "億", "萬億"), pair="兩", pair_before="萬億萬億")
    over_phone: ClassVar[dict[int, int]] = {}
    point, minus, times_word, number_word = "點", "負", "乘", "號"
    hour_word, of = "點", "嘅"
    halves: ClassVar[Mapping[str, str]] = {
        "am": "上晝", "pm": "下晝", "night": "夜晚", "midnight": "凌晨", "noon": "中午",
    }  # fmt: skip
    symbols: ClassVar[Mapping[str, str]] = {
        "+": "加", "-": "減", "±": "正負", "×": "乘", "*": "乘", "÷": "除", "=": "等於", "≠": "唔等於", "≈": "大約等於",
        "<": "細過", ">": "大過", "≤": "細過或者等於", "≥": "大過或者等於", "~": "大約", "&": "同", "@": "at", "%": "百分號",
        "‰": "千分號", "#": "號", "$": "蚊", "€": "歐元", "£": "英鎊", "¥": "元", "√": "開方", "∞": "無限大", "π": "pi",
        "°": "度", "§": "第", "→": "到", "²": "平方", "³": "立方", "Ω": "歐姆", "μ": "微",
    }  # fmt: skip
    link_signs: ClassVar[Mapping[str, str]] = {
        ".": "點", "@": "at", "/": "slash", ":": "冒號", "-": "dash", "_": "underscore", "?": "問號", "=": "等於", "&": "and",
        "#": "hash", "%": "percent", "~": "tilde", "+": "加",
    }  # fmt: skip
    prefixes: ClassVar[Mapping[str, str]] = {**Mandarin.prefixes, "n": "納"}
    bases: ClassVar[Mapping[str, str]] = {
        **Mandarin.bases, "Pa": "帕", "Wh": "瓦時", "Ah": "安時", "Ω": "歐姆", "Hz": "赫", "bps": "bit每秒", "bit": "bit",
        "b": "bit", "Bq": "貝克", "S": "西門子", "bar": "巴", "mol": "摩爾", "t": "噸", "h": "小時", "min": "分鐘", "ha": "公頃",
        "ft²": "平方呎", "ft": "呎", "yd": "碼", "mi": "英里", "in": "吋", "lb": "磅", "oz": "安士", "tbsp": "湯匙", "fl oz": "液體安士", "gal": "加侖",
        "rpm": "轉每分鐘", "fps": "格每秒", "px": "像素", "dB": "分貝", "dBm": "分貝毫瓦", "mmHg": "毫米水銀柱",
        "inHg": "吋水銀柱", "kn": "節", "Nm": "牛米", "day": "日", "d": "日", "week": "星期", "month": "月", "hour": "小時",
        "minute": "分鐘", "bpm": "下每分鐘",
    }  # fmt: skip
    units: ClassVar[Mapping[str, str]] = {**Mandarin.units, "kg": "公斤", "MB": "MB", "MiB": "MB"}
    currencies: ClassVar[Mapping[str, str]] = {
        **Mandarin.currencies, "$": "蚊", "USD": "美元", "JPY": "日圓", "EUR": "歐元", "GBP": "英鎊", "KRW": "韓圜",
        "TWD": "新台幣", "SGD": "新加坡元", "MOP": "澳門元", "INR": "盧比", "RUB": "盧布", "THB": "泰銖", "BTC": "比特幣",
    }  # fmt: skip

    def counted(self, text: str, at: int, number: Number) -> tuple[Value, int] | None:
        """2日 is 兩日 unless a month stands before it: 放2日假, 二月二日."""
        found = super().counted(text, at, number)
        if found is None or not isinstance(found[0], Counted) or found[0].counter != "日":
            return found
        start = at - len(number.whole)
        return Counted(number, "日", date=text[max(0, start - 2) : start].rstrip()[-1:] == "月"), found[1]

    @property
    def recognisers(self) -> Sequence[Recogniser]:
        """List those of Mandarin and the eight digits of Hong Kong's phone numbers."""
        return (_phone, *super().recognisers)

    def range(self, low: Value, high: Value) -> str:
        """攝氏二十到二十五度: the scale is said once, before both."""
        if isinstance(low, Number) and isinstance(high, Quantity) and high.unit.base in ("°C", "°F"):
            first = self._temperature(low, high.unit)
            return (first if low.negative else first.removesuffix("度")) + self.to + self._degrees(high.number)
        return super().range(low, high)

    def _temperature(self, number: Number, unit: Unit) -> str:
        """攝氏零下八度: the scale comes first."""
        return {"°C": "攝氏", "°F": "華氏"}.get(unit.base, "") + self._degrees(number)

    def _degrees(self, number: Number) -> str:
        below = self.below_zero if number.negative else ""
        return f"{below}{self._amount(number.unsigned() if number.negative else number)}度"


def _phone(text: str, at: int) -> tuple[Value, int] | None:
    match = _PHONE.match(text, at)
    # 2000-3000 is a range: numbers of phones hardly ever end in two noughts on both sides.
    if match is None or (match[1].endswith("00") and match[2].endswith("00")):
        return None
    return Phone((match[1], match[2])), match.end()

"""Whole numbers in Chinese characters, for Mandarin, Cantonese and Japanese.

Groups of four digits, named 万 亿 兆...; what differs between the languages is in `Numerals`.
"""

from __future__ import annotations

from dataclasses import dataclass

from wyoming_cosyvoice.text.normalize.values import LONGEST_NUMBER


@dataclass(frozen=True, slots=True)
class Numerals:
    """The characters of one language and its habits.

    `pair` is said for two before the units in `pair_before` (两百); `omits_one` where a unit stands without 一 (Japanese
    百, not 一百); `fills_zero` where a gap is said (一百零五).
    """

    digits: str
    groups: tuple[str, ...]
    pair: str = ""
    pair_before: str = ""
    omits_one: bool = False
    fills_zero: bool = True

    def spell(self, whole: str) -> str:
        """Read digits as a number; with leading zeros or beyond `LONGEST_NUMBER` digits, one by one."""
        if len(whole) > LONGEST_NUMBER or (len(whole) > 1 and whole.startswith("0")):
            return self.one_by_one(whole)
        if whole == "0":
            return self.digits[0]
        said = ""
        gap = False
        count = (len(whole) + 3) // 4
        padded = whole.zfill(count * 4)
        for index in range(count):
            group = padded[index * 4 : index * 4 + 4]
            if group == "0000":
                gap = True
                continue
            if said and self.fills_zero and (gap or group.startswith("0")):
                said += self.digits[0]
            said += self._group(group, self.groups[count - 1 - index], first=not said)
            gap = False
        return said

    def one_by_one(self, digits: str) -> str:
        """Read each digit by itself."""
        return "".join(self.digits[int(digit)] for digit in digits)

    def _group(self, group: str, name: str, *, first: bool) -> str:
        """Four digits and the name of their group."""
        if self.pair and name and int(group) == 2 and name in self.pair_before:
            return self.pair + name
        said = ""
        gap = False
        for digit, unit in zip(group, ("千", "百", "十", ""), strict=True):
            if digit == "0":
                gap = bool(said)
                continue
            if gap and self.fills_zero:
                said += self.digits[0]
            said += self._digit(digit, unit, alone=first and not said)
            gap = False
        return said + name

    def _digit(self, digit: str, unit: str, *, alone: bool) -> str:
        if digit == "1" and unit and (self.omits_one or (unit == "十" and alone)):
            return unit
        # 两百 begins a number, within one it is 二百: 一千二百.
        if digit == "2" and unit and unit in self.pair_before and (alone or unit != "百"):
            return self.pair + unit
        return self.digits[int(digit)] + unit

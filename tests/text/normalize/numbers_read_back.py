"""Readers of number words, written for the tests alone and unlike the speakers: words back to integers."""

from __future__ import annotations

import re

_ENGLISH = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
} | {
    word: (index + 2) * 10 for index, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split())
}
_ENGLISH_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


def english(words: str) -> int:
    total = below = 0
    for word in re.split("[ -]", words):
        if word == "hundred":
            below *= 100
        elif word in _ENGLISH_SCALES:
            total, below = total + below * _ENGLISH_SCALES[word], 0
        else:
            below += _ENGLISH[word]
    return total + below


def _grouped(signs: list[str], digits: dict[str, int], units: dict[str, int], groups: dict[str, int]) -> int:
    """Read a number that goes by ten thousands."""
    total = group = 0
    digit: int | None = None
    for sign in signs:
        if sign in digits:
            digit = digits[sign]
        elif sign in units:
            group, digit = group + (1 if digit is None else digit) * units[sign], None
        else:
            group += digit or 0
            total, group, digit = total + (group or 1) * groups[sign], 0, None
    return total + group + (digit or 0)


_UNITS = {"十": 10, "百": 100, "千": 1000}


def chinese(words: str) -> int:
    words = words.translate(str.maketrans("萬億兩", "万亿两"))
    digits = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
    head, wan_yi, tail = words.partition("万亿")
    signs, groups = dict(digits), {"万": 10**4, "亿": 10**8}
    if wan_yi:
        return _grouped(list(head), signs, _UNITS, groups) * 10**12 + _grouped(list(tail), signs, _UNITS, groups)
    return _grouped(list(words), signs, _UNITS, groups)


def korean(words: str) -> int:
    digits = {sign: value for value, sign in enumerate("영일이삼사오육칠팔구")}
    groups = {"만": 10**4, "억": 10**8, "조": 10**12}
    return _grouped(list(words.replace(" ", "")), digits, {"십": 10, "백": 100, "천": 1000}, groups)


_KANA = {
    "いっちょう": "一兆", "はっちょう": "八兆", "じゅっちょう": "十兆", "さんびゃく": "三百", "ろっぴゃく": "六百", "はっぴゃく": "八百",
    "さんぜん": "三千", "はっせん": "八千", "いっせん": "一千", "ひゃく": "百", "せん": "千", "じゅう": "十", "まん": "万", "おく": "億",
    "ちょう": "兆", "いち": "一", "さん": "三", "よん": "四", "ろく": "六", "なな": "七", "はち": "八", "きゅう": "九", "に": "二", "ご": "五",
    "ゼロ": "零",
}  # fmt: skip


def japanese(words: str) -> int:
    for kana, kanji in _KANA.items():
        words = words.replace(kana, kanji)
    digits = {sign: value for value, sign in enumerate("零一二三四五六七八九")}
    return _grouped(list(words), digits, _UNITS, {"万": 10**4, "億": 10**8, "兆": 10**12})


READERS = {"en": english, "zh": chinese, "yue": chinese, "ja": japanese, "ko": korean}

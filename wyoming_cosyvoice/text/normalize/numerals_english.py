"""English number words: cardinals, ordinals, years, pairs."""

from __future__ import annotations

from wyoming_cosyvoice.text.normalize.values import LONGEST_NUMBER

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = ("zero ten twenty thirty forty fifty sixty seventy eighty ninety").split()
_SCALES = ("", " thousand", " million", " billion", " trillion", " quadrillion")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def one_by_one(digits: str) -> str:
    """Read each digit by itself: zero four seven."""
    return " ".join(_ONES[int(digit)] for digit in digits)


def cardinal(whole: str) -> str:
    """Read digits as a number; with leading zeros or beyond `LONGEST_NUMBER` digits, one by one."""
    if len(whole) > LONGEST_NUMBER or (len(whole) > 1 and whole.startswith("0")):
        return one_by_one(whole)
    if whole == "0":
        return _ONES[0]
    padded = whole.zfill((len(whole) + 2) // 3 * 3)
    groups = [int(padded[index : index + 3]) for index in range(0, len(padded), 3)]
    scales = reversed(_SCALES[: len(groups)])
    return " ".join(_below_thousand(group) + scale for group, scale in zip(groups, scales, strict=True) if group)


def _below_thousand(number: int) -> str:
    if number < 100:
        return _below_hundred(number)
    rest = f" {_below_hundred(number % 100)}" if number % 100 else ""
    return f"{_ONES[number // 100]} hundred{rest}"


def _below_hundred(number: int) -> str:
    if number < 20:
        return _ONES[number]
    return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")


def ordinal(whole: str) -> str:
    """Third, twenty-second, one hundredth."""
    words = cardinal(whole)
    cut = max(words.rfind(" "), words.rfind("-")) + 1
    last = words[cut:]
    if last in _ORDINALS:
        return words[:cut] + _ORDINALS[last]
    return words[:cut] + (last[:-1] + "ieth" if last.endswith("y") else last + "th")


def year(number: str) -> str:
    """Nineteen eighty-five, two thousand seven, twenty twenty-six."""
    if len(number) != 4 or number[1:] == "000" or number.startswith(("0", "200")):
        return cardinal(number)
    return pairs(number)


def pairs(number: str) -> str:
    """Two digits and two digits: nineteen hundred, nineteen oh five, ten eighty, three oh two."""
    head, tail = number[:-2], number[-2:]
    if tail == "00":
        return f"{cardinal(head)} hundred"
    if tail.startswith("0"):
        return f"{cardinal(head)} oh {_ONES[int(tail)]}"
    return f"{cardinal(head)} {cardinal(tail)}"

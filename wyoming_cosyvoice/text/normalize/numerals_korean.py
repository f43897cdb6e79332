"""Korean numbers: Sino-Korean for figures, native Korean for what is counted."""

from __future__ import annotations

from wyoming_cosyvoice.text.normalize.values import LONGEST_NUMBER

_DIGITS = "영일이삼사오육칠팔구"
_GROUPS = ("", "만", "억", "조")
_ONES = ("", "하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉")
_ONES_COUNTING = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")


def one_by_one(digits: str, zero: str = "영") -> str:
    """Read each digit by itself; zero is 공 in phone numbers and codes."""
    return "".join(zero if digit == "0" else _DIGITS[int(digit)] for digit in digits)


def sino(whole: str) -> str:
    """이천이십육, 만, 일억 이천만; with leading zeros or beyond `LONGEST_NUMBER` digits, one by one."""
    if len(whole) > LONGEST_NUMBER or (len(whole) > 1 and whole.startswith("0")):
        return one_by_one(whole, "공")
    if whole == "0":
        return _DIGITS[0]
    count = (len(whole) + 3) // 4
    padded = whole.zfill(count * 4)
    said: list[str] = []
    for index in range(count):
        group, name = padded[index * 4 : index * 4 + 4], _GROUPS[count - 1 - index]
        if group == "0000":
            continue
        # 10000 is 만, not 일만; 일억 and 일조 keep their one.
        said.append(name if group == "0001" and name == "만" and not said else _group(group) + name)
    return " ".join(said)


def _group(group: str) -> str:
    said = ""
    for digit, unit in zip(group, ("천", "백", "십", ""), strict=True):
        if digit != "0":
            said += unit if digit == "1" and unit else _DIGITS[int(digit)] + unit
    return said


def native(whole: str) -> str:
    """Say what stands before a counter: 세, 스무, 아흔아홉; past 99 the hundreds are Sino-Korean (백한, 백이십)."""
    if len(whole) > 4 or whole.startswith("0"):
        return sino(whole)
    number = int(whole)
    hundreds, rest = number // 100, number % 100
    if hundreds and rest >= 20:
        return sino(whole)
    head = sino(str(hundreds * 100)) if hundreds else ""
    if rest == 20:
        return head + "스무"
    return head + _TENS[rest // 10] + _ONES_COUNTING[rest % 10]


def native_alone(whole: str) -> str:
    """Say the same without a counter behind it: 하나, 셋, 스물."""
    number = int(whole)
    return _TENS[number // 10] + _ONES[number % 10] if 0 < number < 100 else sino(whole)

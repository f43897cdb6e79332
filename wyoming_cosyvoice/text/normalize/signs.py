"""Signs that belong to no written form: said where a person would say them, else left out."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wyoming_cosyvoice.text.normalize.speaker import Speaker
    from wyoming_cosyvoice.text.normalize.spoken import Spoken

_SAME_SIGN = re.compile(r"(?P<sign>[^\w\s]|_)(?P=sign)++")
# Said only between or before what they work on; alone they are decoration.
_OPERATORS = frozenset("+=<>*/~^|\\_@#&$€£¥")
# 9点~5点, but 约~5: behind these a number that follows is the end of a range.
_COUNTED = frozenset("点點时時月日号號年度元円원시월일초분")


def say_sign(text: str, at: int, speaker: Speaker, spoken: Spoken) -> int:
    """Say the sign at `at` or leave it out; return where to go on."""
    char = text[at]
    category = unicodedata.category(char)[0]
    if category in "MC":  # accents stay, control signs go
        spoken.keep(char) if category == "M" else spoken.gap()
        return at + 1
    run = _SAME_SIGN.match(text, at)
    if run is not None:
        _run(char, run.start(), run.end(), text, speaker, spoken)
        return run.end()
    if char in ".'’(":
        spoken.keep(char)
    elif char == "-":
        _hyphen(text, at, speaker, spoken)
    elif char in "~=/":
        _joint(text, at, speaker, spoken)
    elif char in speaker.symbols and _said(char, text, at):
        spoken.say(speaker.write(speaker.symbols[char]))
    else:
        spoken.gap()
    return at + 1


def _run(char: str, start: int, end: int, text: str, speaker: Speaker, spoken: Spoken) -> None:  # noqa: PLR0917
    """Leave a row of one sign out; -- is a pause and C++ a name."""
    if char == "-":
        spoken.pause()
    elif char == "+" and text[start - 1 : start].isalnum():
        spoken.say(" ".join([speaker.symbols["+"]] * min(2, end - start)))
    else:
        spoken.gap()


def _joint(text: str, at: int, speaker: Speaker, spoken: Spoken) -> None:
    """Say what joins two words: 周一~周五, 3+5=8, 5元/斤; the slash of and/or is left out."""
    char = text[at]
    if char == "~" and _joins(text, at):
        spoken.attach(*speaker.until())
    elif char == "=" and _said(char, text, at):
        words, attached = speaker.equals(spoken.last)
        spoken.attach(speaker.write(words), attached)
    elif char == "/" and (per := speaker.per(text, at)):
        spoken.say(per)
    elif char == "~" and _said(char, text, at):
        spoken.say(speaker.write(speaker.symbols[char]))
    else:
        spoken.gap()


def _hyphen(text: str, at: int, speaker: Speaker, spoken: Spoken) -> None:
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    operands = text[max(0, at - 2) : at].strip()[-1:], text[at + 1 : at + 3].strip()[:1]
    if before.isalpha() and after.isalpha():
        if before.isascii() or after.isascii():
            spoken.keep("-")
        elif before in _COUNTED or (_is_han(before) and _is_han(after)):
            spoken.attach(*speaker.until())  # 上午10点-下午4点, 周一-周五
        else:
            spoken.gap()
    elif operands[0].isdigit() and operands[1].isdigit() and (before == after == " " or "=" in text[at : at + 24]):
        spoken.say(speaker.symbols["-"])
    elif before in ("", " ", "\n") and after == " " and operands[0]:
        spoken.pause()
    else:
        spoken.gap()


def _said(char: str, text: str, at: int) -> bool:
    if char not in _OPERATORS:
        return True
    left = text[max(0, at - 2) : at].strip()[-1:]
    right = text[at + 1 : at + 3].strip()[:1]
    if char in "*/^|\\_":
        return (char == "*" and left.isdigit() and right.isdigit()) or (char == "/" and left == right == "")
    if char == "#":
        return (right.isdigit() and not left.isalnum()) or (left.isdigit() and right >= "\u3400")  # 92#汽油
    if char in "~<>":
        return bool(right) and (right.isdigit() or right in "-+.$€£¥₩")
    return bool((left + right).strip()) and (left.isalnum() or right.isalnum() or right in "-(")


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def _joins(text: str, at: int) -> bool:
    """Whether a ~ stands between two words: 周一~周五, but not 约~5."""
    left, right = text[max(0, at - 2) : at].strip()[-1:], text[at + 1 : at + 3].strip()[:1]
    return left.isalnum() and right.isalnum() and (not right.isdigit() or left.isdigit() or left in _COUNTED)

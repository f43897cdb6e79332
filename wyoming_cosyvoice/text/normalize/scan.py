"""One pass from left to right over a text: recognise what is written at each place, say it, go on behind it."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.normalize.recognise import dates, money, network, numbers
from wyoming_cosyvoice.text.normalize.speaker import say
from wyoming_cosyvoice.text.normalize.values import Name, Range, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wyoming_cosyvoice.text.normalize.speaker import Recogniser, Speaker

    Found = tuple[Value, int]

_PUNCTUATION = ".,;:!?'\"()，。、；：！？（）「」『』“”‘’《》〈〉【】〔〕—–…·・¿¡«»‹›‥〝〟ー"
# A letter that starts a word, a digit, or any sign that is neither a word character, white space nor punctuation.
_INTEREST = re.compile(
    rf"[0-9]|(?<![A-Za-z0-9])[A-Za-z]|[^\w\s{re.escape(_PUNCTUATION)}]|_|\.(?=[0-9])|['’](?=[0-9]0s)|[²³]"
)
_LATIN = re.compile(r"[A-Za-z]++")
_SAME_SIGN = re.compile(r"(?P<sign>[^\w\s]|_)(?P=sign)++")
_LETTERS_DIGITS = re.compile(
    r"(?P<before>[A-Za-z]{1,20})-?(?P<number>\d{1,8}(?:\.\d{1,3})?)(?P<after>[A-Za-z]{0,3})(?![A-Za-z\d]|\.\d)"
)
_DIGITS_LETTERS = re.compile(
    r"(?P<number>\d{1,8}(?:\.\d{1,3})?)-?(?P<after>[A-Z][A-Za-z]{0,2}|[a-z]{1,3})(?![A-Za-z\d])"
)
_SPACES = re.compile(r"[ \t]{2,}")
_SPACE_BEFORE_PUNCTUATION = re.compile(r" +(?=[,.;:!?，。、；：！？）])")


def scan(text: str, speaker: Speaker) -> str:
    """Say every written form of a folded text; words and punctuation stay."""
    spoken = _Spoken()
    at = 0
    while at < len(text):
        match = _INTEREST.search(text, at)
        if match is None:
            spoken.keep(text[at:])
            break
        spoken.keep(text[at : match.start()])
        at = _step(text, match.start(), speaker, spoken)
    return spoken.text()


def _step(text: str, at: int, speaker: Speaker, spoken: _Spoken) -> int:
    found = _recognise(text, at, speaker)
    if found is not None:
        spoken.say(say(speaker, found[0]))
        return found[1]
    char = text[at]
    if char.isascii() and char.isalpha():
        word = _LATIN.match(text, at)
        assert word is not None  # noqa: S101 - a letter matches itself
        spoken.keep(word[0])
        return word.end()
    return _sign(text, at, speaker, spoken)


def _recognise(text: str, at: int, speaker: Speaker) -> Found | None:
    char = text[at]
    if char.isdigit():
        return _first((*speaker.recognisers, *_FORMS), text, at) or _numeric(text, at, speaker)
    if char.isalpha():
        return _first((*speaker.word_recognisers, *_WORDS), text, at)
    if char in "-+±":
        return _signed(text, at, speaker)
    if char == ".":
        return _decimal(text, at, speaker)
    return _first((*speaker.sign_recognisers, money.money, network.characters), text, at)


def _first(recognisers: Sequence[Recogniser], text: str, at: int) -> Found | None:
    for recogniser in recognisers:
        found = recogniser(text, at)
        if found is not None:
            return found
    return None


# Order decides: an address is no version, a date no subtraction, a phone number no range.
_FORMS: Sequence[Recogniser] = (
    network.characters,
    network.address,
    dates.date,
    network.version,
    money.phone,
    network.link,
    dates.year_month,
    dates.time,
    money.money,
    numbers.product,
    dates.month_day,
    numbers.fraction,
    numbers.ratio,
    numbers.quantity_range,
    numbers.quantity,
)


def _name(text: str, at: int) -> Found | None:
    """Letters and a number: MP3, COVID-19, H2O."""
    match = _LETTERS_DIGITS.match(text, at)
    return (Name(match["before"], match["number"], match["after"]), match.end()) if match else None


_WORDS: Sequence[Recogniser] = (
    network.characters,
    network.link,
    network.entity,
    network.named_version,
    money.money,
    _name,
)


def _numeric(text: str, at: int, speaker: Speaker) -> Found | None:
    """Say a number with a counter of the language, a range of such, letters behind it, or a bare number."""
    return (
        _counted_range(text, at, speaker)
        or _counted(text, at, speaker)
        or numbers.number_range(text, at)
        or _lettered(text, at)
        or numbers.number(text, at)
    )


def _counted(text: str, at: int, speaker: Speaker) -> Found | None:
    found = numbers.read_number(text, at, signed=True)
    return speaker.counted(text, found[1], found[0]) if found else None


def _counted_range(text: str, at: int, speaker: Speaker) -> Found | None:
    found = numbers.signed_range(text, at)
    if found is not None:
        high = speaker.counted(text, found[2], found[1])
        return (Range(found[0], high[0]), high[1]) if high else None
    return None


def _lettered(text: str, at: int) -> Found | None:
    match = _DIGITS_LETTERS.match(text, at)
    return (Name("", match["number"], match["after"]), match.end()) if match else None


def _signed(text: str, at: int, speaker: Speaker) -> Found | None:
    """Say a number with its sign; a minus behind a letter or a digit joins or subtracts, it is no sign."""
    before = text[at - 1] if at else " "
    if (before.isascii() and (before.isalnum() or before in "-)")) or text[max(0, at - 2) : at].rstrip(" ")[
        -1:
    ].isdigit():
        return None
    if text.startswith("+", at) and (phone := money.phone(text, at)):
        return phone
    return (
        money.money(text, at)
        or numbers.quantity_range(text, at)
        or numbers.quantity(text, at, signed=True)
        or _counted_range(text, at, speaker)
        or _counted(text, at, speaker)
        or numbers.number_range(text, at)
        or numbers.read_number(text, at, signed=True)
    )


def _decimal(text: str, at: int, speaker: Speaker) -> Found | None:
    """.5 where no digit stands before the point."""
    if at and text[at - 1].isalnum():
        return None
    found = numbers.quantity("0" + text[at : at + 64], 0) or _numeric("0" + text[at : at + 64], 0, speaker)
    return (found[0], found[1] - 1 + at) if found else None


def _sign(text: str, at: int, speaker: Speaker, spoken: _Spoken) -> int:
    """Say a sign that belongs to no written form, or leave it out where nobody would say it."""
    char = text[at]
    category = unicodedata.category(char)[0]
    if category in "MC":  # accents stay, control signs go
        spoken.keep(char) if category == "M" else spoken.gap()
        return at + 1
    before = text[at - 1 : at] if at else ""
    run = _SAME_SIGN.match(text, at)
    if run is not None:
        if char == "-":
            spoken.pause()
        elif char == "+" and before.isalnum():  # C++
            spoken.say(" ".join([speaker.symbols["+"]] * min(2, len(run[0]))))
        else:
            spoken.gap()
        return run.end()
    if char in ".'’":
        spoken.keep(char)
    elif char == "-":
        _hyphen(text, at, speaker, spoken)
    elif char in speaker.symbols and _said(char, text, at):
        spoken.say(speaker.symbols[char])
    else:
        spoken.gap()
    return at + 1


def _hyphen(text: str, at: int, speaker: Speaker, spoken: _Spoken) -> None:
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    operands = text[max(0, at - 2) : at].strip()[-1:], text[at + 1 : at + 3].strip()[:1]
    if before.isalpha() and after.isalpha():
        spoken.keep("-")
    elif operands[0].isdigit() and operands[1].isdigit() and (before == after == " " or "=" in text[at : at + 24]):
        spoken.say(speaker.symbols["-"])
    elif before in ("", " ", "\n") and after == " " and operands[0]:
        spoken.pause()
    else:
        spoken.gap()


# Said only between or before what they work on; alone they are decoration.
_OPERATORS = frozenset("+=<>*/~^|\\_@#&$€£¥")


def _said(char: str, text: str, at: int) -> bool:
    if char not in _OPERATORS:
        return True
    left = text[max(0, at - 2) : at].strip()[-1:]
    right = text[at + 1 : at + 3].strip()[:1]
    if char in "*/^|\\_":
        return (char == "*" and left.isdigit() and right.isdigit()) or (char == "/" and left == right == "")
    if char in "~<>":
        return bool(right) and (right.isdigit() or right in "-+.")
    return bool((left + right).strip()) and (left.isalnum() or right.isalnum() or right in "-(")


class _Spoken:
    """The text so far; takes care of the spaces between what was said and what was kept."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._last = ""
        self._said = False
        self._owed = False

    def keep(self, text: str) -> None:
        """Add what was written as it is; 는 stays at its word, what touched before still touches."""
        if text:
            self._add(text, apart=self._said and _is_word(self._last) and _is_latin(text[0]))
            self._said = False

    def say(self, words: str) -> None:
        """Add words; a space where a Latin or Hangul word would otherwise run into its neighbour."""
        if words:
            latin = _is_latin(self._last or " "), _is_latin(words[0])
            apart = any(latin) and _is_word(self._last) and _is_word(words[0])
            self._add(words, apart=apart or (self._last == "," and latin[1]))
            self._said = True

    def gap(self) -> None:
        """Leave a sign out: words at its two sides stay apart."""
        self._owed = True

    def pause(self) -> None:
        """Leave a dash out that makes a pause."""
        if self._last.strip() and self._last not in _PUNCTUATION:
            self.keep(",")
        self._owed = True

    def _add(self, text: str, *, apart: bool) -> None:
        if apart or (self._owed and self._last.isalnum() and text[0].isalnum()):
            self._parts.append(" ")
        self._parts.append(text)
        self._last, self._owed = text[-1], False

    def text(self) -> str:
        """Say the whole text."""
        return _SPACE_BEFORE_PUNCTUATION.sub("", _SPACES.sub(" ", "".join(self._parts)))


def _is_latin(char: str) -> bool:
    return char.isalnum() and char < "\u1100"


def _is_word(char: str) -> bool:
    return _is_latin(char or " ") or "\uac00" <= char <= "\ud7a3"

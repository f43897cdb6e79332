"""Decides whether a sentence ends at a full stop and its like, with the characters that follow it one by one."""

from __future__ import annotations

from enum import Enum, auto

from wyoming_cosyvoice.text.abbreviations import Abbreviation, abbreviation, starts_sentence
from wyoming_cosyvoice.text.scripts import LANGUAGE_MARK, is_joined, is_wide, script

_WIDE_STOPS = frozenset("。！？｡")
STOPS = _WIDE_STOPS | frozenset(".!?…‼⁇⁈⁉।؟")
WIDE_SOFT = frozenset("，、；：､")
SOFT = WIDE_SOFT | frozenset(",;:—–…")
CLOSERS = frozenset("”’»›」』）》〉】〕］｝〗)]}*_`~\"'" + LANGUAGE_MARK)
_QUOTES = frozenset("”’»›」』\"'*_")

_TOKEN_LENGTH = 16
WORD_LENGTH = 16
_CITATION_LENGTH = 12
_CJK = "\u2e80"  # the first character of Chinese, Japanese and Korean writing


class Verdict(Enum):
    """What a character told."""

    WAIT = auto()
    """Nothing yet; the character was added to the text."""
    CUT = auto()
    """The sentence ends at `index`."""
    GO_ON = auto()
    """It does not."""


class _Wait(Enum):
    """What is waited for."""

    CLOSERS = auto()
    CITATION = auto()
    SPACE = auto()
    WORD = auto()


class SentenceEnd:
    """A possible end behind the last of `chars`, which is `stop`.

    It adds to `chars` what belongs to the end. `index` is where the sentence would end, `quoted` whether a straight
    quotation mark is open there, `pauses` whether it is a place to pause at if the sentence goes on.
    """

    def __init__(self, chars: list[str], stop: str, *, quoted: bool) -> None:
        self._chars = chars
        self._stop = stop
        self._closers = ""
        self._wait = _Wait.CLOSERS
        self._kind: Abbreviation | None = None
        self._word = 0
        self.index = len(chars)
        self.quoted = quoted
        self.pauses = False

    def take(self, char: str) -> Verdict:
        """Look at the next character. With CUT and GO_ON it is still to be dealt with."""
        if self._wait is _Wait.CLOSERS:
            return self._at_closers(char)
        if self._wait is _Wait.CITATION:
            return self._in_citation(char)
        if self._wait is _Wait.SPACE:
            return self._behind_space(char)
        return self._in_word(char)

    def _add(self, char: str, wait: _Wait) -> Verdict:
        self._chars.append(char)
        self._wait = wait
        return Verdict.WAIT

    def _absorb(self, char: str) -> Verdict:
        self._chars.append(char)
        self.index = len(self._chars)
        return Verdict.WAIT

    def _at_closers(self, char: str) -> Verdict:
        if char in STOPS or char in "~～":
            self._stop += char if len(self._stop) < 4 else ""
            return self._absorb(char)
        if char == '"' and not self.quoted:
            return Verdict.CUT if self._is_wide() else Verdict.GO_ON
        if char in CLOSERS or is_joined(char) or _is_picture(char):
            self.quoted = self.quoted and char != '"'
            self._closers += char if len(self._closers) < 8 else ""
            return self._absorb(char)
        if char == "[":
            return self._add(char, _Wait.CITATION)
        if char == " ":
            return self._at_space()
        return self._at_next(char)

    def _in_citation(self, char: str) -> Verdict:
        if char == "]":
            self._wait = _Wait.CLOSERS
            return self._absorb(char)
        if (char.isdecimal() or char in ",-– ") and len(self._chars) - self.index < _CITATION_LENGTH:
            return self._add(char, _Wait.CITATION)
        return Verdict.CUT

    def _at_next(self, char: str) -> Verdict:
        """Decide by a character that follows the stop, or its closing quotes, directly."""
        closes_quote = any(closer in _QUOTES for closer in self._closers)
        goes_on = closes_quote and (char in "的是和与與" or script(char) in {"kana", "hangul"})
        if self._is_wide():
            # 「行く。」と言った, “好。”的意思, 他（真的！）来了
            in_brackets = any(closer in "）)" for closer in self._closers) and self._chars[0] not in "（("
            return Verdict.GO_ON if char in SOFT or goes_on or in_brackets else Verdict.CUT
        if self._is_ellipsis():
            self.pauses = True  # 我……我不知道
            return Verdict.GO_ON
        # OK.然后, but 3.五 and 「Hello!」と
        is_end = is_wide(char) and char not in SOFT and not goes_on and not self._token().isdecimal()
        return Verdict.CUT if is_end else Verdict.GO_ON

    def _at_space(self) -> Verdict:
        if self._is_wide():
            return Verdict.CUT
        self._kind = None if self._closers or self._stop != "." else abbreviation(self._token())
        if self._kind is Abbreviation.TITLE or (self._kind is None and self._is_list_number()):
            return Verdict.GO_ON
        if self._kind is not None or self._is_ellipsis() or self._closers:
            return self._add(" ", _Wait.SPACE)
        return Verdict.CUT

    def _behind_space(self, char: str) -> Verdict:
        if char == " ":
            return Verdict.WAIT
        if char.islower() and char < _CJK:
            self.pauses = True
            return Verdict.GO_ON  # "Really?" she said
        if self._kind is Abbreviation.NUMBER or self._kind is Abbreviation.COUNT:
            return Verdict.GO_ON if char.isdecimal() else Verdict.CUT
        if self._kind is Abbreviation.NAME and char.isupper():
            self._word = len(self._chars)
            return self._add(char, _Wait.WORD)
        return Verdict.CUT

    def _in_word(self, char: str) -> Verdict:
        """Decide by the word behind "U.S.": does it begin sentences."""
        if char.isalpha() and len(self._chars) - self._word < WORD_LENGTH:
            return self._add(char, _Wait.WORD)
        return Verdict.CUT if starts_sentence("".join(self._chars[self._word :])) else Verdict.GO_ON

    def _is_wide(self) -> bool:
        return any(stop in _WIDE_STOPS for stop in self._stop)

    def _is_ellipsis(self) -> bool:
        return self._stop.startswith(("…", ".."))

    def _token(self) -> str:
        """Return the word before the stop."""
        chars = self._chars
        last = self.index - len(self._closers) - len(self._stop)
        first = last
        while first > 0 and last - first < _TOKEN_LENGTH and not chars[first - 1].isspace() and chars[first - 1] < _CJK:
            first -= 1
        return "".join(chars[first:last]).lstrip("([{\"'“‘*_")

    def _is_list_number(self) -> bool:
        """Whether "1." stands where a list item begins: alone before it, in its line or behind a sentence."""
        before = self._chars[: self.index - len(self._closers) - 1]
        return len(before) < _TOKEN_LENGTH and "".join(before).lstrip("-*+#> ").isdecimal()


def _is_picture(char: str) -> bool:
    return char >= "\u2600" and (char <= "\u27bf" or "\U0001f000" <= char <= "\U0001faff")

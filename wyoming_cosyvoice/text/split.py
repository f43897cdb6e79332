"""Cuts a text that arrives in pieces into clauses: an automaton that is fed one character after another.

Each decision depends on the characters so far and never on how they were cut into pieces, so any cutting gives the
same clauses. Each character is looked at a bounded number of times, so time is linear in the text. A clause comes out
with the first character that makes its end certain: "3." may go on as "3.5", so a full stop waits for what follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from wyoming_cosyvoice.text.abbreviations import Abbreviation, abbreviation, starts_sentence
from wyoming_cosyvoice.text.language import is_ambiguous
from wyoming_cosyvoice.text.places import is_conjunction, is_connective, is_preposition
from wyoming_cosyvoice.text.scripts import ATOM, LANGUAGE_MARK, is_joined, is_wide, script

_NEWLINES = frozenset("\n\r\v\f\x85\u2028\u2029")
_WIDE_STOPS = frozenset("。！？｡")
_STOPS = _WIDE_STOPS | frozenset(".!?…‼⁇⁈⁉।؟")
_CLOSERS = frozenset("”’»›」』）》〉】〕］｝〗)]}*_`~\"'" + LANGUAGE_MARK)
_QUOTES = frozenset("”’»›」』\"'*_")
_WIDE_SOFT = frozenset("，、；：､")
_SOFT = _WIDE_SOFT | frozenset(",;:—–…")
_OPENERS = frozenset("“‘«‹「『（《〈【〔［｛〖([{")

# A Chinese character is about as long in speech as three Latin letters.
_WIDE_WEIGHT = 3
_SHORTEST_FIRST = 5 * _WIDE_WEIGHT
_SHORTEST_BEFORE_COLON = 8 * _WIDE_WEIGHT

_TOKEN_LENGTH = 16
_WORD_LENGTH = 16
_SPACES = frozenset(" \t\u3000\xa0")
_SPECIAL = _STOPS | _SOFT | frozenset(' "')


class _Wait(Enum):
    """What an undecided sentence end waits for."""

    CLOSERS = auto()
    CITATION = auto()
    SPACE = auto()
    WORD = auto()


@dataclass(frozen=True, slots=True)
class Piece:
    """A clause as it was written; `starts_line` says that nothing but space stands before it on its line."""

    text: str
    ends_sentence: bool
    starts_line: bool


class Splitter:
    """Takes characters, gives pieces.

    `first` is the length at which the first piece may end without a mark, in Chinese characters (three Latin letters
    count as one), `maximum` the length in characters that no piece exceeds.
    """

    def __init__(self, first: int, maximum: int) -> None:
        self._first = first * _WIDE_WEIGHT
        self._maximum = max(maximum, 8)
        self._pieces: list[Piece] = []
        self._is_first = True
        self._starts_line = True
        self._quoted = False
        self._reset()

    def feed(self, text: str) -> list[Piece]:
        """Take the next characters; return the pieces that are now certain."""
        for char in text:
            self._push(char)
        return self._take()

    def cut(self, *, ends_sentence: bool) -> list[Piece]:
        """End the piece here, whatever stands before: markup says so."""
        self._emit(len(self._chars), ends_sentence=ends_sentence)
        return self._take()

    def finish(self) -> list[Piece]:
        """Return what is left of the text, which is over."""
        self._newline()
        self._is_first = True
        return self._take()

    def _take(self) -> list[Piece]:
        pieces, self._pieces = self._pieces, []
        return pieces

    def _reset(self) -> None:
        self._chars: list[str] = []
        self._weight = 0
        self._end = 0  # just behind a possible sentence end that is not decided yet, or 0
        self._wait = _Wait.CLOSERS
        self._stop = ""
        self._closers = ""
        self._kind: Abbreviation | None = None
        self._word_start = 0
        self._soft_pending = False
        self._soft = 0  # just behind the last comma-like mark
        self._space = 0  # just behind the last space
        self._word = 0  # where the present word began

    def _push(self, char: str) -> None:
        chars = self._chars
        if char in _NEWLINES:
            self._newline()
            return
        if char in _SPACES:
            if not chars or chars[-1] == " ":
                return
            char = " "
        if self._end and self._decide(char):
            return
        if self._soft_pending:
            self._settle_soft(char)
        chars = self._chars
        if char == " " and (not chars or chars[-1] == " "):
            return
        if self._is_first and self._soft and self._weight >= 2 * self._first and not self._is_unclear(self._soft):
            self._emit(self._soft, ends_sentence=False)
            chars = self._chars
        if (len(chars) >= self._maximum and not is_joined(char)) or len(chars) >= 2 * self._maximum:
            self._cut_hard()
            chars = self._chars
        chars.append(char)
        self._weight += _WIDE_WEIGHT if char >= "\u1100" and is_wide(char) else 1
        if char in _SPECIAL or char >= "\u4e00":
            self._mark(char)

    def _mark(self, char: str) -> None:
        """Note what the character that was just added may mean for a cut."""
        chars = self._chars
        if char == " ":
            self._end_word()
        elif char in _STOPS:
            if not self._end:
                self._end, self._wait, self._stop, self._closers = len(chars), _Wait.CLOSERS, char, ""
        elif char in _SOFT:
            self._soft_pending = True
        elif char == '"':
            self._quoted = not self._quoted
        elif self._is_first and len(chars) > 2 and is_connective(chars[-2] + char):
            self._cut_first(len(chars) - 2)

    def _end_word(self) -> None:
        chars = self._chars
        before = len(chars) - 1
        if self._is_first and self._weight >= self._first:
            word = "".join(chars[self._word : before][:_WORD_LENGTH])
            late = 2 * self._weight >= 3 * self._first
            if (is_conjunction(word) or (is_preposition(word) and late)) and self._cut_first(self._word):
                return
        self._word = len(chars)
        # "12 | °C": never between a number and what it counts
        if before and not chars[before - 1].isdecimal():
            self._space = len(chars)

    def _cut_first(self, index: int) -> bool:
        """End a first clause that is long enough before the conjunction at `index`; whether it was."""
        if self._weight < self._first or index < 4 or self._is_unclear(index):
            return False
        self._emit(index, ends_sentence=False)
        return True

    def _is_unclear(self, end: int) -> bool:
        # 「東京、大阪に行きます」: before the first kana nobody knows that 東京 is Japanese
        return is_ambiguous("".join(self._chars[:end]))

    # --- comma-like marks

    def _settle_soft(self, char: str) -> None:
        """Decide, with the character behind it, whether a comma-like mark is a place to cut."""
        chars = self._chars
        if char in _CLOSERS and not (char == '"' and not self._quoted):
            return
        self._soft_pending = False
        mark = next((one for one in reversed(chars) if one in _SOFT), "")
        if mark in ",;:，：." and char.isdecimal() and chars[-2:-1] and chars[-2].isdecimal():
            return  # 1,000 and 12:30
        if mark in ",;:" and not (char == " " or is_wide(char)):
            return
        if mark == "–" and char != " ":
            return  # 3–5
        self._soft = len(chars)
        shortest = _SHORTEST_BEFORE_COLON if mark in ":：" else _SHORTEST_FIRST
        if self._is_first and self._weight >= shortest and not self._is_unclear(self._soft):
            self._emit(self._soft, ends_sentence=False)

    # --- sentence ends

    def _decide(self, char: str) -> bool:
        """Look at a character behind a possible sentence end; True if it was used up."""
        if self._wait is _Wait.CLOSERS:
            return self._decide_closers(char)
        if self._wait is _Wait.CITATION:
            return self._decide_citation(char)
        if self._wait is _Wait.SPACE:
            return self._decide_space(char)
        return self._decide_word(char)

    def _absorb(self, char: str) -> bool:
        self._chars.append(char)
        self._end = len(self._chars)
        return self._bounded()

    def _bounded(self) -> bool:
        if len(self._chars) >= 2 * self._maximum:
            self._boundary()
        return True

    def _decide_closers(self, char: str) -> bool:
        if char in _STOPS or char in "~～":
            self._stop += char if len(self._stop) < 4 else ""
            return self._absorb(char)
        if char == '"' and not self._quoted:
            return self._no_boundary() if self._is_latin_stop() else self._boundary()
        if char in _CLOSERS or is_joined(char) or _is_picture(char):
            if char == '"':
                self._quoted = False
            self._closers += char if len(self._closers) < 8 else ""
            return self._absorb(char)
        if char == "[":
            self._chars.append(char)
            self._wait = _Wait.CITATION
            return True
        if char == " ":
            return self._decide_at_space()
        return self._decide_next(char)

    def _decide_citation(self, char: str) -> bool:
        if char == "]":
            self._wait = _Wait.CLOSERS
            return self._absorb(char)
        if (char.isdecimal() or char in ",-– ") and len(self._chars) - self._end < 12:
            self._chars.append(char)
            return True
        return self._boundary()

    def _is_latin_stop(self) -> bool:
        return not any(stop in _WIDE_STOPS for stop in self._stop)

    def _is_ellipsis(self) -> bool:
        return self._stop.startswith("…") or self._stop.startswith("..")

    def _decide_next(self, char: str) -> bool:
        """Decide by a character that follows the stop, or its closing quotes, directly."""
        if self._is_ellipsis() and not any(stop in _WIDE_STOPS for stop in self._stop):
            self._soft = self._end  # 我……我不知道
            return self._no_boundary()
        if not self._is_latin_stop():
            if char in _SOFT or (self._closes_quote() and _goes_on(char)):
                return self._no_boundary()  # 「行く。」と言った
            if any(closer in "）)" for closer in self._closers) and self._chars[0] not in "（(":
                return self._no_boundary()  # 他（真的！）来了
            return self._boundary()
        if is_wide(char) and char not in _SOFT and not self._after_number():
            # 「Hello!」と表示されます
            return self._no_boundary() if self._closes_quote() and _goes_on(char) else self._boundary()
        return self._no_boundary()

    def _closes_quote(self) -> bool:
        return any(closer in _QUOTES for closer in self._closers)

    def _after_number(self) -> bool:
        return self._token().isdecimal()

    def _decide_at_space(self) -> bool:
        if not self._is_latin_stop():
            return self._boundary()
        self._kind = None if self._closers or self._stop != "." else abbreviation(self._token())
        if self._kind is None and self._is_list_number():
            return self._no_boundary()
        if self._kind is Abbreviation.TITLE:
            return self._no_boundary()
        needs_next = self._kind is not None or self._is_ellipsis() or self._closers
        if not needs_next:
            return self._boundary()
        self._chars.append(" ")
        self._wait = _Wait.SPACE
        return True

    def _token(self) -> str:
        """Return the word before the stop."""
        chars = self._chars
        last = self._end - len(self._closers) - len(self._stop)
        first = last
        while first > 0 and last - first < _TOKEN_LENGTH and not chars[first - 1].isspace() and chars[first - 1] < "⺀":
            first -= 1
        return "".join(chars[first:last]).lstrip("([{\"'“‘*_")

    def _is_list_number(self) -> bool:
        """Whether "1." stands where a list item begins: alone before it, in its line or behind a sentence."""
        before = self._chars[: self._end - len(self._closers) - 1]
        return len(before) < _TOKEN_LENGTH and "".join(before).lstrip("-*+#> ").isdecimal()

    def _decide_space(self, char: str) -> bool:
        """Decide by the first character behind stop and space."""
        if char == " ":
            return True
        if char.islower() and char < "⺀":
            self._soft = self._end
            return self._no_boundary()
        if self._kind is Abbreviation.NUMBER or self._kind is Abbreviation.COUNT:
            return self._no_boundary() if char.isdecimal() else self._boundary()
        if self._kind is Abbreviation.NAME and char.isupper():
            self._word_start = len(self._chars)
            self._wait = _Wait.WORD
            self._chars.append(char)
            return True
        return self._boundary()

    def _decide_word(self, char: str) -> bool:
        """Decide by the word behind "U.S.": does it begin sentences."""
        if char.isalpha() and len(self._chars) - self._word_start < _WORD_LENGTH:
            self._chars.append(char)
            return True
        if starts_sentence("".join(self._chars[self._word_start :])):
            return self._boundary()
        return self._no_boundary()

    def _boundary(self) -> bool:
        """End the sentence there; the character at hand is still to be looked at."""
        self._emit(self._end, ends_sentence=True)
        return False

    def _no_boundary(self) -> bool:
        self._weight += len(self._chars) - self._end
        self._end = 0
        self._word = len(self._chars)
        return False

    # --- cutting

    def _newline(self) -> None:
        self._emit(len(self._chars), ends_sentence=True)
        self._starts_line = True
        self._quoted = False

    def _emit(self, end: int, *, ends_sentence: bool) -> None:
        """Hand out the characters before `end`; what stands behind begins the next piece."""
        chars = self._chars
        text = "".join(chars[:end]).strip(" ")
        rest = chars[end:]
        starts_line = self._starts_line
        self._reset()
        if rest.count('"') % 2:
            self._quoted = not self._quoted  # they are read again below
        if text:
            self._pieces.append(Piece(text, ends_sentence, starts_line))
            self._starts_line = False
            if any(char.isalnum() or char == ATOM for char in text):
                self._is_first = False
        for char in rest:
            self._push(char)

    def _cut_hard(self) -> None:
        """Cut a piece that is as long as it may be at the best place in its second half."""
        chars = self._chars
        half = self._maximum // 2
        for place in (self._soft, self._space):
            if place > half:
                self._emit(place, ends_sentence=False)
                return
        self._emit(_safe_cut(chars, half), ends_sentence=False)


def _safe_cut(chars: list[str], lowest: int) -> int:
    """Return the last place that is not inside a word, a number or a character with its marks, else the very end."""
    for index in range(len(chars) - 1, lowest, -1):
        left, right = chars[index - 1], chars[index]
        if is_joined(right) or right in _CLOSERS or right in _SOFT or right in _STOPS or left in _OPENERS:
            continue
        if _binds(left) and _binds(right):
            continue
        return index
    return len(chars)


def _binds(char: str) -> bool:
    """Whether a cut beside it may fall into a word, a number or an address."""
    return char < "⺀" and not char.isspace()


def _goes_on(char: str) -> bool:
    """Whether a sentence goes on with it after a quoted one: 「はい。」と, “好。”的, "Really?" she."""
    return char in "的是和与與" or script(char) in {"kana", "hangul"}


def _is_picture(char: str) -> bool:
    return char >= "\u2600" and (char <= "\u27bf" or "\U0001f000" <= char <= "\U0001faff")

"""Cuts a text that arrives in pieces into clauses: an automaton that is fed one character after another.

Each decision depends on the characters so far and never on how they were cut into pieces, so any cutting gives the
same clauses. Each character is looked at a bounded number of times, so time is linear in the text. A clause comes out
with the first character that makes its end certain: "3." may go on as "3.5", so a full stop waits for what follows.
"""

from __future__ import annotations

from dataclasses import dataclass

from wyoming_cosyvoice.text.ends import CLOSERS, SOFT, STOPS, WORD_LENGTH, SentenceEnd, Verdict
from wyoming_cosyvoice.text.language import is_ambiguous
from wyoming_cosyvoice.text.places import (
    is_conjunction,
    is_connective,
    is_connective_form,
    is_phrase_end,
    is_preposition,
)
from wyoming_cosyvoice.text.scripts import ATOM, is_joined, is_wide

_NEWLINES = frozenset("\n\r\v\f\x85\u2028\u2029")
_OPENERS = frozenset("“‘«‹「『（《〈【〔［｛〖([{")

# A Chinese character is about as long in speech as three Latin letters.
_WIDE_WEIGHT = 3
_SHORTEST_FIRST = 5 * _WIDE_WEIGHT
_SHORTEST_BEFORE_COLON = 8 * _WIDE_WEIGHT

_SPACES = frozenset(" \t\u3000\xa0")
_SPECIAL = STOPS | SOFT | frozenset(' "')


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
        self._end: SentenceEnd | None = None  # a possible one that is not decided yet
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
        if self._end is not None and self._decide(self._end, char):
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
        elif char in STOPS:
            if self._end is None:
                self._end = SentenceEnd(chars, char, quoted=self._quoted)
        elif char in SOFT:
            self._soft_pending = True
        elif char == '"':
            self._quoted = not self._quoted
        elif self._is_first and len(chars) > 2 and self._weight >= self._first:
            if is_connective(chars[-2] + char):
                self._cut_first(len(chars) - 2)
            elif is_phrase_end(chars[-3], chars[-2], char):
                self._cut_first(len(chars) - 1)

    def _end_word(self) -> None:
        chars = self._chars
        before = len(chars) - 1
        if self._is_first and self._weight >= self._first:
            word = "".join(chars[self._word : before][:WORD_LENGTH])
            late = 2 * self._weight >= 3 * self._first
            if (is_conjunction(word) or (is_preposition(word) and late)) and self._cut_first(self._word):
                return
            if is_connective_form(word) and self._cut_first(len(chars)):
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
        if char in CLOSERS and not (char == '"' and not self._quoted):
            return
        self._soft_pending = False
        mark = next((one for one in reversed(chars) if one in SOFT), "")
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

    def _decide(self, end: SentenceEnd, char: str) -> bool:
        """Show a character to a possible sentence end; True if it was used up."""
        verdict = end.take(char)
        self._quoted = end.quoted
        if verdict is Verdict.CUT:
            self._emit(end.index, ends_sentence=True)
        elif verdict is Verdict.GO_ON:
            if end.pauses:
                self._soft = end.index
            self._weight += len(self._chars) - end.index
            self._end = None
            self._word = len(self._chars)
        elif len(self._chars) >= 2 * self._maximum:
            self._emit(end.index, ends_sentence=True)  # thousands of marks in a row
        return verdict is Verdict.WAIT

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
        if is_joined(right) or right in CLOSERS or right in SOFT or right in STOPS or left in _OPENERS:
            continue
        if _binds(left) and _binds(right):
            continue
        return index
    return len(chars)


def _binds(char: str) -> bool:
    """Whether a cut beside it may fall into a word, a number or an address."""
    return char < "⺀" and not char.isspace()

"""Putting the words of a reading together with what was kept of the text."""

from __future__ import annotations

import re

PUNCTUATION = ".,;:!?'\"()，。、；：！？（）「」『』“”‘’《》〈〉【】〔〕—–…·・¿¡«»‹›‥〝〟ー"
"""What stays in the text: it shapes the prosody."""

_SPACES = re.compile(r"[ \t]{2,}")
_SPACE_BEFORE_PUNCTUATION = re.compile(r" +(?=[,.;:!?](?:\s|$)|[，。、；：！？）])")


class Spoken:
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
            spaced = any(latin) or self._said
            apart = spaced and _is_word(self._last) and _is_word(words[0])
            self._add(words, apart=apart or (self._last == "," and latin[1]))
            self._said = True

    @property
    def last(self) -> str:
        """The last character that was added."""
        return self._last

    def attach(self, words: str, attached: bool) -> None:
        """Add words, to the word before them where they are `attached`; the next word stays apart."""
        if attached:
            self.keep(words)
            self._owed = True
        else:
            self.say(words)

    def gap(self) -> None:
        """Leave a sign out: words at its two sides stay apart."""
        self._owed = True

    def pause(self) -> None:
        """Leave a dash out that makes a pause."""
        if self._last.strip() and self._last not in PUNCTUATION:
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

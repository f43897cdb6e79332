"""A plain splitter behind the planner's interface: clauses at punctuation, language by script."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from wyoming_cosyvoice.text.clause import Clause, Language, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

_SENTENCE_END = re.compile(r"[。！？\n]+|[.!?]+(?=\s)")
_CLAUSE_END = re.compile(r"[，、；：]|[,;:](?=\s)")


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """How a text is planned."""

    language: Language | None = None
    default_language: Language = "en"
    text_format: Literal["text", "ssml"] = "text"
    max_characters: int = 100
    first_clause: int = 20
    lexicon: Sequence[object] = ()


class Planner:
    """Text in pieces in, clauses out."""

    def __init__(self, settings: PlanSettings) -> None:
        self._settings = settings
        self._text = ""
        self._first = True

    def feed(self, text: str) -> list[Clause]:
        """Take more text, return the clauses that are certain."""
        self._text += text
        return self._cut(last=False)

    def finish(self) -> list[Clause]:
        """Return the rest."""
        return self._cut(last=True)

    def _cut(self, *, last: bool) -> list[Clause]:
        clauses: list[Clause] = []
        while self._text:
            end = self._end(last=last)
            if end is None:
                break
            head, self._text = self._text[: end[0]], self._text[end[0] :]
            clauses += self._clause(head, ends_sentence=end[1])
        return clauses

    def _end(self, *, last: bool) -> tuple[int, bool] | None:
        most = self._settings.max_characters
        window = self._text[:most]
        found = _SENTENCE_END.search(self._text, 0, most + 1)
        if found and found.end() < len(self._text):
            return found.end(), True
        comma = _CLAUSE_END.search(self._text, 0, most + 1) if self._first else None
        if comma and comma.end() < len(self._text):
            return comma.end(), False
        if len(self._text) > most:
            space = window.rfind(" ")
            return (space + 1 if space > 0 else most), False
        return (len(self._text), True) if last else None

    def _clause(self, text: str, *, ends_sentence: bool) -> list[Clause]:
        if not any(char.isalnum() for char in text):
            return []
        self._first = False
        language = self._settings.language or self._guess(text)
        return [Clause(text, (Span(language, text.strip(), text.strip()),), ends_sentence)]

    def _guess(self, text: str) -> Language:
        if re.search(r"[\u3040-\u30ff]", text):
            return "ja"
        if re.search(r"[\uac00-\ud7a3]", text):
            return "ko"
        if re.search(r"[\u4e00-\u9fff]", text):
            return "zh"
        return "en" if text.isascii() else self._settings.default_language

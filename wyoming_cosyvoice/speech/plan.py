"""Plans how a text is said: pieces of text in, clauses out.

    written -> markup -> clauses -> cleaned -> languages and dictionary -> words

The plan is incremental: a clause comes out as soon as it is certain. It is a function of the text alone, never of how
the text was cut into pieces.
"""

from __future__ import annotations

import logging
import re
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from wyoming_cosyvoice.text.clause import Clause
from wyoming_cosyvoice.text.clean import Cleaner
from wyoming_cosyvoice.text.html import PlainReader
from wyoming_cosyvoice.text.language import Context, next_sentence
from wyoming_cosyvoice.text.lexicon import Lexicon
from wyoming_cosyvoice.text.markup import Atom, Cut, LanguageChange, Style
from wyoming_cosyvoice.text.scripts import ATOM, LANGUAGE_MARK
from wyoming_cosyvoice.text.spans import SpanFinder, fit
from wyoming_cosyvoice.text.split import Piece, Splitter
from wyoming_cosyvoice.text.ssml import SsmlReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wyoming_cosyvoice.text.clause import Language, Span
    from wyoming_cosyvoice.text.markup import Event, Reader

_LOGGER = logging.getLogger(__name__)
_RESERVED = re.compile("[\ufdd0-\ufdef]")
_MARKS = re.compile(f"({LANGUAGE_MARK})")


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """What a plan depends on besides the text.

    `language` is forced, None means that it is found. `default_language` is for text that does not tell.
    `max_characters` bounds the spoken clause, `first_clause` is the length aimed at for the first one, in Chinese
    characters.
    """

    language: Language | None = None
    default_language: Language = "zh"
    text_format: Literal["text", "ssml"] = "text"
    max_characters: int = 200
    first_clause: int = 12
    lexicon: Lexicon = field(default_factory=Lexicon)


class Planner:
    """Takes a text piece by piece and gives its clauses. No string makes it raise."""

    def __init__(self, settings: PlanSettings) -> None:
        self._settings = settings
        self._is_ssml = settings.text_format == "ssml"
        self._reader: Reader = SsmlReader() if self._is_ssml else PlainReader()
        self._splitter = Splitter(settings.first_clause, settings.max_characters)
        self._cleaner = Cleaner()
        self._atoms: deque[Atom] = deque()
        self._changes: deque[LanguageChange] = deque()
        self._finder = SpanFinder(settings.language, settings.default_language, settings.lexicon)
        self._style = Style()
        self._context = Context()

    def feed(self, text: str) -> list[Clause]:
        """Take the next piece of the text; return the clauses that are now certain."""
        return list(self._plan(self._reader.feed(_RESERVED.sub("", text))))

    def finish(self) -> list[Clause]:
        """Return what is left of the text, which is over."""
        return [*self._plan(self._reader.finish()), *self._clauses(self._splitter.finish())]

    def _plan(self, events: Iterable[Event]) -> Iterator[Clause]:
        for event in events:
            if isinstance(event, str):
                yield from self._clauses(self._splitter.feed(event))
            elif isinstance(event, Atom):
                self._atoms.append(event)
                yield from self._clauses(self._splitter.feed(ATOM))
            elif isinstance(event, LanguageChange):
                self._changes.append(event)
                yield from self._clauses(self._splitter.feed(LANGUAGE_MARK))
            elif isinstance(event, Cut):
                yield from self._cut(event)
            else:
                yield from self._clauses(self._splitter.cut(ends_sentence=False))
                self._style = event

    def _cut(self, cut: Cut) -> Iterator[Clause]:
        clauses = list(self._clauses(self._splitter.cut(ends_sentence=cut.ends_sentence)))
        if cut.pause is not None and clauses:
            clauses[-1] = replace(clauses[-1], pause=cut.pause)
        elif cut.pause is not None:
            clauses.append(Clause("", (), ends_sentence=False, pause=cut.pause))
        yield from clauses

    def _clauses(self, pieces: Iterable[Piece]) -> Iterator[Clause]:
        for piece in pieces:
            spans = self._spans(piece)
            if not any(char.isalnum() for span in spans for char in span.spoken) and not any(
                span.phonemes for span in spans
            ):
                _LOGGER.debug("nothing to say in %r", piece.text)
                continue
            shares = list(fit(spans, self._settings.max_characters))
            for index, share in enumerate(shares):
                yield self._clause(share, ends_sentence=piece.ends_sentence and index == len(shares) - 1)

    def _clause(self, spans: tuple[Span, ...], *, ends_sentence: bool) -> Clause:
        style = self._style
        text = "".join(span.text for span in spans).strip()
        return Clause(text, spans, ends_sentence, voice=style.voice, speed=style.speed, volume=style.volume)

    def _spans(self, piece: Piece) -> list[Span]:
        """Read a piece; takes from the queues what its placeholders stand for."""
        atoms = [self._atoms.popleft() for char in piece.text if char == ATOM]
        text = self._cleaner.clean(piece.text, starts_line=piece.starts_line and not self._is_ssml)
        spans: list[Span] = []
        sentence: Language | None = None
        for part in _MARKS.split(text):
            if part == LANGUAGE_MARK:
                self._finder = replace(self._finder, forced=self._changes.popleft().language or self._settings.language)
            elif part:
                count = part.count(ATOM)
                found, sentence, self._context = self._finder.find(part, atoms[:count], self._context)
                atoms = atoms[count:]
                spans += found
        if piece.ends_sentence and sentence is not None:
            self._context = next_sentence(sentence)
        return spans

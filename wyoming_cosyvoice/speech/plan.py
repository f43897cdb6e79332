"""Plans how a text is said: pieces of text in, clauses out.

    written -> markup -> clauses -> cleaned -> pronunciation dictionary -> spans by language -> words

The plan is incremental: a clause comes out as soon as it is certain. It is a function of the text alone, never of how
the text was cut into pieces.
"""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from wyoming_cosyvoice.text.clause import Clause, Span
from wyoming_cosyvoice.text.language import Context, find_spans, next_sentence
from wyoming_cosyvoice.text.split import Piece, Splitter

if TYPE_CHECKING:
    from wyoming_cosyvoice.text.clause import Language

_LOGGER = logging.getLogger(__name__)


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


class Planner:
    """Takes a text piece by piece and gives its clauses."""

    def __init__(self, settings: PlanSettings) -> None:
        self._settings = settings
        self._splitter = Splitter(settings.first_clause, settings.max_characters)
        self._context = Context()

    def feed(self, text: str) -> list[Clause]:
        """Take the next piece of the text; return the clauses that are now certain."""
        return self._plan(self._splitter.feed(text))

    def finish(self) -> list[Clause]:
        """Return what is left of the text, which is over."""
        return self._plan(self._splitter.finish())

    def _plan(self, pieces: list[Piece]) -> list[Clause]:
        return [clause for piece in pieces if (clause := self._clause(piece)) is not None]

    def _clause(self, piece: Piece) -> Clause | None:
        settings = self._settings
        found, sentence, context = find_spans(piece.text, settings.language, settings.default_language, self._context)
        self._context = next_sentence(sentence) if piece.ends_sentence else context
        spans = tuple(Span(language, text, _normalize(text, language)) for language, text in found)
        if not any(char.isalnum() for span in spans for char in span.spoken):
            _LOGGER.debug("nothing to say in %r", piece.text)
            return None
        return Clause(piece.text, spans, piece.ends_sentence)


def _normalize(text: str, language: Language) -> str:
    try:
        module = importlib.import_module("wyoming_cosyvoice.text.normalize")
    except ImportError:
        return text
    return str(module.normalize(text, language))

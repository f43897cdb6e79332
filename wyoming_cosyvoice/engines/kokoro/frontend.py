"""From spans of words to one phoneme string: each span by its language, the user's own readings first."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from wyoming_cosyvoice.engines.kokoro.punctuation import STOPS, tidy
from wyoming_cosyvoice.engines.kokoro.readings import given_reading
from wyoming_cosyvoice.engines.kokoro.vocabulary import SYMBOLS
from wyoming_cosyvoice.engines.memory import return_freed
from wyoming_cosyvoice.text.clause import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from wyoming_cosyvoice.text.clause import Language

VERSION = "7"
"""Changes whenever the same words may give other phonemes or be cut otherwise; part of the engine's revision."""

_LOGGER = logging.getLogger(__name__)
_LATIN = re.compile(r"([A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’-]*(?:[ .&+]+[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’-]*)*)")


class Reader(Protocol):
    """Reads one language; never raises."""

    def phonemes(self, text: str) -> str:
        """Return phonemes with spaces between words and marks kept."""


def _english() -> Reader:
    from wyoming_cosyvoice.engines.kokoro.english import English  # noqa: PLC0415 - read when a text needs it

    return English()


def _chinese() -> Reader:
    from wyoming_cosyvoice.engines.kokoro.chinese import Chinese  # noqa: PLC0415

    return Chinese()


def _japanese() -> Reader:
    from wyoming_cosyvoice.engines.kokoro.japanese import Japanese  # noqa: PLC0415

    return Japanese()


def _korean() -> Reader:
    from wyoming_cosyvoice.engines.kokoro.korean import Korean  # noqa: PLC0415

    return Korean()


# Cantonese is read as Mandarin: Kokoro has no Cantonese sounds.
_READERS: Mapping[Language, Callable[[], Reader]] = {
    "en": _english,
    "zh": _chinese,
    "yue": _chinese,
    "ja": _japanese,
    "ko": _korean,
}


@dataclass(frozen=True, slots=True)
class Passage:
    """Neighbouring spans that are all English, or of which none is; `pause` where a mark stands before it."""

    english: bool
    phonemes: str
    pause: bool


class Frontend:
    """Reads utterances; readers are loaded when a language is first met."""

    def __init__(self) -> None:
        self._loaded: dict[Callable[[], Reader], Reader] = {}

    def load(self, languages: Sequence[Language]) -> None:
        """Load the readers of these languages now."""
        for language in languages:
            self._reader(language)

    def phonemes(self, spans: Sequence[Span]) -> str:
        """Return the phonemes of an utterance, only symbols that Kokoro knows."""
        return self._clean(self._joined(spans))

    def passages(self, spans: Sequence[Span]) -> list[Passage]:
        """Return the utterance divided into what is English and what is not; a passage without sounds is left out."""
        found: list[Passage] = []
        pause = False
        divided = [part for span in spans for part in _divided(span)]
        for english, group in groupby(divided, key=lambda span: span.language == "en"):
            read = self._joined(list(group))
            phonemes = self._clean(read).strip("“”() ")  # a quotation that another passage opens or closes
            pause = pause or read.lstrip().startswith(tuple(STOPS))
            if any(symbol not in STOPS for symbol in phonemes):
                found.append(Passage(english, phonemes, pause and bool(found)))
                pause = phonemes[-1] in STOPS
        return found

    def _joined(self, spans: Sequence[Span]) -> str:
        return " ".join(part for part in map(self._span, spans) if part)

    def _clean(self, phonemes: str) -> str:
        text = tidy(phonemes)
        unknown = {char for char in text if char not in SYMBOLS}
        if unknown:
            _LOGGER.debug("left out, as Kokoro has no symbol for it: %s", " ".join(sorted(unknown)))
        return "".join(char for char in text if char not in unknown)

    def _span(self, span: Span) -> str:
        if span.phonemes is not None:
            reading = given_reading(span.phonemes, span.language)
            if reading:
                return reading
            _LOGGER.debug("no %s reading possible of %r", span.phonemes.alphabet, span.phonemes.text)
        if span.language == "en":
            return self._reader("en").phonemes(span.spoken)
        # a stray Latin word inside another language is still an English word
        pieces = _LATIN.split(span.spoken)
        return " ".join(
            self._reader("en" if index % 2 else span.language).phonemes(piece)
            for index, piece in enumerate(pieces)
            if piece
        )

    def _reader(self, language: Language) -> Reader:
        make = _READERS[language]
        if make not in self._loaded:
            self._loaded[make] = make()
            return_freed()
        return self._loaded[make]


def has_english(spans: Sequence[Span]) -> bool:
    """Whether an English word stands in it."""
    return any(part.language == "en" for span in spans for part in _divided(span))


def _divided(span: Span) -> Iterator[Span]:
    """Give the English words that stand inside another language (light.living_room) a span of their own."""
    if span.language == "en" or span.phonemes is not None:
        yield span
        return
    for index, part in enumerate(_LATIN.split(span.spoken)):
        is_word = index % 2 == 1 and not part.isupper()  # letters that are spelt are no foreign word: MP三
        if part:
            yield Span("en" if is_word else span.language, part, part)

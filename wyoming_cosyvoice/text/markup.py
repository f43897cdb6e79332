"""What markup says about a text: events for the planner, from plain text (with stray HTML) or from SSML.

A text in either format becomes characters, cuts, pauses and changes of style. What must not be cut or read as it
stands (`say-as`, `sub`, `phoneme`) becomes one placeholder character, `ATOM`, whose meaning travels in a queue beside
the text; a change of language likewise becomes `LANGUAGE_MARK`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wyoming_cosyvoice.text.clause import Language, Phonemes


@dataclass(frozen=True, slots=True)
class SayAs:
    """How a piece of text is to be read: SSML's `interpret-as` and `format`."""

    kind: str
    format: str


@dataclass(frozen=True, slots=True)
class Atom:
    """A piece that is read in a way of its own: exactly one of the last three is set."""

    text: str
    alias: str | None = None
    phonemes: Phonemes | None = None
    say_as: SayAs | None = None


@dataclass(frozen=True, slots=True)
class LanguageChange:
    """From here on the text is in that language; None: it is found again."""

    language: Language | None


@dataclass(frozen=True, slots=True)
class Cut:
    """A clause ends here, perhaps with a pause in seconds."""

    ends_sentence: bool
    pause: float | None = None


@dataclass(frozen=True, slots=True)
class Style:
    """How the clauses from here on are spoken: a voice's name, and factors."""

    voice: str | None = None
    speed: float = 1.0
    volume: float = 1.0


Event: TypeAlias = "str | Atom | LanguageChange | Cut | Style"


class Reader(Protocol):
    """Takes a text piece by piece and gives strings and what its markup means."""

    def feed(self, text: str) -> Iterator[Event]:
        """Take the next piece."""

    def finish(self) -> Iterator[Event]:
        """Give what was held back."""

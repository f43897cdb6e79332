"""English words that carry a full stop which does not end a sentence."""

from __future__ import annotations

import re
from enum import Enum, auto

from wyoming_cosyvoice.text.scripts import words


class Abbreviation(Enum):
    """What must follow an abbreviation's full stop for the sentence to end there."""

    TITLE = auto()
    """Nothing ends it: "Dr. Smith", "e.g. this"."""
    NUMBER = auto()
    """It ends unless a digit follows: "No. 5" but "No. I can't."."""
    COUNT = auto()
    """It ends unless a digit or a small letter follows: "approx. 5"."""
    NAME = auto()
    """It ends before a word that begins sentences: "in the U.S. They" but "the U.S. President"."""


_TITLES = words(
    """
    mr mrs ms mx dr prof gen col sgt lt capt cmdr rev hon fr messrs mme mlle st mt e.g i.e vs cf viz al
    """
)
_NUMBERS = words(
    """
    no nos nr fig figs vol ch sec art eq p pp pt jan feb mar apr jun jul aug sep sept oct nov dec
    """
)
_COUNTS = words(
    """
    approx min max tel ext ca incl excl est temp avg dept gov univ assn bros
    """
)
_NAMES = words(
    """
    etc inc ltd co corp jr sr ph.d m.d b.a m.a ave blvd rd bldg apt dc
    """
)
_DOTTED = re.compile(r"[A-Za-z](?:\.[A-Za-z])+")
_STARTERS = words(
    """
    the a an it its he she i we they you this that these those there here in on at if when while but and or so
    then what who why how where which my your his her our their however after before as for from to with no yes
    please is are was were do does did can could will would should let next now also just
    """
)


def abbreviation(token: str) -> Abbreviation | None:
    """Classify the word before a full stop, given without that stop."""
    word = token.lower()
    if word in _TITLES:
        return Abbreviation.TITLE
    if word in _NUMBERS:
        return Abbreviation.NUMBER
    if word in _COUNTS:
        return Abbreviation.COUNT
    # "J. K. Rowling", "U.S.": one capital letter alone, or letters between stops
    if word in _NAMES or (len(token) == 1 and token.isupper()) or _DOTTED.fullmatch(token):
        return Abbreviation.NAME
    return None


def starts_sentence(word: str) -> bool:
    """Whether a capitalised word is one that begins sentences rather than goes on with a name."""
    return word.lower() in _STARTERS

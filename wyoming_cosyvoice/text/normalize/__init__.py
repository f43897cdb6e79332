"""Written text to words: numbers, dates, units, money, addresses as a native reader says them.

One scanner recognises written forms as values (a time, an amount of money, a quantity with its unit), one speaker per
language says them. Reading is pure, takes time linear in the length of the text and never fails. Acronyms stay as they
are written, in capitals: how to spell them is the frontend's knowledge.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.normalize.cantonese import Cantonese
from wyoming_cosyvoice.text.normalize.english import English
from wyoming_cosyvoice.text.normalize.fold import fold
from wyoming_cosyvoice.text.normalize.japanese import Japanese
from wyoming_cosyvoice.text.normalize.korean import Korean
from wyoming_cosyvoice.text.normalize.mandarin import Mandarin
from wyoming_cosyvoice.text.normalize.said_as import said_as
from wyoming_cosyvoice.text.normalize.scan import scan
from wyoming_cosyvoice.text.normalize.traditional import TraditionalMandarin, is_traditional
from wyoming_cosyvoice.text.normalize.weekdays import write_weekdays_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wyoming_cosyvoice.text.clause import Language
    from wyoming_cosyvoice.text.normalize.speaker import Speaker

__all__ = ["KINDS", "normalize", "say_as"]

KINDS = ("cardinal", "characters", "currency", "date", "digits", "number", "ordinal", "spell-out", "telephone", "time")
"""What `say_as` knows; any other kind is read as the context suggests."""

# Speakers hold no state; one of each serves every text.
_SPEAKERS: Mapping[str, Speaker] = MappingProxyType(
    {"zh": Mandarin(), "en": English(), "ja": Japanese(), "ko": Korean(), "yue": Cantonese()}
)
_TRADITIONAL = TraditionalMandarin()


def _speaker(text: str, language: Language) -> Speaker:
    return _TRADITIONAL if language == "zh" and is_traditional(text) else _SPEAKERS[language]


def normalize(text: str, language: Language) -> str:
    """Say `text` in words of `language`; words stay as they are, digits, signs and units become words."""
    return scan(write_weekdays_out(fold(text), language), _speaker(text, language))


def say_as(text: str, kind: str, language: Language, format: str = "") -> str:  # noqa: A002 - SSML's own word
    """Say `text` as `kind` (see `KINDS`) whatever its context.

    `format` is the order of a date ("mdy", "dmy", "ymd", "md"...) or the code of a currency ("USD"). Text that is not of
    that kind, and kinds that are unknown, are read as `normalize` reads them.
    """
    return said_as(fold(text), kind, format, _speaker(text, language))

"""Written text to words: numbers, dates, units, money, addresses as a native reader says them.

One scanner recognises written forms as values (a time, an amount of money, a quantity with its unit), one speaker per
language says them. Reading is pure, takes time linear in the length of the text and never fails.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.normalize.cantonese import Cantonese
from wyoming_cosyvoice.text.normalize.english import English
from wyoming_cosyvoice.text.normalize.fold import fold
from wyoming_cosyvoice.text.normalize.japanese import Japanese
from wyoming_cosyvoice.text.normalize.korean import Korean
from wyoming_cosyvoice.text.normalize.mandarin import Mandarin
from wyoming_cosyvoice.text.normalize.scan import scan

if TYPE_CHECKING:
    from wyoming_cosyvoice.text.clause import Language
    from wyoming_cosyvoice.text.normalize.speaker import Speaker

__all__ = ["normalize"]

_SPEAKERS: dict[str, type[Speaker]] = {"zh": Mandarin, "en": English, "ja": Japanese, "ko": Korean, "yue": Cantonese}


@cache
def _speaker(language: Language) -> Speaker:
    return _SPEAKERS[language]()


def normalize(text: str, language: Language) -> str:
    """Say `text` in words of `language`; words stay as they are, digits, signs and units become words."""
    return scan(fold(text), _speaker(language))

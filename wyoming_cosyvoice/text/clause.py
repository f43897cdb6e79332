"""What planning makes of a text: clauses of spans, each span in one language.

Languages are the base codes `zh`, `en`, `ja`, `ko` and `yue`; what users send (`zh-CN`, `zh-HK`, `ja-JP`) is mapped to
them by `wyoming_cosyvoice.text.language.base_language`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en", "ja", "ko", "yue"]
LANGUAGES: tuple[Language, ...] = ("zh", "en", "ja", "ko", "yue")


@dataclass(frozen=True, slots=True)
class Phonemes:
    """A reading that the user gave and that wins over any dictionary."""

    alphabet: Literal["ipa", "pinyin", "jyutping", "kana"]
    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one language.

    `text` is what was written, `spoken` the same as words: no digit, symbol or unit left. `phonemes` is set where the
    user gave the reading (SSML `phoneme`, pronunciation dictionary).
    """

    language: Language
    text: str
    spoken: str
    phonemes: Phonemes | None = None


@dataclass(frozen=True, slots=True)
class Clause:
    """The unit of synthesis and of caching.

    `text` is the written clause. `ends_sentence` says that the pause between sentences follows it. `pause` (seconds of
    silence after it) overrides that pause, as SSML `break` does. `voice`, `speed` and `volume` come from SSML: the name
    overrides, the factors multiply the request's. A clause without spans is silence: only its pause counts.
    """

    text: str
    spans: tuple[Span, ...]
    ends_sentence: bool = True
    pause: float | None = None
    voice: str | None = None
    speed: float = 1.0
    volume: float = 1.0

    @property
    def spoken(self) -> str:
        """The clause as words, spans joined as the languages ask (a space around Latin words inside CJK)."""
        return join_spans(self.spans)


def join_spans(spans: tuple[Span, ...]) -> str:
    """Join the spoken forms of spans; a space wherever one side of the joint is a Latin or Hangul word."""
    result = ""
    for span in spans:
        spoken = span.spoken.strip()
        if not spoken:
            continue
        if result and (_needs_space(result[-1]) and _needs_space(spoken[0])):
            result += " "
        result += spoken
    return result


def _needs_space(char: str) -> bool:
    return char.isalnum() and (char < "\u2e80" or "\uac00" <= char <= "\ud7a3")

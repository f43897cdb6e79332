"""What a protocol asks of the spine, and what it gets back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wyoming_cosyvoice.text.clause import Language


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    """How something is to be said. None means the server's default.

    `language` None means that it is found in the text; `default_language` is for text that does not tell (`東京` may be
    Chinese or Japanese). `speed` and `volume` are factors. `sentence_silence` is seconds.
    `sample_rate` asks for resampling. Ranges are checked by `SpeechService.open`, which raises BadRequestError.
    """

    voice: str | None = None
    speaker: str | None = None
    language: Language | None = None
    default_language: Language | None = None
    speed: float | None = None
    volume: float | None = None
    style: str | None = None
    seed: int | None = None
    sentence_silence: float | None = None
    text_format: Literal["text", "ssml"] = "text"
    sample_rate: int | None = None


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A block of mono int16 samples."""

    samples: NDArray[np.int16]
    rate: int


@dataclass(frozen=True, slots=True)
class SpeechReport:
    """What a stream cost: seconds of audio and of waiting, clauses in all and from the cache."""

    audio_seconds: float
    first_audio_seconds: float
    total_seconds: float
    clauses: int
    cached_clauses: int
    characters: int
    voice: str
    engine: str

"""The ranges of what a request may ask for, and the messages when it asks for something else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wyoming_cosyvoice.errors import BadRequestError, TextTooLongError

if TYPE_CHECKING:
    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.speech.request import SpeechOptions

SPEED = (0.5, 2.0)
VOLUME = (0.0, 4.0)
SENTENCE_SILENCE = (0.0, 10.0)
SAMPLE_RATE = (8000, 48000)
SEED = (0, 2**32 - 1)
STYLE_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Manner:
    """How a request is to be said: its options with the server's defaults filled in, all within their ranges."""

    speed: float
    volume: float
    sentence_silence: float
    clause_silence: float
    style: str | None
    seed: int


def check_manner(options: SpeechOptions, config: Config) -> Manner:
    """Fill in the defaults.

    Raises BadRequestError, which names the option and its range.
    """
    if options.sample_rate is not None:
        _check("sample_rate", options.sample_rate, SAMPLE_RATE, whole=True)
    if options.style is not None and len(options.style) > STYLE_CHARACTERS:
        raise BadRequestError(f"style has {len(options.style)} characters", f"At most {STYLE_CHARACTERS} are allowed")
    silence = _check("sentence_silence", _given(options.sentence_silence, config.sentence_silence), SENTENCE_SILENCE)
    return Manner(
        speed=_check("speed", _given(options.speed, config.speed), SPEED),
        volume=_check("volume", _given(options.volume, config.volume), VOLUME),
        sentence_silence=silence,
        clause_silence=min(silence, _check("clause_silence", config.clause_silence, SENTENCE_SILENCE)),
        style=options.style or None,
        seed=int(_check("seed", _given(options.seed, 0), SEED, whole=True)),
    )


def check_length(characters: int, config: Config) -> None:
    """Refuse a text that is too long. Raises TextTooLongError."""
    if characters > config.max_text_length:
        message = f"The text has {characters} characters, and at most {config.max_text_length} are allowed"
        raise TextTooLongError(message, "Send it in several requests, or raise max_text_length")


def clamp(value: float, limits: tuple[float, float]) -> float:
    """Bring a product of factors back into its range."""
    return min(max(value, limits[0]), limits[1])


def _given(value: float | None, default: float) -> float:
    return default if value is None else value


def _check(name: str, value: float, limits: tuple[float, float], *, whole: bool = False) -> float:
    low, high = limits
    # a bool is an int to Python, and json lets NaN through
    right_kind = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not right_kind or not math.isfinite(value) or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise BadRequestError(f"{name} is {str(value)[:40]!r}", f"It must be {kind} from {low} to {high}")
    return value

"""Voices as HTTP clients name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming_cosyvoice.errors import UnknownVoiceError
from wyoming_cosyvoice.server.http.schema import VoiceInfo

if TYPE_CHECKING:
    from wyoming_cosyvoice.engines.registry import Engines
    from wyoming_cosyvoice.speech.request import SpeechOptions

# Front ends made for OpenAI offer these without asking which voices there are; they mean "the default".
_OPENAI_VOICES = frozenset(
    (
        "auto",
        "alloy",
        "ash",
        "ballad",
        "cedar",
        "coral",
        "echo",
        "fable",
        "marin",
        "nova",
        "onyx",
        "sage",
        "shimmer",
        "verse",
    )
)


def openai_voice(engines: Engines, name: str) -> str | None:
    """Return the voice that an OpenAI client means; None is the default. Raises UnknownVoiceError."""
    if name.casefold() in _OPENAI_VOICES:
        return None
    return engines.find(name)[1].id


def nth_voice(engines: Engines, options: SpeechOptions, number: int) -> str:
    """Return the voice at a position among those of the language (all where none is named).

    Raises UnknownVoiceError.
    """
    names = [
        voice.id
        for _, voice in engines.voices
        if options.language is None or options.language in voice.languages + voice.experimental
    ]
    if number >= len(names):
        raise UnknownVoiceError(
            f"speaker_id {number} is too large: there are {len(names)} voices of that language",
            f"Use 0 to {len(names) - 1}: {', '.join(names)}" if names else "See /voices",
        )
    return names[number]


def voice_list(engines: Engines) -> list[VoiceInfo]:
    """Return all voices."""
    return [
        VoiceInfo(
            voice.id,
            voice.description,
            list(voice.languages),
            list(voice.experimental),
            voice.gender,
            list(voice.aliases),
            engine.name,
            engine.sample_rate,
        )
        for engine, voice in engines.voices
    ]

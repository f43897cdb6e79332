"""The voices of a bundle as they are advertised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.engine import Attribution, Voice
from wyoming_cosyvoice.text.clause import LANGUAGES

if TYPE_CHECKING:
    from wyoming_cosyvoice.store.bundle import BundleVoice, Manifest
    from wyoming_cosyvoice.text.clause import Language

_NAMES = {"zh": "Mandarin", "en": "English", "ja": "Japanese", "yue": "Cantonese", "ko": "Korean"}
# What a voice of that language speaks without a foreign accent, besides its own.
_ALSO: dict[str, tuple[Language, ...]] = {"zh": ("en",), "yue": ("zh",)}


def advertised_voices(manifest: Manifest) -> tuple[Voice, ...]:
    """Return the bundle's voices, in its order; every one speaks every language, most with an accent."""
    author = Attribution(manifest.attribution.name, manifest.attribution.url)
    return tuple(_voice(voice, manifest.name, author) for voice in manifest.voices)


def _voice(voice: BundleVoice, model: str, author: Attribution) -> Voice:
    own: Language = next((language for language in LANGUAGES if language == voice.language), "en")
    languages = (own, *_ALSO.get(own, ()))
    return Voice(
        id=voice.id,
        description=f"{_NAMES[own]} {voice.gender} ({model}, {voice.name})",
        languages=languages,
        gender="male" if voice.gender == "male" else "female",
        attribution=author,
        aliases=(voice.name,) if voice.name != voice.id else (),
        experimental=tuple(language for language in LANGUAGES if language not in languages),
        loudness=None,  # bundles don't tell
    )

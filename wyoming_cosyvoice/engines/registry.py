"""The voices of all loaded engines, and which of them a request means."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wyoming_cosyvoice.errors import NoVoiceError, UnknownVoiceError, UnsupportedLanguageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wyoming_cosyvoice.engines.engine import Engine, Voice
    from wyoming_cosyvoice.text.clause import Language


class Engines:
    """Loaded engines in order of preference: the first that has what is asked for gets it.

    Each voice is also known by its engine or its model and its id, `kokoro/zh_female_1`. Where an engine before it has
    a voice of the same id, that is what it is called, so that the starter can be chosen beside an installed model.
    """

    def __init__(self, engines: Sequence[Engine], default_voice: str | None = None) -> None:
        self._engines = tuple(engines)
        self._by_name: dict[str, tuple[Engine, Voice]] = {}
        voices = []
        for engine in self._engines:
            for voice in engine.voices:
                names = (voice.id, f"{engine.name}/{voice.id}", f"{engine.version}/{voice.id}")
                free = [name for name in names if name.casefold() not in self._by_name]
                if not free:
                    continue  # the very same model once more
                unique = voice if free[0] == voice.id else replace(voice, id=free[0])
                voices.append((engine, unique))
                for name in (*free, *voice.aliases):
                    self._by_name.setdefault(name.casefold(), (engine, unique))
        self.voices = tuple(voices)
        """All voices with their engines, in order of preference, no two of one id."""
        self._default = self.find(default_voice) if default_voice else None

    def __iter__(self) -> Iterator[Engine]:
        return iter(self._engines)

    def find(self, name: str) -> tuple[Engine, Voice]:
        """Return the engine and the voice of that id or alias.

        Raises UnknownVoiceError, which names the voices there are.
        """
        found = self._by_name.get(name.casefold())
        if found is None:
            known = ", ".join(voice.id for _, voice in self.voices)
            raise UnknownVoiceError(f"There is no voice {name[:80]!r}", f"Use one of: {known}")
        return found

    def choose(self, name: str | None, language: Language | None) -> tuple[Engine, Voice]:
        """Return the voice that a request means: the named one, else the best for its language, else the default.

        A voice that was named wins over the language: it then speaks that language as well as it can.
        """
        if name:
            return self.find(name)
        if not self.voices:
            raise NoVoiceError("No voice is installed", "Install one with `wyoming-cosyvoice models install starter`")
        if language is None:
            return self._default or self.voices[0]
        if self._default and language in self._default[1].languages:
            return self._default
        for native in (True, False):
            for engine, voice in self.voices:
                if language in (voice.languages[:1] if native else voice.languages + voice.experimental):
                    return engine, voice
        spoken = sorted({code for _, voice in self.voices for code in voice.languages})
        raise UnsupportedLanguageError(f"No installed voice speaks {language!r}", f"Use one of: {', '.join(spoken)}")

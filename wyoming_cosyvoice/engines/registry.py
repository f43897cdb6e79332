"""The voices of all loaded engines, and which of them a request means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming_cosyvoice.errors import NoVoiceError, UnknownVoiceError, UnsupportedLanguageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wyoming_cosyvoice.engines.engine import Engine, Voice
    from wyoming_cosyvoice.text.clause import Language


class Engines:
    """Loaded engines in order of preference: the first that has what is asked for gets it."""

    def __init__(self, engines: Sequence[Engine], default_voice: str | None = None) -> None:
        self._engines = tuple(engines)
        self._by_name: dict[str, tuple[Engine, Voice]] = {}
        for engine in self._engines:
            for voice in engine.voices:
                for name in (voice.id, *voice.aliases):
                    self._by_name.setdefault(name.casefold(), (engine, voice))
        self._default = self.find(default_voice) if default_voice else None

    def __iter__(self) -> Iterator[Engine]:
        return iter(self._engines)

    def find(self, name: str) -> tuple[Engine, Voice]:
        """Return the engine and the voice of that id or alias.

        Raises UnknownVoiceError, which names the voices there are.
        """
        found = self._by_name.get(name.casefold())
        if found is None:
            known = ", ".join(voice.id for engine in self._engines for voice in engine.voices)
            raise UnknownVoiceError(f"There is no voice {name[:80]!r}", f"Use one of: {known}")
        return found

    def choose(self, name: str | None, language: Language | None) -> tuple[Engine, Voice]:
        """Return the voice that a request means: the named one, else the best for its language, else the default.

        A voice that was named wins over the language: it then speaks that language as well as it can.
        """
        if name:
            return self.find(name)
        if not self._by_name:
            raise NoVoiceError("No voice is installed", "Install one with `wyoming-cosyvoice models install starter`")
        if language is None:
            return self._default or self._first()
        if self._default and language in self._default[1].languages:
            return self._default
        for native in (True, False):
            for engine in self._engines:
                for voice in engine.voices:
                    if language in (voice.languages[:1] if native else voice.languages + voice.experimental):
                        return engine, voice
        spoken = sorted({code for engine in self._engines for voice in engine.voices for code in voice.languages})
        raise UnsupportedLanguageError(f"No installed voice speaks {language!r}", f"Use one of: {', '.join(spoken)}")

    def _first(self) -> tuple[Engine, Voice]:
        engine = next(engine for engine in self._engines if engine.voices)
        return engine, engine.voices[0]

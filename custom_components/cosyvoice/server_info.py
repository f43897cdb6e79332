"""What a server tells about itself in its Wyoming description.

The client library drops keys it does not know, so the description is read from the event itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from .const import MINIMUM_SERVER_VERSION
from .errors import NotCosyVoiceError, NoTextToSpeechError, NotWyomingError, ServerTooOldError

PROGRAM = "cosyvoice"


@dataclass(frozen=True, slots=True)
class ServerVoice:
    """A voice that is installed on the server."""

    name: str
    description: str
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """Live numbers; None where the server does not tell."""

    open_streams: float | None = None
    requests: float | None = None
    errors: float | None = None
    real_time_factor: float | None = None
    first_audio_seconds: float | None = None
    cache_hits: float | None = None
    cache_misses: float | None = None
    installing: str | None = None

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Take what is known and well-formed; the rest stays None."""
        if not isinstance(data, Mapping):
            return cls()
        numbers = {
            name: float(value)
            for name in cls.__slots__
            if isinstance(value := data.get(name), int | float) and not isinstance(value, bool)
        }
        installing = data.get("installing")
        numbers.pop("installing", None)
        return cls(**numbers, installing=installing if isinstance(installing, str) and installing else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """A server's description."""

    server_id: str
    version: str
    revision: str
    voices: tuple[ServerVoice, ...]
    streaming: bool
    http_port: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    status: ServerStatus = field(default_factory=ServerStatus)

    @classmethod
    def from_event_data(cls, data: Mapping[str, Any]) -> Self:
        """Read the data of an `info` event.

        Raises NotWyomingError, NoTextToSpeechError, NotCosyVoiceError or ServerTooOldError.
        """
        programs = data.get("tts") or []
        if not isinstance(programs, list) or not all(isinstance(program, Mapping) for program in programs):
            raise NotWyomingError("the description is malformed")
        if not programs:
            raise NoTextToSpeechError("the server offers no text to speech")
        program = next((item for item in programs if isinstance(item.get(PROGRAM), Mapping)), None)
        if program is None:
            if any(item.get("name") == PROGRAM for item in programs):
                raise ServerTooOldError("the description has no identity")
            names = ", ".join(str(item.get("name")) for item in programs)
            raise NotCosyVoiceError(names)
        about: Mapping[str, Any] = program[PROGRAM]
        server_id, version = about.get("server_id"), str(about.get("version", ""))
        if not isinstance(server_id, str) or not server_id or _release(version) < _release(MINIMUM_SERVER_VERSION):
            raise ServerTooOldError(version)
        options = about.get("options")
        http = about.get("http")
        port = http.get("port") if isinstance(http, Mapping) else None
        return cls(
            server_id=server_id,
            version=version,
            revision=str(about.get("revision", "")),
            voices=_voices(program),
            streaming=program.get("supports_synthesize_streaming") is True,
            http_port=port if isinstance(port, int) else None,
            options=options if isinstance(options, Mapping) else {},
            status=ServerStatus.from_dict(about.get("status")),
        )

    @property
    def languages(self) -> list[str]:
        """The languages of all voices, in the order of the voices."""
        return list(dict.fromkeys(language for voice in self.voices for language in voice.languages))

    @property
    def styles(self) -> list[str]:
        """The styles that the server names; it may take others."""
        option = self.options.get("style")
        styles = option.get("values") if isinstance(option, Mapping) else None
        return [style for style in styles if isinstance(style, str)] if isinstance(styles, list) else []

    @property
    def cache_revision(self) -> str:
        """Changes whenever the same request may sound different."""
        state = json.dumps([self.revision, self.options], sort_keys=True, default=str)
        return hashlib.sha256(state.encode()).hexdigest()[:16]

    def voice(self, name: str) -> ServerVoice | None:
        """Return the voice of that name, None where there is none."""
        return next((voice for voice in self.voices if voice.name == name), None)

    def http_url(self, host: str) -> str | None:
        """Return the base address of the server's HTTP side, None where it has none.

        `host` is where Wyoming was reached: a server that listens on every address can't know which one we use.
        """
        return f"http://{f'[{host}]' if ':' in host else host}:{self.http_port}" if self.http_port else None


def _voices(program: Mapping[str, Any]) -> tuple[ServerVoice, ...]:
    voices = program.get("voices")
    if program.get("installed") is False or not isinstance(voices, list):
        return ()
    return tuple(
        ServerVoice(
            name=voice["name"],
            description=str(voice.get("description") or voice["name"]),
            languages=tuple(language for language in voice.get("languages") or () if isinstance(language, str)),
        )
        for voice in voices
        if isinstance(voice, Mapping) and isinstance(voice.get("name"), str) and voice.get("installed") is not False
    )


def _release(version: str) -> tuple[int, ...]:
    """`1.2.3rc1` -> (1, 2, 3); what is no version sorts before every version."""
    numbers: list[int] = []
    for part in version.split(".")[:3]:
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)

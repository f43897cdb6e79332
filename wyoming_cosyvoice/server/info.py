"""What the server says about itself when it is asked to describe itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wyoming.event import Event
from wyoming.info import Attribution, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker

from wyoming_cosyvoice import __version__
from wyoming_cosyvoice.server.frames import encode
from wyoming_cosyvoice.speech import limits

if TYPE_CHECKING:
    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.engines.engine import Voice
    from wyoming_cosyvoice.engines.registry import Engines
    from wyoming_cosyvoice.speech.service import SpeechService
    from wyoming_cosyvoice.speech.statistics import ServiceStatus
    from wyoming_cosyvoice.text.clause import Language

PROGRAM = "cosyvoice"
_PROJECT = Attribution("wyoming-cosyvoice", "https://github.com/wyoming-cosyvoice/wyoming-cosyvoice")
# never "cmn": Home Assistant matches none of its languages with it
_CODES: dict[Language, tuple[str, ...]] = {
    "zh": ("zh", "zh-CN", "zh-TW"),
    "en": ("en",),
    "ja": ("ja",),
    "ko": ("ko",),
    "yue": ("yue", "zh-HK"),
}


class Description:
    """The `info` event as bytes: the voices made anew only when other engines are loaded, the numbers every time."""

    def __init__(self, service: SpeechService, config: Config, server_id: str, http_port: int | None) -> None:
        self._service = service
        self._config = config
        self._server_id = server_id
        self._http_port = http_port
        self._engines: Engines | None = None
        self._event = Event("info")

    def __call__(self) -> bytes:
        """Return the event, ready to be sent."""
        if self._engines is not self._service.engines:
            self._engines = self._service.engines
            self._event = info_event(self._engines, self._config, self._server_id, self._http_port)
        self._event.data["tts"][0][PROGRAM]["status"] = _status(self._service.status())
        return encode(self._event)


def _status(now: ServiceStatus) -> dict[str, float | None]:
    """Return the live numbers that a client shows without asking over HTTP; the names are those of ``GET /status``."""
    return {
        "open_streams": now.open_streams,
        "queued": now.queued,
        "running": now.running,
        "requests": now.requests,
        "errors": sum(now.errors.values()),
        "real_time_factor": now.real_time_factor or None,
        "first_audio_seconds": now.first_audio_seconds or None,
        "cache_hits": now.cache.hits,
        "cache_misses": now.cache.misses,
    }


def info_event(engines: Engines, config: Config, server_id: str, http_port: int | None) -> Event:
    """Return the `info` event: Wyoming's fields, and ours under `cosyvoice` in the program."""
    loaded = tuple(engines)
    voices = [voice for _, voice in engines.voices]
    native = {code for voice in voices for code in voice.languages}
    first = loaded[0].attribution if loaded else None
    program = TtsProgram(
        name=PROGRAM,
        description="; ".join(engine.description for engine in loaded) or "No voice is installed",
        attribution=Attribution(first.name, first.url) if first else _PROJECT,
        installed=bool(voices),
        version=__version__,
        voices=[_voice(voice, native, engine.version) for engine, voice in engines.voices],
        supports_synthesize_streaming=not config.no_streaming,
    )
    event = Info(tts=[program]).event()
    event.data["tts"][0][PROGRAM] = {
        "server_id": server_id,
        "version": __version__,
        "revision": "+".join(engine.revision for engine in loaded),
        "http": {"port": http_port} if http_port else None,
        "options": _options(config, voices),
    }
    return event


def _voice(voice: Voice, native: set[Language], version: str) -> TtsVoice:
    # a language that no voice speaks well is offered by those that speak it somehow, and by nobody else
    experimental = [code for code in voice.experimental if code not in native]
    description = voice.description
    unseen = [alias for alias in voice.aliases if not alias.isascii() and alias not in description]
    notes = [*unseen, *(f"{code}: experimental" for code in experimental)]
    return TtsVoice(
        name=voice.id,
        description=f"{description} ({', '.join(notes)})" if notes else description,
        attribution=Attribution(voice.attribution.name, voice.attribution.url),
        installed=True,
        version=version,
        languages=[tag for code in (*voice.languages, *experimental) for tag in _CODES[code]],
        speakers=[TtsVoiceSpeaker(speaker) for speaker in voice.speakers] or None,
    )


def _options(config: Config, voices: list[Voice]) -> dict[str, Any]:
    """List what ``context: {"cosyvoice": {...}}`` may hold, with ranges, and the defaults that the sound depends on."""
    spoken = {code for voice in voices for code in (*voice.languages, *voice.experimental)}
    languages = [tag for code in _CODES if code in spoken for tag in _CODES[code]]
    return {
        "voice": {"default": config.voice},
        "language": {"default": config.language, "values": ["auto", *languages]},
        "default_language": {"values": languages},
        "mixed": {"default": config.mixed},
        "speed": {"min": limits.SPEED[0], "max": limits.SPEED[1], "default": config.speed},
        "volume": {"min": limits.VOLUME[0], "max": limits.VOLUME[1], "default": config.volume},
        "sentence_silence": {
            "min": limits.SENTENCE_SILENCE[0],
            "max": limits.SENTENCE_SILENCE[1],
            "default": config.sentence_silence,
        },
        "style": {"max_length": limits.STYLE_CHARACTERS},
        "seed": {"min": limits.SEED[0], "max": limits.SEED[1], "default": 0},
        "sample_rate": {"min": limits.SAMPLE_RATE[0], "max": limits.SAMPLE_RATE[1]},
        "text_format": {"values": ["text", "ssml"]},
        "max_text_length": config.max_text_length,
    }

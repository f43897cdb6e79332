"""What clients send and get. The OpenAPI description is made from these, so they cannot disagree."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from wyoming_cosyvoice.audio.compress import Format  # noqa: TC001 - msgspec reads it at run time
from wyoming_cosyvoice.server.model_manager import ModelState  # noqa: TC001 - likewise

Text = Annotated[str, Meta(max_length=1_000_000, description="What to say. Longer than the server's limit: 413.")]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Speed = Annotated[float, Meta(ge=0.5, le=2.0, description="Speaking rate, 1 is the voice's own.")]
Volume = Annotated[float, Meta(ge=0.0, le=4.0, description="Loudness factor.")]
Silence = Annotated[float, Meta(ge=0.0, le=10.0, description="Seconds between sentences.")]
# whole numbers, but JSON has one kind of number only and some clients write 7.0
Seed = Annotated[
    float, Meta(ge=0, le=2**31 - 1, multiple_of=1, description="A whole number; the same seed gives the same audio.")
]
Rate = Annotated[
    float, Meta(ge=8000, le=48000, multiple_of=1, description="Samples a second; the voice's own if absent.")
]
Language = Annotated[
    str,
    Meta(
        description="zh, en, ja, ko or yue, with or without a region (zh-HK); auto finds it in the text.",
        # told, not enforced here: the speech service's own error names the languages there are
        extra_json_schema={"pattern": "^(auto|(zh|en|ja|ko|yue)(-[A-Za-z]{2,4}){0,2})$"},
    ),
]
MODEL_NAME = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
TextFormat = Literal["text", "ssml"]


class SpeechFields(Struct, kw_only=True):
    """How something is to be said, the same on every endpoint."""

    voice: Name | None = None
    speaker: Name | None = None
    language: Language | None = None
    speed: Speed | None = None
    volume: Volume | None = None
    style: Annotated[str, Meta(max_length=500)] | None = None
    seed: Seed | None = None
    sentence_silence: Silence | None = None
    text_format: TextFormat = "text"
    sample_rate: Rate | None = None


class TtsRequest(SpeechFields, forbid_unknown_fields=True, kw_only=True):
    """`POST /tts`."""

    text: Text
    speaker_id: (
        Annotated[
            float,
            Meta(ge=0, multiple_of=1, description="Position in the language's voices, from 0; `voice` wins over it."),
        ]
        | None
    ) = None


class TtsResponse(Struct):
    """`POST /tts`: a WAV file as base64, and how long it lasts in seconds."""

    audio: str
    duration: float
    sample_rate: int
    voice: str


class OpenAISpeechRequest(Struct):
    """`POST /v1/audio/speech`. Fields that OpenAI adds later are ignored, as its own clients expect."""

    input: Text
    model: Annotated[str, Meta(max_length=200)] = "cosyvoice"
    voice: Name = "auto"
    instructions: Annotated[str, Meta(max_length=500)] | None = None
    response_format: Format = "mp3"
    speed: Annotated[float, Meta(ge=0.25, le=4.0, description="Outside 0.5 to 2 the nearest of the two is used.")] = 1.0
    stream_format: Literal["audio", "sse"] = "audio"


class ExplainRequest(SpeechFields, forbid_unknown_fields=True, kw_only=True):
    """`POST /explain`."""

    text: Text


class SpanInfo(Struct):
    """A run of text in one language, as written and as words."""

    language: str
    text: str
    spoken: str


class ClauseInfo(Struct):
    """A clause as it is read."""

    text: str
    spoken: str
    spans: list[SpanInfo]


class ExplainResponse(Struct):
    """`POST /explain`: the plan of a text."""

    clauses: list[ClauseInfo]


class VoiceInfo(Struct):
    """A voice."""

    id: str
    description: str
    languages: list[str]
    experimental: list[str]
    gender: str
    aliases: list[str]
    engine: str
    sample_rate: int


class VoicesResponse(Struct):
    """`GET /voices`."""

    voices: list[VoiceInfo]
    default: str | None


class OpenAIModel(Struct):
    """A model in OpenAI's words."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = "wyoming-cosyvoice"


class OpenAIModels(Struct):
    """`GET /v1/models`."""

    data: list[OpenAIModel]
    object: str = "list"


class OpenAIVoice(Struct):
    """A voice in the words that OpenAI-compatible front ends read."""

    id: str
    name: str


class OpenAIVoices(Struct):
    """`GET /v1/audio/voices`."""

    voices: list[OpenAIVoice]


class Health(Struct):
    """`GET /healthz` and `GET /readyz`."""

    status: str
    version: str


class Status(Struct):
    """`GET /status`: live numbers for the page and for Home Assistant.

    `open_streams` are requests, `queued` and `running` their clauses. Times are null until something was said.
    `installing` names the model that is being installed.
    """

    version: str
    engines: list[str]
    open_streams: int
    queued: int
    running: int
    requests: int
    real_time_factor: float | None
    first_audio_seconds: float | None
    cache_hits: int
    cache_misses: int
    cache_bytes: int
    errors: int
    installing: str | None


class WarmRequest(SpeechFields, forbid_unknown_fields=True, kw_only=True):
    """`POST /cache/warm`: speak these into the cache."""

    texts: Annotated[list[Text], Meta(min_length=1, max_length=200)]


class WarmResponse(Struct):
    """`POST /cache/warm`: how many clauses were made and how many were there."""

    texts: int
    clauses: int
    cached_clauses: int
    seconds: float


class InstallRequest(Struct, forbid_unknown_fields=True):
    """`POST /models`: a name of the catalogue."""

    name: Annotated[str, Meta(pattern=MODEL_NAME)]


class ModelsResponse(Struct):
    """`GET /models`."""

    models: list[ModelState]


class ErrorDetail(Struct):
    """What was wrong, what was expected (`message`) and what to do (`hint`)."""

    code: str
    message: str
    hint: str


class ErrorResponse(Struct):
    """Every error of every endpoint."""

    error: ErrorDetail


class SocketMessage(Struct, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    """Anything that a WebSocket client may send."""


class SocketStart(SpeechFields, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="start"):
    """Begin an utterance; `token` where the server asks for one and the client can't send a header."""

    token: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET


class SocketText(SocketMessage, tag="text"):
    """A piece of the text."""

    text: Text


class SocketEnd(SocketMessage, tag="end"):
    """The text is complete."""


class SocketCancel(SocketMessage, tag="cancel"):
    """Stop speaking."""


SocketRequest = SocketStart | SocketText | SocketEnd | SocketCancel


def options_of(request: SpeechFields) -> dict[str, Any]:
    """Return the speech fields of a request, as written."""
    return {name: getattr(request, name) for name in SpeechFields.__struct_fields__}

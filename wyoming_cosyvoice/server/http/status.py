"""`GET /healthz`, `/readyz`, `/status`, `/voices`, `/v1/models` and `/v1/audio/voices`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming_cosyvoice import __version__
from wyoming_cosyvoice.server.http import schema
from wyoming_cosyvoice.server.http.errors import json_response
from wyoming_cosyvoice.server.http.voices import voice_list

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from wyoming_cosyvoice.server.http.context import Context
    from wyoming_cosyvoice.server.model_manager import ModelManager


class StatusEndpoints:
    """What the server is and how it does."""

    def __init__(self, context: Context, manager: ModelManager) -> None:
        self._context = context
        self._manager = manager

    async def health(self, _request: Request) -> Response:
        """Answer that the process lives."""
        return json_response(schema.Health("ok", __version__))

    async def ready(self, _request: Request) -> Response:
        """Answer whether something can be said."""
        ready = bool(self._context.service.engines.voices)
        return json_response(schema.Health("ready" if ready else "no-voice", __version__), 200 if ready else 503)

    async def status(self, request: Request) -> Response:
        """Answer live numbers."""
        self._context.guard.admit(request)
        service = self._context.service
        now = service.status()
        return json_response(
            schema.Status(
                version=__version__,
                engines=[engine.description for engine in service.engines],
                open_streams=now.open_streams,
                queued=now.queued,
                running=now.running,
                requests=now.requests,
                real_time_factor=now.real_time_factor or None,
                first_audio_seconds=now.first_audio_seconds or None,
                cache_hits=now.cache.hits,
                cache_misses=now.cache.misses,
                cache_bytes=now.cache.bytes,
                errors=sum(now.errors.values()),
                installing=self._manager.installing,
            )
        )

    async def voices(self, request: Request) -> Response:
        """Answer all voices."""
        self._context.guard.admit(request)
        voices = voice_list(self._context.service.engines)
        default = self._context.config.voice or (voices[0].id if voices else None)
        return json_response(schema.VoicesResponse(voices, default))

    async def openai_models(self, request: Request) -> Response:
        """Answer the engines as OpenAI's clients ask for them."""
        self._context.guard.admit(request)
        return json_response(
            schema.OpenAIModels([schema.OpenAIModel(engine.name) for engine in self._context.service.engines])
        )

    async def openai_voices(self, request: Request) -> Response:
        """Answer the voices as OpenAI-compatible front ends ask for them."""
        self._context.guard.admit(request)
        return json_response(
            schema.OpenAIVoices(
                [schema.OpenAIVoice(voice.id, voice.description) for voice in voice_list(self._context.service.engines)]
            )
        )

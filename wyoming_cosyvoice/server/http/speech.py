"""`POST /tts`, `POST /v1/audio/speech`, `POST /cache/warm` and `POST /explain`."""

from __future__ import annotations

import asyncio
import base64
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from starlette.responses import Response, StreamingResponse

from wyoming_cosyvoice.audio.compress import CONTENT_TYPES, open_encoder
from wyoming_cosyvoice.audio.wav import encode_wav
from wyoming_cosyvoice.errors import SpeechError
from wyoming_cosyvoice.server.http import schema
from wyoming_cosyvoice.server.http.body import read_json, speech_options
from wyoming_cosyvoice.server.http.errors import error_body, json_response
from wyoming_cosyvoice.server.http.events import event
from wyoming_cosyvoice.server.http.leaving import cancelled_when_client_leaves
from wyoming_cosyvoice.server.http.voices import nth_voice, openai_voice

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from wyoming_cosyvoice.audio.compress import Encoder, Format
    from wyoming_cosyvoice.audio.pcm import Pcm
    from wyoming_cosyvoice.server.http.context import Context
    from wyoming_cosyvoice.speech.request import SpeechOptions
    from wyoming_cosyvoice.speech.stream import SpeechStream

_BLOCK = 6000
"""Samples that are compressed at once: a quarter of a second."""


class SpeechEndpoints:
    """The endpoints that speak."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def tts(self, request: Request) -> Response:
        """Answer a whole WAV file inside JSON."""
        self._context.guard.admit(request)
        body = await read_json(request, schema.TtsRequest, self._context.max_body)
        options = speech_options(body)
        if body.speaker_id is not None and body.voice is None:
            options = replace(options, voice=nth_voice(self._context.service.engines, options, int(body.speaker_id)))
        async with cancelled_when_client_leaves(request.receive):
            blocks, stream = await self._collect(body.text, options, request)
            samples = np.concatenate(blocks)
            audio = await asyncio.to_thread(lambda: base64.b64encode(encode_wav(samples, stream.rate)).decode())
        duration = round(len(samples) / stream.rate, 4)
        return json_response(schema.TtsResponse(audio, duration, stream.rate, stream.voice.id))

    async def openai(self, request: Request) -> Response:
        """Answer audio as it is made, in the words of OpenAI's speech endpoint."""
        self._context.guard.admit(request)
        body = await read_json(request, schema.OpenAISpeechRequest, self._context.max_body)
        fields = schema.SpeechFields(
            voice=openai_voice(self._context.service.engines, body.voice),
            speed=min(max(body.speed, 0.5), 2.0),
            style=body.instructions,
        )
        stream = self._context.service.open(speech_options(fields), _client(request))
        # begun before the answer's head is sent, so that an error of the first clause is still a 4xx or 5xx
        answer = _Answer(stream, body.input, body.response_format)
        async with cancelled_when_client_leaves(request.receive):
            await answer.begin()
        if body.stream_format == "sse":
            return _AnswerResponse(answer, answer.events(), "text/event-stream")
        return _AnswerResponse(answer, answer.data(), CONTENT_TYPES[body.response_format])

    async def warm(self, request: Request) -> Response:
        """Speak texts into the cache."""
        self._context.guard.admit(request)
        body = await read_json(request, schema.WarmRequest, self._context.max_body)
        options = speech_options(body)
        started = time.monotonic()
        clauses = cached = 0
        async with cancelled_when_client_leaves(request.receive):
            for text in body.texts:
                _, stream = await self._collect(text, options, request)
                clauses += stream.report.clauses
                cached += stream.report.cached_clauses
        return json_response(
            schema.WarmResponse(len(body.texts), clauses, cached, round(time.monotonic() - started, 3))
        )

    async def explain(self, request: Request) -> Response:
        """Answer how a text is read."""
        self._context.guard.admit(request)
        body = await read_json(request, schema.ExplainRequest, self._context.max_body)
        clauses = await self._context.service.explain(body.text, speech_options(body))
        return json_response(
            schema.ExplainResponse(
                [
                    schema.ClauseInfo(
                        clause.text,
                        clause.spoken,
                        [schema.SpanInfo(span.language, span.text, span.spoken) for span in clause.spans],
                    )
                    for clause in clauses
                ]
            )
        )

    async def _collect(self, text: str, options: SpeechOptions, request: Request) -> tuple[list[Pcm], SpeechStream]:
        """Speak a whole text and return its samples; the stream is over then."""
        async with self._context.service.open(options, _client(request)) as stream:
            stream.feed(text)
            stream.end()
            blocks = [chunk.samples async for chunk in stream]
        return blocks, stream


class _Answer:
    """A streamed answer: the first block is made in `begin`, the rest while the client reads."""

    def __init__(self, stream: SpeechStream, text: str, audio_format: Format) -> None:
        self._stream = stream
        self._text = text
        self._format = audio_format
        self._plain = audio_format in {"wav", "pcm"}
        self._parts = self._encoded()
        self._first: bytes | None = None

    async def close(self) -> None:
        """End the work, also where nobody has begun to read."""
        await self._parts.aclose()
        self._stream.close()

    async def begin(self) -> None:
        """Open the stream and wait for the first bytes."""
        self._first = await anext(self._parts, None)

    async def data(self) -> AsyncIterator[bytes]:
        """Yield the file's bytes."""
        if self._first is not None:
            yield self._first
        async for part in self._parts:
            yield part

    async def events(self) -> AsyncIterator[bytes]:
        """Yield server-sent events: audio deltas, then done, or an error."""
        try:
            async for part in self.data():
                yield event({"type": "speech.audio.delta", "audio": base64.b64encode(part).decode()})
        except SpeechError as error:
            yield event({"type": "error", **msgspec.to_builtins(error_body(error))})
            return
        report = self._stream.report
        usage = {"input_tokens": report.characters, "output_tokens": 0, "total_tokens": report.characters}
        yield event({"type": "speech.audio.done", "usage": usage})

    async def _encoded(self) -> AsyncGenerator[bytes]:
        async with self._stream as stream:
            encoder = open_encoder(self._format, stream.rate)
            stream.feed(self._text)
            stream.end()
            held: list[Pcm] = []
            async for chunk in stream:
                held.append(chunk.samples)
                if self._plain or sum(map(len, held)) >= _BLOCK:
                    if data := await self._encode(encoder, held):
                        yield data
                    held = []
            if data := await self._encode(encoder, held) + encoder.finish():
                yield data

    async def _encode(self, encoder: Encoder, blocks: list[Pcm]) -> bytes:
        if not blocks:
            return b""
        samples = np.concatenate(blocks)
        if self._plain:
            return encoder.encode(samples)
        return await asyncio.to_thread(encoder.encode, samples)


class _AnswerResponse(StreamingResponse):
    """Sends an answer; its work ends with it, however it ends."""

    def __init__(self, answer: _Answer, content: AsyncIterator[bytes], media_type: str) -> None:
        super().__init__(
            content, media_type=media_type, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._answer.close()


def _client(request: Request) -> str:
    return f"http:{request.client.host}" if request.client else "http"

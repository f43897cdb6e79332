"""`WS /ws/tts`: text in pieces in, PCM out.

The client sends JSON: ``{"type": "start", "voice": ..., "speed": ...}``, then ``{"type": "text", "text": ...}`` as
often as it likes, then ``{"type": "end"}``. It gets ``{"type": "started", "sample_rate", "voice", "encoding":
"pcm_s16le", "channels": 1}``, binary frames of samples in order, and ``{"type": "done", ...}``. ``{"type":
"cancel"}`` stops at once and is answered ``{"type": "cancelled"}``. An error is ``{"type": "error", "error": {"code",
"message", "hint"}}``; the connection stays open and the next ``start`` works.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import msgspec
from starlette.websockets import WebSocketDisconnect, WebSocketState

from wyoming_cosyvoice.errors import BadRequestError, SpeechError
from wyoming_cosyvoice.server.http import schema
from wyoming_cosyvoice.server.http.body import decode, speech_options
from wyoming_cosyvoice.server.http.errors import UnauthorizedError, error_body

if TYPE_CHECKING:
    from starlette.types import Message
    from starlette.websockets import WebSocket

    from wyoming_cosyvoice.server.http.context import Context
    from wyoming_cosyvoice.speech.stream import SpeechStream

_POLICY_VIOLATION = 1008
_NORMAL = 1000


class SpeechSocket:
    """One WebSocket connection."""

    def __init__(self, context: Context, socket: WebSocket) -> None:
        self._context = context
        self._socket = socket
        self._stream: SpeechStream | None = None
        self._speaking: asyncio.Task[None] | None = None
        self._failed = False

    async def run(self) -> None:
        """Serve the connection until it closes or is silent for too long."""
        await self._socket.accept()
        try:
            while (message := await self._next()) is not None:
                await self._handle(message)
        except UnauthorizedError as error:
            await self._send_error(error)
            await self._socket.close(_POLICY_VIOLATION)
        except WebSocketDisconnect:
            pass
        finally:
            await self._stop()

    async def _next(self) -> Message | None:
        """Return the next message, or None when the client has gone or was idle while nothing is spoken."""
        while True:
            try:
                async with asyncio.timeout(self._context.config.idle_timeout):
                    message = await self._socket.receive()
            except TimeoutError:
                if self._speaking is not None and not self._speaking.done():
                    continue
                await self._socket.close(_NORMAL, "idle")
                return None
            return None if message["type"] == "websocket.disconnect" else message

    async def _handle(self, message: Message) -> None:
        try:
            text = message.get("text")
            if text is None:
                raise BadRequestError("A binary message came", "Send JSON text messages; see /docs")
            if len(text) > self._context.max_body:
                raise BadRequestError(f"A message is longer than {self._context.max_body}", "Send the text in pieces")
            request = decode(text, cast("type[schema.SocketRequest]", schema.SocketRequest))
            await self._act(request)
        except UnauthorizedError:
            raise
        except SpeechError as error:
            await self._stop()
            self._failed = True
            await self._send_error(error)

    async def _act(self, request: schema.SocketRequest) -> None:
        match request:
            case schema.SocketStart():
                await self._start(request)
            case schema.SocketText() | schema.SocketEnd() if self._failed:
                pass  # sent before the client saw the error
            case schema.SocketText(text=text):
                self._open_stream().feed(text)
            case schema.SocketEnd():
                self._open_stream().end()
                self._stream = None
            case schema.SocketCancel():
                await self._stop()
                await self._send({"type": "cancelled"})

    async def _start(self, request: schema.SocketStart) -> None:
        token = None if request.token is msgspec.UNSET else request.token
        self._context.guard.admit(self._socket, token)
        if self._speaking is not None and not self._speaking.done():
            raise BadRequestError("An utterance is still running", "Wait for done, or send cancel")
        client = f"ws:{self._socket.client.host}" if self._socket.client else "ws"
        stream = self._context.service.open(speech_options(request), client)
        self._stream = stream
        self._failed = False
        self._speaking = asyncio.create_task(self._speak(stream))
        # a task that is cancelled before it has begun never comes to its `async with`
        self._speaking.add_done_callback(lambda _: stream.close())
        await self._send(
            {
                "type": "started",
                "sample_rate": stream.rate,
                "voice": stream.voice.id,
                "encoding": "pcm_s16le",
                "channels": 1,
            }
        )

    def _open_stream(self) -> SpeechStream:
        if self._stream is None:
            raise BadRequestError("There is no utterance to add to", "Send start first")
        return self._stream

    async def _speak(self, stream: SpeechStream) -> None:
        try:
            async with stream:
                async for chunk in stream:
                    await self._socket.send_bytes(chunk.samples.astype("<i2").tobytes())
            report = stream.report
            await self._send(
                {
                    "type": "done",
                    "duration": round(report.audio_seconds, 4),
                    "first_audio_seconds": round(report.first_audio_seconds, 4),
                    "total_seconds": round(report.total_seconds, 4),
                    "clauses": report.clauses,
                    "cached_clauses": report.cached_clauses,
                }
            )
        except SpeechError as error:
            self._stream = None
            self._failed = True
            await self._send_error(error)
        except (WebSocketDisconnect, TimeoutError, RuntimeError):
            # gone, or not reading: the receiving side ends the connection. Starlette raises RuntimeError on a send
            # after the end
            self._stream = None

    async def _stop(self) -> None:
        self._stream = None
        speaking, self._speaking = self._speaking, None
        if speaking is not None:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)

    async def _send(self, value: dict[str, object]) -> None:
        await self._socket.send_text(msgspec.json.encode(value).decode())

    async def _send_error(self, error: SpeechError) -> None:
        if self._socket.client_state is WebSocketState.CONNECTED:
            await self._send({"type": "error", **msgspec.to_builtins(error_body(error))})

"""A small Wyoming text-to-speech server whose every answer a test can choose."""

from __future__ import annotations

import asyncio
import contextlib
from copy import deepcopy
from typing import Any, Literal

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, async_read_event, async_write_event
from wyoming.tts import SynthesizeStopped

SERVER_ID = "0123456789abcdef"
ATTRIBUTION = {"name": "somebody", "url": "https://example.org"}
STATUS = {
    "open_streams": 2,
    "requests": 40,
    "errors": 1,
    "real_time_factor": 0.25,
    "first_audio_seconds": 0.5,
    "cache_hits": 7,
    "cache_misses": 3,
}
# How an answer to a request ends.
Ending = Literal["stopped", "closed", "reset", "error", "garbage", "silence", "closed-at-once"]


def voice(name: str, *languages: str, installed: bool = True) -> dict[str, Any]:
    return {
        "name": name,
        "description": f"The voice {name}",
        "attribution": ATTRIBUTION,
        "installed": installed,
        "version": "1",
        "languages": list(languages),
    }


def description() -> dict[str, Any]:
    """What a server of today tells."""
    program = {
        "name": "cosyvoice",
        "description": "Text to speech",
        "attribution": ATTRIBUTION,
        "installed": True,
        "version": "0.1.0",
        "voices": [
            voice("mei", "zh", "zh-CN", "en"),
            voice("tom", "en"),
            voice("yuki", "ja"),
            voice("not_there", "ko", installed=False),
        ],
        "supports_synthesize_streaming": True,
        "cosyvoice": {
            "server_id": SERVER_ID,
            "version": "0.1.0",
            "revision": "r1",
            "http": None,
            "options": {"style": {"max_length": 500, "values": ["happy", "calm"]}},
            "status": dict(STATUS),
        },
    }
    return {"tts": [program], "asr": [], "handle": [], "intent": [], "wake": [], "mic": [], "snd": []}


class FakeServer:
    """Answers `describe` with `info`, and text with `audio`; remembers every event."""

    def __init__(self) -> None:
        self.info: dict[str, Any] | None = description()
        self.audio = [bytes(range(0, 200, 2)) * 2, b"\x01\x80" * 50]
        self.rate = 24000
        self.channels = 1
        self.ending: Ending = "stopped"
        self.events: list[Event] = []
        self.host = "127.0.0.1"
        self.port = 0
        self.raw_answer: bytes | None = None
        self.delay = 0.0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def about(self) -> dict[str, Any]:
        """The extension, to be changed by tests."""
        assert self.info is not None
        about: dict[str, Any] = self.info["tts"][0]["cosyvoice"]
        return about

    @property
    def program(self) -> dict[str, Any]:
        assert self.info is not None
        program: dict[str, Any] = self.info["tts"][0]
        return program

    @property
    def requests(self) -> list[Event]:
        return [event for event in self.events if event.type != "describe"]

    def data(self, event_type: str) -> list[dict[str, Any]]:
        return [event.data for event in self.events if event.type == event_type]

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for connection in self._connections:
                connection.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        self._connections.add(connection)
        try:
            if self.raw_answer is not None:
                await reader.readline()
                await asyncio.sleep(self.delay)
                writer.write(self.raw_answer)
                await writer.drain()
                return
            streaming = False
            while (event := await async_read_event(reader)) is not None:
                self.events.append(event)
                if event.type == "describe":
                    if self.info is None:
                        return
                    await async_write_event(Event("info", deepcopy(self.info)), writer)
                elif event.type == "synthesize-start":
                    streaming = True
                elif (event.type == "synthesize" and not streaming) or event.type == "synthesize-stop":
                    await self._speak(writer, streaming)
                    return
        finally:
            self._connections.discard(connection)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _speak(self, writer: asyncio.StreamWriter, streaming: bool) -> None:
        if self.ending == "closed-at-once":
            return
        if self.ending == "error":
            await async_write_event(Error("the queue is full", "busy").event(), writer)
            return
        await async_write_event(AudioStart(self.rate, 2, self.channels).event(), writer)
        for samples in self.audio:
            await async_write_event(AudioChunk(self.rate, 2, self.channels, samples).event(), writer)
        if self.ending == "closed":
            return
        if self.ending == "reset":
            writer.transport.abort()
            return
        if self.ending == "garbage":
            writer.write(b'{"type": "audio-chunk", "data_length": 50}\n{"rate"')
            return
        if self.ending == "silence":
            await asyncio.sleep(60)
            return
        await async_write_event(AudioStop().event(), writer)
        if streaming:
            await async_write_event(SynthesizeStopped().event(), writer)

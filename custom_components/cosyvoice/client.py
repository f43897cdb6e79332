"""One conversation with a Wyoming server: its description, or one piece of speech."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import SynthesizeStopped

from .errors import (
    CannotConnectError,
    NoAnswerError,
    NotWyomingError,
    SpeechCutError,
    SpeechFailedError,
    SpeechStalledError,
    WrongFormatError,
)
from .server_info import PROGRAM, ServerInfo

DESCRIBE_TIMEOUT = 10.0
# Above the 60 seconds that a server may take for one clause by default.
STALL_TIMEOUT = 90.0

# What is not a Wyoming event raises these from inside the library; a connection that ends inside an event raises
# IncompleteReadError, which is an EOFError and no OSError.
_MALFORMED = (KeyError, TypeError, AttributeError, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """How something is to be said. What is None or missing is the server's choice."""

    voice: str | None = None
    text_format: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)

    def event_data(self) -> dict[str, Any]:
        """Return what `synthesize` and `synthesize-start` carry.

        Written by hand: older releases of the library have no `context`.
        """
        data: dict[str, Any] = {"context": {PROGRAM: dict(self.context)}}
        if self.voice:
            data["voice"] = {"name": self.voice}
        if self.text_format:
            data["text_format"] = self.text_format
        return data


async def async_describe(host: str, port: int, wait_seconds: float = DESCRIBE_TIMEOUT) -> ServerInfo:
    """Ask a server what it is.

    Raises CannotConnectError, NoAnswerError, NotWyomingError, NoTextToSpeechError, NotCosyVoiceError or
    ServerTooOldError.
    """
    connected = False
    try:
        async with asyncio.timeout(wait_seconds), AsyncTcpClient(host, port) as client:
            connected = True
            await client.write_event(Describe().event())
            while (event := await client.read_event()) is not None:
                if Info.is_type(event.type):
                    return ServerInfo.from_event_data(event.data)
    except TimeoutError as error:
        raise NoAnswerError(f"no answer within {wait_seconds:g} seconds") from error
    except (asyncio.IncompleteReadError, *_MALFORMED) as error:
        raise NotWyomingError(str(error)) from error
    except OSError as error:
        # a server of another protocol may reset the connection rather than close it
        raise (NotWyomingError if connected else CannotConnectError)(str(error)) from error
    raise NotWyomingError("the connection was closed without an answer")


class Speech:
    """Text on its way to a server, and the audio on its way back.

    An async context manager; leaving it ends the connection. Audio is 16-bit mono at `rate`.
    """

    rate: int
    _writer: asyncio.Task[None]

    def __init__(
        self,
        host: str,
        port: int,
        text: AsyncIterable[str],
        settings: SpeechSettings,
        *,
        streaming: bool,
        stall_timeout: float = STALL_TIMEOUT,
    ) -> None:
        """Prepare; nothing is sent before the context is entered."""
        self._client = AsyncTcpClient(host, port)
        self._text = text
        self._settings = settings
        self._streaming = streaming
        self._stall_timeout = stall_timeout

    async def __aenter__(self) -> Self:
        """Connect, begin to send the text and wait for the start of the audio.

        Raises CannotConnectError, or what reading raises (see `chunks`).
        """
        try:
            async with asyncio.timeout(DESCRIBE_TIMEOUT):
                await self._client.connect()
        except OSError as error:  # TimeoutError is one
            raise CannotConnectError(str(error)) from error
        self._writer = asyncio.create_task(self._write())
        try:
            self.rate = await self._read_start()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the connection, whatever is left on it."""
        await self._close()

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Yield samples until the server says that it has finished.

        Raises SpeechFailedError when the server reports an error, SpeechCutError when the connection ends early,
        SpeechStalledError when nothing comes, and whatever the text's own source raises.
        """
        while True:
            event = await self._read()
            if AudioChunk.is_type(event.type) and event.payload:
                yield event.payload
            # Without streaming of text the audio's stop is the end; with it only `synthesize-stopped` is.
            elif SynthesizeStopped.is_type(event.type) or (AudioStop.is_type(event.type) and not self._streaming):
                return

    async def _read_start(self) -> int:
        """Wait for the start of the audio; return its rate in hertz."""
        while not AudioStart.is_type((event := await self._read()).type):
            pass
        start = AudioStart.from_event(event)
        if (start.width, start.channels) != (2, 1):
            raise WrongFormatError(f"audio of {start.channels} channels and {start.width} bytes a sample")
        return start.rate

    async def _read(self) -> Event:
        """Return the next event. Raises as `chunks` does."""
        read = asyncio.ensure_future(self._client.read_event())
        try:
            await self._wait(read)
        finally:
            read.cancel()
        try:
            event = read.result()
        except (OSError, asyncio.IncompleteReadError, *_MALFORMED) as error:
            raise SpeechCutError(str(error)) from error
        if event is None:
            raise SpeechCutError("the connection was closed")
        if Error.is_type(event.type):
            raise SpeechFailedError(str(event.data.get("text", "")), event.data.get("code"))
        return event

    async def _wait(self, read: asyncio.Future[Event | None]) -> None:
        """Wait for an event; as long as it takes while text still comes, which the server may be waiting for.

        With `wait` and not `wait_for`: a read that is cancelled in the middle of an event loses its place.
        """
        while not read.done():
            waiting: set[asyncio.Future[Any]] = {read} if self._writer.done() else {read, self._writer}
            done, _ = await asyncio.wait(waiting, timeout=self._stall_timeout, return_when=asyncio.FIRST_COMPLETED)
            if read.done() or not self._writer.done():
                continue
            if (error := self._writer.exception()) is not None:
                raise error
            if not done:
                raise SpeechStalledError(f"nothing within {self._stall_timeout:g} seconds")

    async def _write(self) -> None:
        """Send the text, piece by piece where the server takes it so. Raises what the text's source raises."""
        data = self._settings.event_data()
        if self._streaming:
            await self._send(Event("synthesize-start", data))
            async for piece in self._text:
                await self._send(Event("synthesize-chunk", {"text": piece}))
            await self._send(Event("synthesize-stop"))
        else:
            text = "".join([piece async for piece in self._text])
            await self._send(Event("synthesize", {"text": text, **data}))

    async def _send(self, event: Event) -> None:
        # a server that closed the connection has told why, or the reader finds it closed
        with contextlib.suppress(OSError):
            await self._client.write_event(event)

    async def _close(self) -> None:
        self._writer.cancel()
        await asyncio.wait({self._writer})
        if not self._writer.cancelled():
            self._writer.exception()  # seen: what matters of it was raised by the reader
        with contextlib.suppress(OSError):
            await self._client.disconnect()

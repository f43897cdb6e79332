"""One Wyoming connection: a task that reads and a task that speaks.

Reading goes on while something is spoken, so that a client's leaving is noticed at once and its work is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from wyoming.error import Error
from wyoming.ping import Pong

from wyoming_cosyvoice.errors import BadRequestError, BusyError, EngineError, SpeechError, StoppingError
from wyoming_cosyvoice.server.frames import FrameLimits, encode, read_event
from wyoming_cosyvoice.server.info import PROGRAM
from wyoming_cosyvoice.server.options import speech_options, text_of
from wyoming_cosyvoice.server.request import Reply, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wyoming.event import Event

    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.speech.service import SpeechService
    from wyoming_cosyvoice.speech.stream import SpeechStream

_LOGGER = logging.getLogger(__name__)

_MAX_WAITING = 64
_MAX_WAITING_TEXTS = 4
"""What one connection may pipeline: requests, and text as a multiple of the longest text."""
LINGER = 1.0
"""Seconds to swallow what a client still sends after our last word: a socket closed with unread bytes resets, and the
client would lose that word."""


class IdleError(SpeechError):
    """The client has been silent for too long."""

    code: ClassVar[str] = "idle"


@dataclass(frozen=True, slots=True)
class Context:
    """What all connections share: the service, the configuration, and the encoded `info` event."""

    service: SpeechService
    config: Config
    info: Callable[[], bytes]


class Connection:
    """Answers the events of one client, in order."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        context: Context,
        name: str,
        *,
        finishes_after_end: bool = False,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._service = context.service
        self._config = context.config
        self._info = context.info
        self._name = name
        self._finishes_after_end = finishes_after_end
        # whoever started us on standard input may be silent as long as they like
        self._patience = None if finishes_after_end else context.config.idle_timeout
        self._limits = FrameLimits.from_config(context.config)
        self._queue: asyncio.Queue[Request | None] = asyncio.Queue()
        self._pending: list[Request] = []
        self._open: Request | None = None
        self._reply: Reply | None = None
        self._finishing = False
        self._aborted = asyncio.Event()
        self._abort_error: SpeechError | None = None
        self._idle: asyncio.Timeout | None = None

    async def run(self) -> None:
        """Serve the client until one side has had enough. Never raises, but when it is cancelled."""
        error: SpeechError | None = None
        try:
            await self._until_done()
        except SpeechError as problem:
            _LOGGER.info("%s: %s", self._name, problem)
            error = problem
        except OSError as problem:
            _LOGGER.debug("%s: gone: %s", self._name, problem)
        except Exception:
            # the edge: whatever went wrong ends this connection only, and the client is told
            _LOGGER.exception("%s: failed", self._name)
            error = EngineError("The server failed", "Its log has the reason")
        try:
            await self._close(error)
        except asyncio.CancelledError:
            self._writer.transport.abort()
            raise

    def finish(self) -> None:
        """Take no new requests; `run` returns when those at hand are answered."""
        self._finishing = True
        if not self._pending:
            self._queue.put_nowait(None)

    def abort(self, error: SpeechError) -> None:
        """End now: the request at hand gets the error and its proper end."""
        self._abort_error = error
        self._aborted.set()

    async def _until_done(self) -> None:
        reading = asyncio.create_task(self._read_all(), name=f"{self._name} reads")
        speaking = asyncio.create_task(self._speak_all(), name=f"{self._name} speaks")
        aborting = asyncio.create_task(self._aborted.wait(), name=f"{self._name} aborts")
        try:
            await asyncio.wait((reading, speaking, aborting), return_when=asyncio.FIRST_COMPLETED)
            if self._finishes_after_end and reading.done() and not reading.exception():
                self.finish()
                await asyncio.wait((speaking, aborting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reading, speaking, aborting):
                task.cancel()
            results = await asyncio.gather(reading, speaking, aborting, return_exceptions=True)
        for result in (*results, self._abort_error):
            if isinstance(result, Exception):
                raise result

    async def _read_all(self) -> None:
        try:
            async with asyncio.timeout(self._patience) as self._idle:
                while (event := await read_event(self._reader, self._limits)) is not None:
                    _LOGGER.debug("%s: %.100s", self._name, event.type)
                    await self._handle(event)
                    self._watch()
        except TimeoutError:
            raise IdleError(
                f"Nothing came for {self._config.idle_timeout:g} seconds",
                "Connect again when there is something to say",
            ) from None
        finally:
            self._idle = None
        if self._open:
            self._open.end()

    def _watch(self) -> None:
        """Start the idle time anew; it stands still while the client is the one who waits."""
        if self._idle is not None and not self._idle.expired():
            busy = any(request.complete for request in self._pending)
            now = asyncio.get_running_loop().time()
            self._idle.reschedule(None if busy or self._patience is None else now + self._patience)

    async def _handle(self, event: Event) -> None:
        match event.type:
            case "describe":
                await self._send(self._info())
            case "ping":
                text = event.data.get("text")
                await self._send(encode(Pong(text if isinstance(text, str) else None).event()))
            case "synthesize":
                self._synthesize(event.data)
            case "synthesize-start":
                self._start(event.data)
            case "synthesize-chunk":
                self._chunk(event.data)
            case "synthesize-stop":
                self._stop()
            case "select-program":
                self._select(event.data.get("name"))

    def _synthesize(self, data: dict[str, Any]) -> None:
        if self._open is not None:
            return  # the whole text again, for servers that can't stream
        try:
            request = self._request(speech_options(data), streaming=False)
            request.add(text_of(data))
        except SpeechError as error:
            request = self._request(error, streaming=False)
        request.end()
        self._enqueue(request)

    def _start(self, data: dict[str, Any]) -> None:
        if self._open is not None:
            self._open.end()
        try:
            self._open = self._request(speech_options(data), streaming=True)
        except SpeechError as error:
            self._open = self._request(error, streaming=True)
        self._enqueue(self._open)

    def _chunk(self, data: dict[str, Any]) -> None:
        if self._open is None:
            self._refuse(BadRequestError("synthesize-chunk came outside of a stream", "Send synthesize-start first"))
            return
        try:
            self._open.add(text_of(data))
        except SpeechError as error:
            self._open.fail(error)
        self._check_waiting()

    def _stop(self) -> None:
        if self._open is None:
            error = BadRequestError("synthesize-stop came outside of a stream", "Send synthesize-start first")
            self._refuse(error, streaming=True)
            return
        self._open.end()
        self._open = None

    def _select(self, name: object) -> None:
        if name != PROGRAM:
            self._refuse(BadRequestError(f"There is no program {str(name)[:40]!r}", f"Select {PROGRAM!r}"))

    def _refuse(self, error: SpeechError, *, streaming: bool = False) -> None:
        request = self._request(error, streaming=streaming)
        request.end()
        self._enqueue(request)

    def _request(self, asked: Any, *, streaming: bool) -> Request:
        if self._finishing:
            asked = StoppingError("The server is shutting down", "Ask again when it is back")
        return Request(asked, streaming=streaming, max_characters=self._config.max_text_length)

    def _enqueue(self, request: Request) -> None:
        self._pending.append(request)
        self._queue.put_nowait(request)
        self._check_waiting()

    def _check_waiting(self) -> None:
        characters = sum(request.characters for request in self._pending)
        if len(self._pending) > _MAX_WAITING or characters > _MAX_WAITING_TEXTS * self._config.max_text_length:
            raise BusyError(
                f"{len(self._pending)} requests with {characters} characters wait on this connection",
                "Wait for answers before you send more",
            )

    async def _speak_all(self) -> None:
        while (request := await self._queue.get()) is not None:
            await self._answer(request)
            self._pending.remove(request)
            self._watch()
            if self._finishing and not self._pending:
                return

    async def _answer(self, request: Request) -> None:
        reply = self._reply = Reply(self._send, streaming=request.streaming)
        try:
            await self._say(request, reply)
        except SpeechError as error:
            _LOGGER.debug("%s: %s", self._name, error)
            await reply.end(error)
        else:
            await reply.end()

    async def _say(self, request: Request, reply: Reply) -> None:
        if isinstance(request.asked, SpeechError):
            raise request.asked
        with _ungrouped():
            async with self._service.open(request.asked, self._name) as stream, asyncio.TaskGroup() as tasks:
                tasks.create_task(_feed(request, stream))
                async for chunk in stream:
                    await reply.audio(chunk)

    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        try:
            async with asyncio.timeout(self._config.write_timeout):
                await self._writer.drain()
        except TimeoutError:
            self._writer.transport.abort()
            raise ConnectionAbortedError("it has stopped reading") from None

    async def _close(self, error: SpeechError | None) -> None:
        try:
            if error is not None:
                await self._last_words(error)
            buffered = self._writer.transport.get_write_buffer_size()
            await close(self._reader, self._writer, self._config.write_timeout if buffered else LINGER)
        except OSError as problem:
            _LOGGER.debug("%s: gone: %s", self._name, problem)
            self._writer.close()

    async def _last_words(self, error: SpeechError) -> None:
        if self._reply is not None and not self._reply.ended:
            await self._reply.end(error)
        elif not isinstance(error, IdleError):
            await self._send(encode(Error(str(error), error.code).event()))


async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: float) -> None:
    """Send what is buffered, say goodbye, and wait `patience` seconds at most for the other side to do so too."""
    try:
        async with asyncio.timeout(patience):
            if writer.can_write_eof():
                writer.write_eof()
                while await reader.read(65_536):
                    pass
            writer.close()
            await writer.wait_closed()
    except TimeoutError:
        writer.transport.abort()


async def _feed(request: Request, stream: SpeechStream) -> None:
    async for piece in request.pieces():
        stream.feed(piece)
    stream.end()


@contextlib.contextmanager
def _ungrouped() -> Iterator[None]:
    """Raise the first error of a task group as itself."""
    try:
        yield
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error from None

"""One request of a connection, on its way in and on its way out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from wyoming.audio import AudioChunk as AudioChunkEvent
from wyoming.audio import AudioStart, AudioStop
from wyoming.error import Error
from wyoming.tts import SynthesizeStopped

from wyoming_cosyvoice.errors import SpeechError
from wyoming_cosyvoice.server.frames import encode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from wyoming_cosyvoice.speech.request import AudioChunk, SpeechOptions

_WIDTH = 2
_CHANNELS = 1


class Request:
    """What a client wants said, from its first event to its last: the reader adds text, the speaker takes it out.

    Text waits here until its turn comes, at most `max_characters` and one more: the service then says that it is too
    long. A request that can't be read holds a `refusal` instead of options; it is answered in its turn like any other.
    """

    def __init__(self, asked: SpeechOptions | SpeechError, *, streaming: bool, max_characters: int) -> None:
        self.asked = asked
        self.streaming = streaming
        self.complete = False
        self.characters = 0
        self._room = max_characters + 1
        self._pieces: asyncio.Queue[str | SpeechError | None] = asyncio.Queue()

    def add(self, text: str) -> None:
        """Take more text."""
        text = text[: self._room]
        # no empty piece: a flood of them would grow the queue without using up the room
        if text and not self.complete:
            self._room -= len(text)
            self.characters += len(text)
            self._pieces.put_nowait(text)

    def end(self) -> None:
        """Say that all text is there."""
        if not self.complete:
            self.complete = True
            self._pieces.put_nowait(None)

    def fail(self, error: SpeechError) -> None:
        """Say that no more text can be read."""
        if not self.complete:
            self.complete = True
            self._pieces.put_nowait(error)

    async def pieces(self) -> AsyncIterator[str]:
        """Yield the text as it comes, until its end."""
        while (piece := await self._pieces.get()) is not None:
            if isinstance(piece, SpeechError):
                raise piece
            yield piece


class Reply:
    """The events that answer a request: one start, chunks, one stop, and whatever happens a proper end."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]], *, streaming: bool) -> None:
        self._send = send
        self._streaming = streaming
        self._rate = 0
        self._samples = 0
        self.ended = False

    async def audio(self, chunk: AudioChunk) -> None:
        """Send samples, and before the first of them how they are to be played.

        The start waits for the first samples, so that an error before them reaches Home Assistant as an error and not
        as an empty recording.
        """
        start = b""
        if not self._rate:
            self._rate = chunk.rate
            start = encode(AudioStart(chunk.rate, _WIDTH, _CHANNELS, timestamp=0).event())
        samples = chunk.samples.astype("<i2", copy=False).tobytes()
        event = AudioChunkEvent(chunk.rate, _WIDTH, _CHANNELS, samples, timestamp=self._milliseconds)
        self._samples += len(chunk.samples)
        await self._send(start + encode(event.event()))

    async def end(self, error: SpeechError | None = None) -> None:
        """Send the error, if there is one, and close what was opened; the second call does nothing."""
        if self.ended:
            return
        self.ended = True
        events = []
        if error is not None:
            events.append(Error(str(error), error.code).event())
        if self._rate:
            events.append(AudioStop(self._milliseconds).event())
        if self._streaming:
            events.append(SynthesizeStopped().event())
        await self._send(b"".join(map(encode, events)))

    @property
    def _milliseconds(self) -> int:
        return self._samples * 1000 // self._rate

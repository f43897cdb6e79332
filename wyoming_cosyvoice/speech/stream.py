"""One request: text goes in as it comes, audio comes out as soon as it exists."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from wyoming_cosyvoice.errors import SpeechError
from wyoming_cosyvoice.speech.limits import SENTENCE_SILENCE, clamp
from wyoming_cosyvoice.speech.playback import Playback
from wyoming_cosyvoice.speech.queue import Claim
from wyoming_cosyvoice.speech.request import AudioChunk, SpeechReport
from wyoming_cosyvoice.speech.script import Script

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from types import TracebackType

    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.engines.engine import Voice
    from wyoming_cosyvoice.speech.casting import Cast, Part
    from wyoming_cosyvoice.speech.fleet import Fleet
    from wyoming_cosyvoice.speech.limits import Manner
    from wyoming_cosyvoice.speech.plan import Planner
    from wyoming_cosyvoice.speech.recording import Recording
    from wyoming_cosyvoice.speech.studio import Studio
    from wyoming_cosyvoice.text.clause import Clause

_LOGGER = logging.getLogger(__name__)
_PIECE = 4096  # samples converted at a time, so that the loop is held for a tenth of a millisecond
_BLOCKS_IN_A_ROW = 4


@dataclass(frozen=True, slots=True)
class Stage:
    """What all requests of one service share."""

    studio: Studio
    fleet: Fleet
    executor: Executor
    config: Config


@dataclass(eq=False, slots=True)
class _Take:
    """What comes next in the stream: a part's recording, an error in its place, or only a pause."""

    part: Part | None = None
    recording: Recording | None = None
    error: SpeechError | None = None
    pause: float = 0.0
    pause_asked: bool = False
    block: int = 0
    ends_clause: bool = False
    offset: int = -1  # samples of the block that were played; -1 before the part has begun


class SpeechStream:
    """What `SpeechService.open` returns. Use it as ``async with``: leaving it cancels what is left.

    `rate` is the sample rate of every chunk. `voice` is known at once; where neither voice nor language was asked for
    it becomes the voice of the text's language once that is known.
    """

    def __init__(
        self,
        stage: Stage,
        *,
        number: int,
        client: str,
        cast: Cast,
        manner: Manner,
        rate: int,
        make_planner: Callable[[], Planner],
        on_close: Callable[[SpeechStream], None],
    ) -> None:
        self.client = client
        self.rate = rate
        self.failure: SpeechError | None = None
        self.complete = False
        self._number = number
        self._cast = cast
        self._manner = manner
        self._stage = stage
        self._on_close = on_close
        self._wake = asyncio.Event()
        self._script = Script(make_planner, stage.executor, stage.config, self._changed)
        self._playback = Playback(rate, stage.config.samples_per_chunk, stage.config.max_audio)
        self._takes: deque[_Take] = deque()
        self._recorded = 0
        self._closed = False
        self._clauses = self._cached_clauses = 0
        self._all_cached = True  # of the parts so far of the clause that plays
        self._blocks = 0
        self._started = time.perf_counter()
        self._first_audio: float | None = None
        self._ended: float | None = None

    @property
    def voice(self) -> Voice:
        """The voice that speaks."""
        return self._cast.voice

    @property
    def report(self) -> SpeechReport:
        """What it has cost so far. Times count from the first text."""
        now = self._ended or time.perf_counter()
        return SpeechReport(
            audio_seconds=self._playback.seconds if self._first_audio is not None else 0.0,
            first_audio_seconds=(self._first_audio or now) - self._started,
            total_seconds=now - self._started,
            clauses=self._clauses,
            cached_clauses=self._cached_clauses,
            characters=self._script.characters,
            voice=self._cast.voice.id,
            engine=self._cast.engine.name,
        )

    def feed(self, text: str) -> None:
        """Add text.

        Raises TextTooLongError where the request becomes longer than allowed.
        """
        if self._closed or self.failure is not None:
            return
        if not self._script.characters:
            self._started = time.perf_counter()
        self._script.feed(text)

    def end(self) -> None:
        """Say that no text follows."""
        if not self._closed and self.failure is None:
            self._script.end()

    def abort(self, error: SpeechError) -> None:
        """Have the reader get an error instead of what is left."""
        if not self.complete and self.failure is None:
            self.failure = error
            self._release()

    def close(self) -> None:
        """Cancel what is left. Returns at once; engines stop at their next step."""
        if not self._closed:
            self._closed = True
            self._ended = time.perf_counter()
            self._release()
            self._on_close(self)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AudioChunk:
        """Return the next block. Raises the SpeechError that ended the request early."""
        while True:
            self._wake.clear()
            if self.failure is not None:
                raise self.failure
            samples = None if self._closed else self._playback.pop(last=self.complete)
            if samples is not None:
                break
            if self._closed or self.complete:
                raise StopAsyncIteration
            try:
                moved = self._advance()
            except SpeechError as error:
                self.abort(error)
                raise
            if not moved:
                await self._wake.wait()
        if self._first_audio is None:
            self._first_audio = time.perf_counter()
        self._blocks += 1
        if self._blocks % _BLOCKS_IN_A_ROW == 0:
            await asyncio.sleep(0)  # a long text from the cache must not keep the loop from everybody else
        return AudioChunk(samples, self.rate)

    def _changed(self) -> None:
        if not self._closed and self.failure is None:
            self._fill()
        self._wake.set()

    def _release(self) -> None:
        """Want nothing any more."""
        self._script.close()
        for take in self._takes:
            self._leave(take)
        self._takes.clear()
        self._wake.set()

    def _leave(self, take: _Take) -> None:
        if take.part is not None:
            self._stage.studio.leave(take.part, take)

    def _fill(self) -> None:
        """Ask for the next clauses, as many as may be ahead of the reader."""
        while self._script.clauses and self._may_ask():
            clause = self._script.clauses.popleft()
            _LOGGER.debug("%s says: %s", self.client, clause.text)
            try:
                parts = self._cast.parts(clause, awaited=not self._clauses)
            except SpeechError as error:
                self._takes.append(_Take(error=error))
                self._script.close()
                return
            self._clauses += bool(parts)
            pause, asked = self._pause_after(clause)
            takes = [self._record(part) for part in parts] or [_Take()]
            takes[-1].pause, takes[-1].pause_asked, takes[-1].ends_clause = pause, asked, True
            self._takes.extend(takes)

    def _may_ask(self) -> bool:
        """Look whether one more clause may be asked for.

        Not more than one in front of the reader is not yet under way at the beginning, and later not more than are
        (`Job.under_way`): an engine that decodes several at once is the slower with each of them, and the first one,
        then the second, are needed soonest. Four clauses at once left two seconds of silence after the first. The
        samples need not be heard yet: a slow machine keeps them back until the rest comes in time.
        """
        if len(self._takes) >= self._stage.config.lookahead:
            return False
        recordings = [take.recording for take in self._takes if take.recording is not None]
        waiting = sum(not (recording.under_way or recording.done) for recording in recordings)
        return waiting < max(self._recorded - waiting, 1)

    def _record(self, part: Part) -> _Take:
        take = _Take(part)
        claim = Claim(self.client, self._number, first=not self._recorded)
        worker = self._stage.fleet.worker(part.engine)
        self._recorded += 1
        take.recording = self._stage.studio.record(part, worker, take, claim, self._changed)
        return take

    def _pause_after(self, clause: Clause) -> tuple[float, bool]:
        if clause.pause is not None:
            return clamp(clause.pause, SENTENCE_SILENCE), True
        if not clause.spans:
            return 0.0, False
        return (self._manner.sentence_silence if clause.ends_sentence else self._manner.clause_silence), False

    def _advance(self) -> bool:
        """Move one step on; False where there is nothing to do until something changes."""
        self._fill()
        if self._takes:
            return self._play(self._takes[0])
        if self._script.error is not None:
            raise self._script.error
        if not self._script.done or self._script.clauses:
            return False
        self._playback.finish()
        self.complete = True
        self._ended = time.perf_counter()
        return True

    def _play(self, take: _Take) -> bool:
        if take.error is not None:
            raise take.error
        recording = take.recording
        if recording is not None and take.part is not None:
            if take.offset < 0:
                self._playback.begin(take.part.engine.sample_rate, take.part.volume)
                take.offset = 0
            if take.block < len(recording.blocks):
                self._push(take, recording)
                return True
            if not recording.done:
                return False
            if recording.error is not None:
                raise recording.error
            self._playback.end()
            self._all_cached = self._all_cached and recording.cached
            if take.ends_clause:
                self._cached_clauses += self._all_cached
                self._all_cached = True
        self._playback.pause(take.pause, asked=take.pause_asked)
        self._takes.popleft()
        self._leave(take)
        self._fill()
        return True

    def _push(self, take: _Take, recording: Recording) -> None:
        block = recording.blocks[take.block]
        self._playback.push(block[take.offset : take.offset + _PIECE])
        take.offset += _PIECE
        if take.offset >= block.size:
            take.block, take.offset = take.block + 1, 0

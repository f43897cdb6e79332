"""The decode loop: several utterances at once, each a row of one batch, that sound while the decoding goes on."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.cosyvoice.crew import DECODER
from wyoming_cosyvoice.engines.cosyvoice.sessions import CancelledError
from wyoming_cosyvoice.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice.clock import StageClock
    from wyoming_cosyvoice.engines.cosyvoice.crew import Seats
    from wyoming_cosyvoice.engines.cosyvoice.decoding import DecodeBatch
    from wyoming_cosyvoice.engines.cosyvoice.performance import Performance
    from wyoming_cosyvoice.engines.engine import Job, JobSource

    Floats = NDArray[np.float32]

_LOOK_FOR_JOBS_SECONDS = 0.02


class DecodeLoop:
    """Takes jobs while there is room, draws a token a row and step, and lets each row sound when it can.

    What a row says does not depend on its neighbours: it has its own cache, position and random streams. It sounds in a
    thread, and cuts what it says by its number of tokens alone, so it says the same however the threads take turns.
    """

    def __init__(
        self, batch: DecodeBatch, seats: Seats, begin: Callable[[Job], tuple[Performance, Floats]], clock: StageClock
    ) -> None:
        """`begin` makes a performance and its prompt [L, D] of a job."""
        self._batch = batch
        self._seats = seats
        self._begin = begin
        self._clock = clock
        self._rows: list[Performance] = []  # as in the batch
        self._queue: list[Performance] = []  # by age: rows, and those that ended but were not heard to their end
        self._sounding: dict[Performance, Future[bool]] = {}

    def run(self, first: Job, jobs: JobSource) -> None:
        """Speak `first` and all that come before the last one was heard to its end."""
        newcomer: Job | None = first
        with ThreadPoolExecutor(2 * self._batch.capacity, thread_name_prefix="cosyvoice-sound") as pool:
            while newcomer is not None or self._queue:
                if newcomer is not None:
                    with self._seats.seat(DECODER, self._batch.threads_beside):
                        self._decode(newcomer, jobs, pool)
                wait(self._sounding.values(), _LOOK_FOR_JOBS_SECONDS, FIRST_COMPLETED)
                self._sound(pool)
                newcomer = self._next(jobs)

    def _decode(self, newcomer: Job | None, jobs: JobSource, pool: ThreadPoolExecutor) -> None:
        """Go on until no row is left to decode."""
        while True:
            if newcomer is not None:
                self._admit(newcomer)
            self._draw()
            self._sound(pool)
            if not self._rows:
                return
            self._step()
            self._seats.give_way(DECODER, self._batch.threads_beside)
            newcomer = self._next(jobs)

    def _next(self, jobs: JobSource) -> Job | None:
        """Return a newcomer if there is a row for it, and not too many wait to sound their last."""
        room = len(self._rows) < self._batch.capacity and len(self._queue) <= self._batch.capacity
        return jobs.take(wait=False) if room else None

    def _admit(self, job: Job) -> None:
        if job.cancelled:
            job.finish()
            return
        try:
            performance, prompt = self._begin(job)
            with self._processors() as beside, self._clock.stage("prefill"):
                performance.logits = self._batch.join(prompt, beside=beside)
        except Exception as error:  # noqa: BLE001 - the edge between engine and job: it fails the job, not the thread
            job.fail(error)
        else:
            self._rows.append(performance)
            self._queue.append(performance)

    @contextmanager
    def _processors(self) -> Iterator[bool]:
        """Take the seats that a run of the language model needs beside those kept; yield whether it leaves some."""
        kept = self._batch.threads_beside
        beside = kept > 0 and bool(self._sounding)
        with self._seats.seat(DECODER, 0 if beside else self._seats.count - kept):
            yield beside

    def _draw(self) -> None:
        """Draw a token for each row; rows that have ended leave the batch."""
        for row in reversed(range(len(self._rows))):
            performance = self._rows[row]
            if not performance.cancelled:
                performance.draw()
            performance.ended = performance.ended or performance.cancelled or self._batch.room(row) <= 0
            if performance.ended:
                self._leave(row)

    def _sound(self, pool: ThreadPoolExecutor) -> None:
        """Begin to sound what can, let out what was held long enough, and forget what was heard to its end."""
        audio_before = 0.0
        for performance in list(self._queue):
            run = self._sounding.get(performance)
            if run is not None and run.done():
                del self._sounding[performance]
                if not run.result():
                    self._forget(performance)
                    continue
                run = None
            performance.let_out()
            performance.audio_before_it = audio_before
            performance.oldest = performance is self._queue[0]
            performance.alone = len(self._queue) == 1
            audio_before += performance.audio_left
            if run is None and performance.wants_to_sound:
                self._sounding[performance] = pool.submit(_emit, performance)

    def _forget(self, performance: Performance) -> None:
        self._queue.remove(performance)
        if performance in self._rows:
            self._leave(self._rows.index(performance))

    def _leave(self, row: int) -> None:
        self._batch.leave(row)  # the last row takes its place, here as there
        last = self._rows.pop()
        if row < len(self._rows):
            self._rows[row] = last

    def _step(self) -> None:
        try:
            tokens = [performance.tokens[-1] for performance in self._rows]
            with self._processors() as beside, self._clock.stage("decode"):
                logits = self._batch.step(tokens, beside=beside)
        except Exception as error:  # noqa: BLE001 - a broken step fails the jobs of this batch, not the thread
            while self._rows:
                performance = self._rows[-1]
                performance.failure = error if isinstance(error, EngineError) else EngineError(str(error))
                performance.ended = True
                self._leave(len(self._rows) - 1)
            return
        self._clock.add("tokens", len(self._rows))
        for performance, row in zip(self._rows, logits, strict=True):
            performance.logits = row


def _emit(performance: Performance) -> bool:
    """Emit what can be heard of a performance; return whether it goes on."""
    job = performance.job
    try:
        if job.cancelled:
            raise CancelledError  # noqa: TRY301 - the same end as when a graph is stopped
        performance.sound()
    except CancelledError:
        job.finish()
        return False
    except Exception as error:  # noqa: BLE001 - the edge between engine and job, as above
        job.fail(error)
        return False
    if performance.complete:
        job.finish()
    return not performance.complete

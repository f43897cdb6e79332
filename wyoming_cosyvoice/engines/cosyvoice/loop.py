"""The decode loop: several utterances at once, each a row of one batch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.cosyvoice.sessions import CancelledError
from wyoming_cosyvoice.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice.clock import StageClock
    from wyoming_cosyvoice.engines.cosyvoice.decoding import DecodeBatch
    from wyoming_cosyvoice.engines.cosyvoice.performance import Performance
    from wyoming_cosyvoice.engines.engine import Job, JobSource

    Floats = NDArray[np.float32]


class DecodeLoop:
    """Takes jobs while there is room, draws a token a row and step, and lets each row sound when it can.

    What a row says does not depend on its neighbours: it has its own cache, positions and random streams.
    """

    def __init__(
        self, batch: DecodeBatch, begin: Callable[[Job], tuple[Performance, Floats]], clock: StageClock
    ) -> None:
        """`begin` makes a performance and its prompt [L, D] of a job."""
        self._batch = batch
        self._begin = begin
        self._clock = clock
        self._rows: list[Performance] = []  # as in the batch
        self._queue: list[Performance] = []  # by age: rows, and those that ended but were not heard to their end

    def run(self, first: Job, jobs: JobSource) -> None:
        """Speak `first` and all that come before the last row has ended."""
        self._admit(first)
        while True:
            while self._has_room() and (job := jobs.take(wait=False)) is not None:
                self._admit(job)
            if not self._queue:
                return
            self._draw()
            self._sound()
            self._step()

    def _has_room(self) -> bool:
        """Whether a newcomer may join: there is a row, and not too many wait to sound their last."""
        return len(self._rows) < self._batch.capacity and len(self._queue) <= self._batch.capacity

    def _admit(self, job: Job) -> None:
        if job.cancelled:
            job.finish()
            return
        try:
            begun = time.perf_counter()
            performance, prompt = self._begin(job)
            with self._clock.stage("prefill"):
                performance.logits = self._batch.join(prompt)
            performance.seconds += time.perf_counter() - begun
        except Exception as error:  # noqa: BLE001 - the edge between engine and job: it fails the job, not the thread
            job.fail(error)
        else:
            self._rows.append(performance)
            self._queue.append(performance)

    def _draw(self) -> None:
        """Draw a token for each row; rows that have ended leave the batch."""
        for row in reversed(range(len(self._rows))):
            performance = self._rows[row]
            if not performance.job.cancelled:
                performance.draw()
            performance.ended = performance.ended or performance.job.cancelled or self._batch.room(row) <= 0
            if performance.ended:
                self._leave(row)

    def _sound(self) -> None:
        """Let the oldest sound first; a younger one waits while an older one has little ahead of its listener."""
        for performance in list(self._queue):
            if performance.wants_to_sound and not self._emit(performance):
                self._queue.remove(performance)
                if performance in self._rows:
                    self._leave(self._rows.index(performance))
            elif performance.hurried and self._rows:
                return

    def _emit(self, performance: Performance) -> bool:
        """Emit what can be heard of a performance; return whether it goes on."""
        job = performance.job
        try:
            if job.cancelled:
                raise CancelledError  # noqa: TRY301 - the same end as when a graph is stopped
            for samples in performance.sound():
                if job.cancelled:
                    raise CancelledError  # noqa: TRY301
                job.emit(samples)
        except CancelledError:
            job.finish()
            return False
        except Exception as error:  # noqa: BLE001 - the edge between engine and job, as above
            job.fail(error)
            return False
        if performance.ended:
            job.finish()
        return not performance.ended

    def _leave(self, row: int) -> None:
        self._batch.leave(row)  # the last row takes its place, here as there
        last = self._rows.pop()
        if row < len(self._rows):
            self._rows[row] = last

    def _step(self) -> None:
        if not self._rows:
            return
        begun = time.perf_counter()
        try:
            with self._clock.stage("decode"):
                logits = self._batch.step([performance.tokens[-1] for performance in self._rows])
        except Exception as error:  # noqa: BLE001 - a broken step fails the jobs of this batch, not the thread
            while self._rows:
                performance = self._rows[-1]
                performance.job.fail(error if isinstance(error, EngineError) else EngineError(str(error)))
                self._queue.remove(performance)
                self._leave(len(self._rows) - 1)
            return
        seconds = time.perf_counter() - begun
        self._clock.add("tokens", len(self._rows))
        for performance, row in zip(self._rows, logits, strict=True):
            performance.logits = row
            performance.seconds += seconds

"""The decode loop: several utterances at once, each a row of one batch."""

from __future__ import annotations

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
        self._rows: list[Performance] = []

    def run(self, first: Job, jobs: JobSource) -> None:
        """Speak `first` and all that come before the last row has ended."""
        self._admit(first)
        while True:
            while len(self._rows) < self._batch.capacity and (job := jobs.take(wait=False)) is not None:
                self._admit(job)
            if not self._rows:
                return
            self._draw()
            self._step()

    def _admit(self, job: Job) -> None:
        if job.cancelled:
            job.finish()
            return
        try:
            performance, prompt = self._begin(job)
            with self._clock.stage("prefill"):
                performance.logits = self._batch.join(prompt)
        except Exception as error:  # noqa: BLE001 - the edge between engine and job: it fails the job, not the thread
            job.fail(error)
        else:
            self._rows.append(performance)

    def _draw(self) -> None:
        """Draw a token for each row, let the rows sound that can, and drop those that have ended."""
        ended = []
        for row, performance in enumerate(self._rows):
            goes_on = not performance.job.cancelled and performance.draw() and self._batch.room(row) > 0
            if not goes_on:
                ended.append(row)
        gone = [self._rows[row] for row in ended]
        for row in reversed(ended):
            self._leave(row)
        for performance in gone:
            self._sound(performance, ended=True)
        for performance in list(self._rows):
            if not self._sound(performance, ended=False):
                self._leave(self._rows.index(performance))

    def _leave(self, row: int) -> None:
        self._batch.leave(row)  # the last row takes its place, here as there
        last = self._rows.pop()
        if row < len(self._rows):
            self._rows[row] = last

    def _sound(self, performance: Performance, *, ended: bool) -> bool:
        """Emit what can be heard of a performance; return whether it goes on."""
        job = performance.job
        try:
            for samples in performance.sound(ended=ended):
                if job.cancelled:
                    raise CancelledError  # noqa: TRY301 - the same end as when a graph is stopped
                job.emit(samples)
        except CancelledError:
            job.finish()
            return False
        except Exception as error:  # noqa: BLE001 - the edge between engine and job, as above
            job.fail(error)
            return False
        if ended:
            job.finish()
        return not ended

    def _step(self) -> None:
        if not self._rows:
            return
        try:
            with self._clock.stage("decode"):
                logits = self._batch.step([performance.tokens[-1] for performance in self._rows])
        except Exception as error:  # noqa: BLE001 - a broken step fails the jobs of this batch, not the thread
            for performance in self._rows:
                performance.job.fail(error if isinstance(error, EngineError) else EngineError(str(error)))
            while self._rows:
                self._leave(len(self._rows) - 1)
            return
        self._clock.add("tokens", len(self._rows))
        for performance, row in zip(self._rows, logits, strict=True):
            performance.logits = row

"""One engine and the thread that it speaks in."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Protocol

from wyoming_cosyvoice.engines.engine import Job
from wyoming_cosyvoice.errors import EngineError, SpeechError, StoppingError
from wyoming_cosyvoice.speech.queue import FairQueue

if TYPE_CHECKING:
    from wyoming_cosyvoice.engines.engine import Engine
    from wyoming_cosyvoice.speech.queue import Claim

_LOGGER = logging.getLogger(__name__)
_CRASHES_IN_A_ROW = 3


class WorkerJob(Job, Protocol):
    """A job with what its worker needs to know of it."""

    @property
    def finished(self) -> bool:
        """Whether the engine has ended it, well or not."""

    def begin(self) -> None:
        """Say that the engine took it."""


class Worker:
    """Runs `Engine.serve` in a thread of its own and is its `JobSource`.

    An engine that crashes fails the jobs it had taken and is started again; after three crashes without a job finished
    in between it is given up, and all that wait for it fail.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.failure: SpeechError | None = None
        self._condition = threading.Condition()
        self._queue: FairQueue[WorkerJob] = FairQueue()
        self._running: list[WorkerJob] = []
        self._busy_seconds = 0.0
        self._busy_since: float | None = None
        self._stopping = False
        self._sign_of_life = 0
        self._settled = 0
        self._thread = threading.Thread(target=self._run, name=f"engine-{engine.name}", daemon=True)

    @property
    def busy_seconds(self) -> float:
        """Seconds in which the engine had something to make, those since it took a job included."""
        with self._condition:
            # Counted here too: who has just heard the end asks before the engine has come back for more work.
            since = time.perf_counter() - self._busy_since if self._busy_since is not None else 0.0
            return self._busy_seconds + since

    @property
    def queued(self) -> int:
        """Clauses that wait."""
        return len(self._queue)

    @property
    def running(self) -> int:
        """Clauses that the engine is making."""
        return sum(not job.finished for job in self._running)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Tell the engine to return from `serve`, and fail what still waits."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        self._fail_waiting(StoppingError("The engine is being stopped"))

    def join(self, seconds: float) -> bool:
        """Wait for the thread and close the engine; False where it hangs, and then it is left as it is. Blocks."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        if self._thread.is_alive():
            _LOGGER.warning("The engine %s does not return; leaving it behind", self.engine.name)
            return False
        self.engine.close()
        return True

    def submit(self, job: WorkerJob, claim: Claim) -> None:
        """Let a job wait for its turn. A job that waits already gets one more claim."""
        with self._condition:
            failure = self.failure or (StoppingError("The engine is being stopped") if self._stopping else None)
            if failure is None:
                if not job.finished and job not in self._running:
                    self._queue.add(job, claim)
                    self._condition.notify()
                return
        job.fail(failure)

    def withdraw(self, job: WorkerJob, claim: Claim) -> None:
        """Take a claim back; a job that waits goes with its last claim."""
        with self._condition:
            self._queue.drop(job, claim)

    def take(self, *, wait: bool) -> WorkerJob | None:
        """Return the job whose turn it is; see `JobSource.take`."""
        with self._condition:
            self._report()
            while not self._stopping:
                job = self._queue.pop()
                if job is not None:
                    self._running.append(job)
                    self._busy_since = self._busy_since or time.perf_counter()
                    job.begin()
                    return job
                if not wait:
                    return None
                self._condition.wait()
        return None

    def quiet(self, seconds: float) -> bool:
        """Return whether no job came for so long; see `JobSource.quiet`."""
        with self._condition:
            self._report()
            return not self._condition.wait_for(lambda: self._stopping or len(self._queue) > 0, seconds)

    def suspect(self) -> int:
        """Begin to doubt that the engine is alive; the answer is for `condemn`."""
        return self._sign_of_life

    def condemn(self, suspicion: int) -> None:
        """Fail all that waits where the engine has not asked for work since `suspect`: it hangs."""
        if self._sign_of_life != suspicion or not self.running or self.failure:
            return
        _LOGGER.error("The engine %s hangs", self.engine.name)
        hint = "It is used again when it answers; if it does not, restart the server"
        self.failure = EngineError(f"The engine {self.engine.name} does not answer", hint)
        self._fail_waiting(self.failure)

    def _run(self) -> None:
        crashes = 0
        while not self._stopping and crashes < _CRASHES_IN_A_ROW:
            settled = self._settled
            try:
                self.engine.serve(self)
            except Exception:  # the edge between engine and thread: told to all who wait, and tried again
                _LOGGER.exception("The engine %s crashed", self.engine.name)
            if self._stopping:
                break
            with self._condition:
                self._settle()
            crashes = crashes + 1 if self._settled == settled else 1
            self._fail_running(
                EngineError(f"The engine {self.engine.name} crashed", "The server's log has the details")
            )
        if not self._stopping:
            hint = "Restart the server; its log has the details"
            self.failure = EngineError(f"The engine {self.engine.name} crashed again and again", hint)
            self._fail_waiting(self.failure)

    def _report(self) -> None:
        """Take it as a sign of life that the engine asks for work."""
        self._sign_of_life += 1
        self.failure = None  # if it hung, it has come back
        self._settle()

    def _settle(self) -> None:
        """Count the time since the last call and forget what is finished."""
        now = time.perf_counter()
        if self._busy_since is not None:
            self._busy_seconds += now - self._busy_since
        running = [job for job in self._running if not job.finished]
        self._settled += len(self._running) - len(running)
        self._running = running
        self._busy_since = now if self._running else None

    def _fail_running(self, error: SpeechError) -> None:
        with self._condition:
            running, self._running = self._running, []
            self._busy_since = None
        for job in running:
            job.fail(error)

    def _fail_waiting(self, error: SpeechError) -> None:
        with self._condition:
            waiting = self._queue.clear()
        for job in waiting:
            job.fail(error)

"""Where clauses are recorded: each once, however many streams want it, and not again while a cache holds it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.errors import EngineError, SpeechError, SynthesisTimeoutError
from wyoming_cosyvoice.speech.recording import ClauseJob, Recording

if TYPE_CHECKING:
    from collections.abc import Callable

    from wyoming_cosyvoice.audio.pcm import Pcm
    from wyoming_cosyvoice.speech.cache import SpokenCache
    from wyoming_cosyvoice.speech.casting import Part
    from wyoming_cosyvoice.speech.levels import Levels
    from wyoming_cosyvoice.speech.queue import Claim
    from wyoming_cosyvoice.speech.scheduler import Worker

_GRACE_SECONDS = 5.0


@dataclass(eq=False)
class _Session:
    """A recording that is not complete yet, and who wants it."""

    part: Part
    worker: Worker
    recording: Recording
    claims: dict[object, Claim] = field(default_factory=dict)
    job: ClauseJob | None = None
    preparation: asyncio.Task[None] | None = None
    alarm: asyncio.TimerHandle | None = None


class Studio:
    """Gives out recordings. Belongs to the event loop."""

    def __init__(self, cache: SpokenCache, levels: Levels, clause_timeout: float) -> None:
        self.audio_seconds = 0.0
        self.shared = 0
        self._cache = cache
        self._levels = levels
        self._clause_timeout = clause_timeout
        self._sessions: dict[str, _Session] = {}

    def record(
        self, part: Part, worker: Worker, listener: object, claim: Claim, changed: Callable[[], None]
    ) -> Recording:
        """Return the recording of a part: from a cache, another stream's, or begun now.

        `changed` is called whenever it grows, until `leave` is called with the same listener.
        """
        samples = self._cache.get(part.key)
        if samples is not None:
            return _complete(samples)
        session = self._sessions.get(part.key)
        if session is not None:
            self.shared += 1
        else:
            session = self._sessions[part.key] = _Session(part, worker, Recording())
        session.claims[listener] = claim
        session.recording.listen(listener, changed)
        if session.job is not None:
            session.worker.submit(session.job, claim)
        elif session.preparation is None:
            self._begin(session)
        return session.recording

    def leave(self, part: Part, listener: object) -> None:
        """Stop listening. What nobody listens to any more is not made."""
        session = self._sessions.get(part.key)
        if session is None or listener not in session.claims:
            return
        claim = session.claims.pop(listener)
        session.recording.leave(listener)
        if session.job is not None:
            session.worker.withdraw(session.job, claim)
        if not session.claims:
            self._close(session)
            if session.job is not None:
                session.job.cancelled = True
            if session.preparation is not None:
                session.preparation.cancel()

    def _begin(self, session: _Session) -> None:
        gain = self._levels.known(session.part.engine, session.part.voice)
        if gain is None or self._cache.on_disk(session.part.key):
            session.preparation = asyncio.ensure_future(self._prepare(session, gain))
        else:
            self._submit(session, gain)

    async def _prepare(self, session: _Session, gain: float | None) -> None:
        """Look on the disk, and measure the voice, before an engine is asked."""
        part = session.part
        outcome: SpeechError | None = EngineError("The clause was not prepared", "The server's log has the details")
        try:
            samples = await self._cache.load(part.key)
            if samples is None:
                gain = await self._levels.measure(session.worker, part.voice) if gain is None else gain
                self._submit(session, gain)
            else:
                session.recording.cached = True
                session.recording.add(samples)
                outcome = None
        except SpeechError as error:
            outcome = error
        finally:
            if session.job is None:  # whatever went wrong, nobody waits for ever
                self._end(session, outcome)

    def _submit(self, session: _Session, gain: float) -> None:
        self._cache.misses += 1
        session.job = ClauseJob(
            session.part.utterance,
            session.part.engine.sample_rate,
            gain,
            asyncio.get_running_loop(),
            on_begin=partial(self._started, session),
            on_way=session.recording.begin,
            on_block=session.recording.add,
            on_end=partial(self._finished, session),
        )
        for claim in session.claims.values():
            session.worker.submit(session.job, claim)

    def _started(self, session: _Session) -> None:
        if session.claims and not session.recording.done:
            loop = asyncio.get_running_loop()
            session.alarm = loop.call_later(self._clause_timeout, self._overdue, session)

    def _overdue(self, session: _Session) -> None:
        if session.job is None or session.recording.done or not session.claims:
            return
        session.job.cancelled = True
        message = f"A clause took longer than {self._clause_timeout:g} s"
        self._end(session, SynthesisTimeoutError(message, "Use a faster model, or raise clause_timeout"))
        grace = min(_GRACE_SECONDS, self._clause_timeout)
        asyncio.get_running_loop().call_later(grace, session.worker.condemn, session.worker.suspect())

    def _finished(self, session: _Session, error: SpeechError | None) -> None:
        if session.recording.done or not session.claims:
            return
        if error is None:
            samples = _join(session.recording.blocks)
            self.audio_seconds += samples.size / session.part.engine.sample_rate
            self._cache.put(session.part.key, samples)
        self._end(session, error)

    def _end(self, session: _Session, error: SpeechError | None) -> None:
        self._close(session)
        session.recording.end(error)

    def _close(self, session: _Session) -> None:
        if self._sessions.get(session.part.key) is session:
            del self._sessions[session.part.key]
        if session.alarm is not None:
            session.alarm.cancel()


def _complete(samples: Pcm) -> Recording:
    recording = Recording()
    recording.cached = True
    recording.add(samples)
    recording.end()
    return recording


def _join(blocks: list[Pcm]) -> Pcm:
    joined = np.concatenate([np.zeros(0, dtype=np.int16), *blocks])
    joined.setflags(write=False)
    return joined

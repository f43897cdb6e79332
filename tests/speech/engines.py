"""Engines whose timing a test holds in its hands."""

from __future__ import annotations

import threading
import zlib
from typing import TYPE_CHECKING, Literal

import numpy as np

from wyoming_cosyvoice.engines.engine import REFERENCE_LOUDNESS, Attribution, Voice, serve_one_at_a_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from wyoming_cosyvoice.engines.engine import Job, JobSource, Samples, Utterance
    from wyoming_cosyvoice.text.clause import Language

ATTRIBUTION = Attribution("tests", "https://example.org")
PATIENCE = 10.0  # seconds after which a test that hangs fails; nothing is expected to take that long


def voice(
    name: str = "plain",
    *languages: Language,
    gender: Literal["female", "male"] = "female",
    loudness: float | None = REFERENCE_LOUDNESS,
    speakers: tuple[str, ...] = (),
) -> Voice:
    """Make a voice."""
    spoken = languages or ("en", "zh", "ja", "ko", "yue")
    return Voice(name, name, spoken, gender, ATTRIBUTION, speakers=speakers, loudness=loudness)


def spoken(utterance: Utterance) -> str:
    """Return an utterance's words."""
    return "".join(span.spoken for span in utterance.spans)


class PlainEngine:
    """Says noise, half a second of it in blocks of 50 ms, with silence before and after."""

    description = "Noise for tests"
    attribution = ATTRIBUTION
    version = "1"
    max_characters = 100

    def __init__(
        self,
        *voices: Voice,
        name: str = "plain",
        rate: int = 16000,
        seconds: float = 0.5,
        level: float = 0.1,
        revision: str = "1",
        hastens: bool = False,
    ) -> None:
        self.voices = voices or (voice(),)
        self.name = name
        self.revision = revision
        self.hastens = hastens
        self.sample_rate = rate
        self.heard: list[str] = []
        self.utterances: list[Utterance] = []
        self.closed = threading.Event()
        self.serving = threading.Event()
        self.rested = threading.Event()
        self._seconds = seconds
        self._level = level

    def explain(self, utterance: Utterance) -> str:
        return spoken(utterance)

    def metrics(self) -> Mapping[str, float]:
        return {"heard": float(len(self.heard))}

    def close(self) -> None:
        self.closed.set()

    def serve(self, jobs: JobSource) -> None:
        self.serving.set()
        serve_one_at_a_time(jobs, self.synthesize, self.rested.set)

    def synthesize(self, job: Job) -> Iterator[Samples]:
        self.heard.append(spoken(job.utterance))
        self.utterances.append(job.utterance)
        yield from self.blocks(job.utterance)

    def blocks(self, utterance: Utterance) -> Iterator[Samples]:
        samples = self.samples(utterance)
        step = self.sample_rate // 20
        for begin in range(0, samples.size, step):
            yield samples[begin : begin + step]

    def samples(self, utterance: Utterance) -> Samples:
        key = (spoken(utterance), utterance.voice, utterance.speed, utterance.style, utterance.seed)
        source = np.random.default_rng(zlib.crc32(repr(key).encode()))
        count = int(self._seconds / utterance.speed * self.sample_rate)
        margin = np.zeros(self.sample_rate // 5)
        return np.concatenate((margin, self._level * source.standard_normal(count), margin)).astype(np.float32)


class GatedEngine(PlainEngine):
    """Begins an utterance only when the test says so, and says which it began."""

    def __init__(self, *voices: Voice, **settings: float) -> None:
        super().__init__(*voices, **settings)  # type: ignore[arg-type]
        self._gate = threading.Semaphore(0)
        self.began = threading.Semaphore(0)
        self.jobs: list[Job] = []

    def let(self, count: int = 1) -> None:
        """Let it say so many utterances."""
        self._gate.release(count)

    def synthesize(self, job: Job) -> Iterator[Samples]:
        self.jobs.append(job)
        self.heard.append(spoken(job.utterance))
        self.utterances.append(job.utterance)
        self.began.release()
        while not self._gate.acquire(timeout=0.01):
            if job.cancelled:
                return
        yield from self.blocks(job.utterance)


class SteppedEngine(PlainEngine):
    """Says one block of 50 ms whenever the test says so."""

    def __init__(self, *voices: Voice, **settings: float) -> None:
        super().__init__(*voices, **settings)  # type: ignore[arg-type]
        self._gate = threading.Semaphore(0)
        self.cancelled = threading.Event()

    def step(self, count: int = 1) -> None:
        """Let it say so many blocks."""
        self._gate.release(count)

    def blocks(self, utterance: Utterance) -> Iterator[Samples]:
        for block in super().blocks(utterance):
            assert self._gate.acquire(timeout=PATIENCE)
            yield block

    def synthesize(self, job: Job) -> Iterator[Samples]:
        self.heard.append(spoken(job.utterance))
        for block in self.blocks(job.utterance):
            if job.cancelled:
                self.cancelled.set()
                return
            yield block


class HoldingEngine(SteppedEngine):
    """Says of each utterance that it is under way before it says anything of it."""

    def synthesize(self, job: Job) -> Iterator[Samples]:
        job.under_way()
        yield from super().synthesize(job)


class BatchEngine(PlainEngine):
    """Says up to `rows` utterances at once, a block of each in turn."""

    def __init__(self, *voices: Voice, rows: int = 4, **settings: float) -> None:
        super().__init__(*voices, **settings)  # type: ignore[arg-type]
        self._rows = rows
        self.most_at_once = 0

    def serve(self, jobs: JobSource) -> None:
        batch: list[tuple[Job, Iterator[Samples]]] = []
        while True:
            while len(batch) < self._rows:
                job = jobs.take(wait=not batch)
                if job is None:
                    break
                self.heard.append(spoken(job.utterance))
                batch.append((job, self.blocks(job.utterance)))
            if not batch:
                return
            self.most_at_once = max(self.most_at_once, len(batch))
            batch = [row for row in batch if self._step(*row)]

    @staticmethod
    def _step(job: Job, blocks: Iterator[Samples]) -> bool:
        block = None if job.cancelled else next(blocks, None)
        if block is None:
            job.finish()
            return False
        job.emit(block)
        return True


class FailingEngine(PlainEngine):
    """Does with each utterance what the test's function does, and then says it."""

    def __init__(self, act: Callable[[str], None], **settings: float) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self._act = act

    def blocks(self, utterance: Utterance) -> Iterator[Samples]:
        self._act(spoken(utterance))
        yield from super().blocks(utterance)


class CrashingEngine(FailingEngine):
    """Its whole `serve` fails, not one job."""

    def serve(self, jobs: JobSource) -> None:
        self.serving.set()
        while (job := jobs.take(wait=True)) is not None:
            for block in self.synthesize(job):
                job.emit(block)
            job.finish()

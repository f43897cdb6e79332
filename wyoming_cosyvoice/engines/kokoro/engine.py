"""The starter engine: Kokoro-82M, one graph from phonemes to samples."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.engine import serve_one_at_a_time
from wyoming_cosyvoice.engines.kokoro.bilingual import joint
from wyoming_cosyvoice.engines.kokoro.context import STAND_IN, STOP, Context, apart, cut, grouped, in_context
from wyoming_cosyvoice.engines.kokoro.frontend import VERSION, Frontend, Passage, has_english
from wyoming_cosyvoice.engines.kokoro.vocabulary import MAX_PIECE, encode, pieces
from wyoming_cosyvoice.engines.kokoro.voices import ATTRIBUTION, VOICES, Styles
from wyoming_cosyvoice.text.clause import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from wyoming_cosyvoice.engines.engine import Job, JobSource, Samples, Utterance
    from wyoming_cosyvoice.engines.kokoro.session import Session

_MODEL_VERSION = "1.0"


class KokoroEngine:
    """Speaks an utterance as one or more pieces, each one run of the graph."""

    name = "kokoro"
    description = "Kokoro-82M, the starter voices"
    attribution = ATTRIBUTION
    version = _MODEL_VERSION
    sample_rate = 24000
    max_characters = 180
    hastens = False
    voices = tuple(item.voice for item in VOICES)

    def __init__(self, session: Session, model_revision: str) -> None:
        self._session: Session | None = session
        self._styles = Styles()
        self._frontend = Frontend()
        self._frontend.load(("zh", "en"))
        self.revision = f"kokoro-{model_revision}-{self._styles.digest[:8]}-{VERSION}"
        self._loudness = {item.id: item.loudness for item in VOICES}
        self._stand_in = self._frontend.phonemes((Span("zh", STAND_IN, STAND_IN),)) + STOP
        self._frontend_seconds = 0.0
        self._graph_seconds = 0.0
        self._audio_seconds = 0.0

    def explain(self, utterance: Utterance) -> str:
        """Kokoro's phonemes of the utterance; a bar stands between what is said in two styles."""
        return " | ".join(passage.phonemes for passage in self._passages(utterance))

    def serve(self, jobs: JobSource) -> None:
        """Speak jobs one after another."""
        serve_one_at_a_time(jobs, self._synthesize, self._graph.rest)

    def metrics(self) -> Mapping[str, float]:
        """Seconds spent in the frontend and in the graph, and seconds of audio made."""
        return {
            "frontend_seconds": self._frontend_seconds,
            "graph_seconds": self._graph_seconds,
            "audio_seconds": self._audio_seconds,
        }

    def close(self) -> None:
        """Give the session back."""
        self._session = None

    def _synthesize(self, job: Job) -> Iterator[Samples]:
        started = time.perf_counter()
        passages = self._passages(job.utterance)
        self._frontend_seconds += time.perf_counter() - started
        if len(passages) == 1 and not passages[0].english:
            for samples in self._pieces(passages[0], job):
                if samples is None:
                    return
                yield samples
            return
        timed = self._graph.timed
        for group in grouped(passages, self._stand_in) if timed else [passages]:
            yield from self._mixed(group, job, timed=timed)

    def _mixed(self, passages: Sequence[Passage], job: Job, *, timed: bool) -> Iterator[Samples]:
        """Say passages of two styles; those in the voice's own are cut from one recording where that can be."""
        context = in_context(passages, self._stand_in)
        together = timed and len(context.phonemes) <= MAX_PIECE
        parts: list[Samples] = []
        for passage in passages if together else apart(passages):
            if together and not passage.english:
                parts = parts or self._in_context(context, job)
                spoken: Iterator[Samples | None] = iter([parts.pop(0) if parts else None])
            else:
                spoken = self._pieces(passage, job)
            for index, samples in enumerate(spoken):
                if samples is None:
                    return
                level = self._loudness[job.utterance.voice] if passage.english else None
                yield joint(samples, self.sample_rate, level, pause=passage.pause or index > 0)

    def _passages(self, utterance: Utterance) -> list[Passage]:
        """Divide what a voice says in two styles: English in one, all else in the other."""
        if self._styles.english(utterance.voice, 1) is not None and has_english(utterance.spans):
            return self._frontend.passages(utterance.spans)
        phonemes = self._frontend.phonemes(utterance.spans)
        return [Passage(english=False, phonemes=phonemes, pause=False)] if phonemes else []

    def _pieces(self, passage: Passage, job: Job) -> Iterator[Samples | None]:
        for piece in pieces(passage.phonemes):
            yield self._speak(piece, job, english=passage.english)

    def _in_context(self, context: Context, job: Job) -> list[Samples]:
        """Return the passages of a context; none if the job was cancelled meanwhile."""
        ids = encode(context.phonemes)
        started = time.perf_counter()
        style = self._styles.vector(job.utterance.voice, len(ids) - 2)
        found = self._graph.run_timed(ids, style, job.utterance.speed, lambda: job.cancelled)
        self._count(started, None if found is None else found[0])
        return cut(*found, context, self.sample_rate) if found is not None else []

    def _speak(self, piece: str, job: Job, *, english: bool) -> Samples | None:
        """Run the graph on one piece; None if the job was cancelled meanwhile."""
        ids = encode(piece)
        started = time.perf_counter()
        voice, length = job.utterance.voice, len(ids) - 2
        style = self._styles.english(voice, length) if english else None
        if style is None:
            style = self._styles.vector(voice, length)
        samples = self._graph.run(ids, style, job.utterance.speed, lambda: job.cancelled)
        self._count(started, samples)
        return samples

    @property
    def _graph(self) -> Session:
        if self._session is None:
            raise RuntimeError("the engine was closed")
        return self._session

    def _count(self, started: float, samples: Samples | None) -> None:
        self._graph_seconds += time.perf_counter() - started
        if samples is not None:
            self._audio_seconds += len(samples) / self.sample_rate

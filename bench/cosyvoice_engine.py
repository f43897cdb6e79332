"""The engine as the server runs it: one clause, the clauses of one text, several clients. Part of `bench cosyvoice`."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.cosyvoice.chunking import WHOLE
from wyoming_cosyvoice.engines.cosyvoice.engine import CosyVoiceEngine, EngineSettings
from wyoming_cosyvoice.engines.cosyvoice.lengths import SAMPLE_RATE, TOKEN_RATE, USUAL_TOKENS_AN_ID
from wyoming_cosyvoice.engines.cosyvoice.sampling import Sampler
from wyoming_cosyvoice.engines.engine import Utterance
from wyoming_cosyvoice.text.clause import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice import CosyVoice
    from wyoming_cosyvoice.engines.engine import Samples

TEXT = "收到好友从远方寄来的生日礼物，那份意外的惊喜与深深的祝福让我心中充满了甜蜜的快乐。"
STAGES = ("prefill", "decode", "flow", "vocoder")
HEADER = (
    "| what | cut | clauses | rows | audio s | RTF | processor | first sound s | last first s | longest gap s |"
    " ms a token | prefill | decode | flow | vocoder |"
)


class ForcedLength(Sampler):
    """Ends each utterance after so many tokens, so that every run does the same work whatever the weights say."""

    def __init__(self, tokens: int, end: int) -> None:
        super().__init__()
        self._tokens, self._end = tokens, end

    def draw(self, logits: NDArray[np.float32], history: Sequence[int], u1: float, u2: float, allow_end: bool) -> int:  # noqa: ARG002 - the length decides
        """Return a token that does not end, or the end."""
        return self._end if len(history) >= self._tokens else super().draw(logits, history, u1, u2, allow_end=False)


@dataclass
class Listener:
    """A job that notes what it hears, and how long its listener would wait in the middle."""

    utterance: Utterance
    cancelled: bool = False
    begins: bool = False
    samples: int = 0
    begun: float = field(default_factory=time.perf_counter)
    first: float = 0.0
    gap: float = 0.0

    def under_way(self) -> None:
        """Note it."""
        self.begins = True

    def emit(self, samples: Samples) -> None:
        """Count."""
        now = time.perf_counter() - self.begun
        self.first = self.first or now
        self.gap = max(self.gap, now - self.first - self.samples / SAMPLE_RATE)
        self.samples += len(samples)

    def finish(self) -> None:
        """Nothing to do."""

    def fail(self, error: Exception) -> None:
        """Stop the benchmark."""
        raise error


class Queue:
    """Hands out its jobs: all at once, or those of one text as the server does (`SpeechStream`): more as more begin."""

    def __init__(self, jobs: list[Listener], *, text: bool) -> None:
        self._jobs, self._taken, self._text = list(jobs), list[Listener](), text

    def take(self, *, wait: bool) -> Listener | None:
        """Return the next job."""
        begun = sum(job.begins for job in self._taken)
        if not self._jobs or (self._text and not wait and len(self._taken) - begun >= max(begun, 1)):
            return None
        self._taken.append(self._jobs.pop(0))
        return self._taken[-1]

    def quiet(self, seconds: float) -> bool:  # noqa: ARG002 - nobody asks
        """Return False."""
        return False


def silences(jobs: list[Listener]) -> Iterator[float]:
    """Yield the seconds for which a listener to clauses one after the other waits for each but the first."""
    end = jobs[0].first
    for job in jobs:
        yield max(job.first - end, 0.0)
        end = max(end, job.first) + job.gap + job.samples / SAMPLE_RATE


def clause_of(model: CosyVoice, tokens: int) -> Span:
    """Return a clause with as many ids as usually make so many speech tokens."""
    wanted, said = int(tokens / USUAL_TOKENS_AN_ID), ""
    while len(model.tokenizer.encode(said)) < wanted:
        said += TEXT[len(said) % len(TEXT)]
    return Span("zh", said, said)


@dataclass(frozen=True)
class Served:
    """What some clauses took: seconds in all, of all cores, to the first sound of the first and of the last clause."""

    audio: float
    seconds: float
    processor: float
    first: float
    last_first: float
    gap: float
    totals: dict[str, float]
    """The engine's own figures."""


def serve(model: CosyVoice, clauses: int, tokens: int, settings: EngineSettings, *, text: bool) -> Served:
    """Speak `clauses` of so many tokens each."""
    forced = dataclasses.replace(model, sampler=ForcedLength(tokens, model.language_model.end))
    engine = CosyVoiceEngine(forced, settings)
    span, voice = clause_of(model, tokens), engine.voices[0].id
    # the pace of this machine is learnt from what was said before, as in a server that is not asked for the first time
    engine.serve(Queue([Listener(Utterance((span,), voice, seed=99))], text=True))
    before = engine.metrics()
    jobs = [
        Listener(Utterance((span,), voice, seed=number, awaited=not (text and number))) for number in range(clauses)
    ]
    begun, processor = time.perf_counter(), time.process_time()
    engine.serve(Queue(jobs, text=text))
    return Served(
        audio=sum(job.samples for job in jobs) / SAMPLE_RATE,
        seconds=time.perf_counter() - begun,
        processor=time.process_time() - processor,
        first=jobs[0].first,
        last_first=max(job.first for job in jobs),
        gap=max(0.0, *(job.gap for job in jobs), *(silences(jobs) if text else ())),
        totals={name: value - before.get(name, 0) for name, value in engine.metrics().items()},
    )


def row(model: CosyVoice, clauses: int, tokens: int, settings: EngineSettings, *, text: bool) -> str:
    """Speak `clauses` of so many tokens each; return a row of the table."""
    took = serve(model, clauses, tokens, settings, text=text)
    audio, totals = took.audio, took.totals
    stages = " | ".join(f"{totals[f'{stage}_seconds'] / audio:.2f}" for stage in STAGES)
    what = "clause" if clauses == 1 else "text" if text else "clients"
    cut = "whole" if settings.chunking == WHOLE else "early"
    return (
        f"| {what} of {tokens / TOKEN_RATE:.1f} s | {cut} | {clauses} |"
        f" {settings.rows} | {audio:.1f} | {took.seconds / audio:.2f} | {took.processor / audio:.2f} |"
        f" {took.first:.2f} | {took.last_first:.2f} | {took.gap:.2f} |"
        f" {1000 * totals['decode_seconds'] / totals['tokens']:.1f} | {stages} |"
    )

"""The contract between the spine and a voice engine.

An engine is handed jobs and hands back samples. It *pulls* its work: the scheduler calls `Engine.serve` in a worker
thread that it owns, and the engine takes jobs from the `JobSource` whenever it has room. An engine that decodes many
utterances in one batch (CosyVoice) takes several and emits to each as its samples appear; an engine that makes one
utterance at a time (Kokoro) leaves the loop to `serve_one_at_a_time`. Either way the samples of one job come in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from wyoming_cosyvoice.text.clause import Language, Span

    Samples: TypeAlias = NDArray[np.float32]
    """Mono, nominally in [-1, 1], at the engine's sample rate."""

QUIET_SECONDS = 5.0
"""An engine without work for so long may give memory back."""

REFERENCE_LOUDNESS = -19.0
"""The level that all voices are brought to, in LUFS: speech then peaks near full scale and rarely above it."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who made a voice or a model."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice as it is advertised.

    `languages` are those it speaks natively, its own first; `experimental` are those it speaks with a foreign accent.
    `aliases` are accepted too (CosyVoice's own names such as `中文女`). `loudness` is the integrated loudness of its
    plain speech in LUFS (ITU-R BS.1770-4, `wyoming_cosyvoice.audio.loudness`), from which the spine brings all voices
    to one level; None has the spine measure it before the voice is first used.
    """

    id: str
    description: str
    languages: tuple[Language, ...]
    gender: Literal["female", "male"]
    attribution: Attribution
    aliases: tuple[str, ...] = ()
    experimental: tuple[Language, ...] = ()
    speakers: tuple[str, ...] = ()
    loudness: float | None = REFERENCE_LOUDNESS

    @property
    def local_id(self) -> str:
        """The id as its engine knows it: `zh_female_1` of `kokoro/zh_female_1`, so called where two models have one."""
        return self.id.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Utterance:
    """What an engine says in one breath.

    The audio is a function of these fields and of nothing else: not of time, nor of what else runs. `awaited`: its
    listener hears nothing until it sounds, so its first samples are worth some work more (`Engine.hastens`).
    """

    spans: tuple[Span, ...]
    voice: str
    speed: float = 1.0
    style: str | None = None
    seed: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
    awaited: bool = True


class Job(Protocol):
    """One utterance on its way through an engine. Every method may be called from the engine's thread."""

    @property
    def utterance(self) -> Utterance:
        """What to say."""

    @property
    def cancelled(self) -> bool:
        """Whether nobody listens any more. Look at it between steps (every 100 ms at least) and drop the job then."""

    def under_way(self) -> None:
        """Say that what follows may be begun: the first samples are made, though they may be kept back.

        An engine that works on several at once may say so before, for example once they only have to become sound.
        `emit` says so too.
        """

    def emit(self, samples: Samples) -> None:
        """Hand over the next samples; never blocks."""

    def finish(self) -> None:
        """Say that all samples were emitted."""

    def fail(self, error: Exception) -> None:
        """Say that the utterance can't be said; other jobs go on."""


class JobSource(Protocol):
    """Where an engine takes its work from. Safe to call from the engine's thread only."""

    def take(self, *, wait: bool) -> Job | None:
        """Return the next job.

        With `wait` blocks until there is one, and None says that the engine must return from `serve`. Without it None
        says that there is none now; a batching engine asks so between steps.
        """

    def quiet(self, seconds: float) -> bool:
        """Wait for a job; return whether none came for so long, and an engine may give back what it keeps for the next.

        Returns False at once when there is a job, or when `take` has something else to say.
        """


class Engine(Protocol):
    """A loaded model that speaks."""

    @property
    def name(self) -> str:
        """Stable short name (`kokoro`, `cosyvoice`)."""

    @property
    def description(self) -> str:
        """One line for people."""

    @property
    def attribution(self) -> Attribution:
        """Who made the model."""

    @property
    def version(self) -> str:
        """Version of the model, as people know it."""

    @property
    def revision(self) -> str:
        """Changes whenever the same utterance might sound different; part of every cache key."""

    @property
    def sample_rate(self) -> int:
        """Samples a second."""

    @property
    def voices(self) -> tuple[Voice, ...]:
        """The voices, the default first."""

    @property
    def max_characters(self) -> int:
        """Longest spoken clause it takes, in characters; the planner cuts at this."""

    @property
    def hastens(self) -> bool:
        """Whether an utterance that is awaited may sound otherwise than one that is not."""

    def explain(self, utterance: Utterance) -> str:
        """Phonemes or token ids of the utterance, for people."""

    def serve(self, jobs: JobSource) -> None:
        """Take jobs and speak them until the source says to stop. Runs in a thread of the scheduler's."""

    def metrics(self) -> Mapping[str, float]:
        """Seconds spent a stage since loading, and other counters."""

    def close(self) -> None:
        """Give back sessions and memory. Called after `serve` has returned."""


def serve_one_at_a_time(
    jobs: JobSource, synthesize: Callable[[Job], Iterator[Samples]], rest: Callable[[], None] | None = None
) -> None:
    """Speak jobs one after another: the loop of an engine without batches. `rest` is called when a while has no job.

    An error of one utterance fails that job alone.
    """
    while (job := jobs.take(wait=True)) is not None:
        _speak(job, synthesize)
        if rest is not None and jobs.quiet(QUIET_SECONDS):
            rest()


def _speak(job: Job, synthesize: Callable[[Job], Iterator[Samples]]) -> None:
    if job.cancelled:
        job.finish()
        return
    try:
        for samples in synthesize(job):
            if job.cancelled:
                break
            job.emit(samples)
    except Exception as error:  # noqa: BLE001 - the edge between engine and job: it fails the job, not the thread
        job.fail(error)
    else:
        job.finish()

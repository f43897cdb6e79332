"""What the spine counts, for `/metrics`, for `health` and for people."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wyoming_cosyvoice.speech.request import SpeechReport

_RECENT = 100


@dataclass(frozen=True, slots=True)
class CacheStatus:
    """Clauses and bytes. `shared` counts clauses that a stream got from another stream's making."""

    hits: int
    misses: int
    shared: int
    entries: int
    bytes: int
    disk_entries: int
    disk_bytes: int


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """The spine at one moment. Counters count since the start.

    `open_streams` are requests that wait or run, `queued` and `running` the clauses of all engines. `real_time_factor`
    is seconds of work a second of audio, `first_audio_seconds` the median of the last hundred requests; both are 0
    where nothing was said yet.
    """

    open_streams: int
    queued: int
    running: int
    requests: int
    cancelled: int
    errors: Mapping[str, int]
    characters: int
    clauses: int
    cached_clauses: int
    audio_seconds: float
    real_time_factor: float
    first_audio_seconds: float
    cache: CacheStatus
    engines: Mapping[str, Mapping[str, float]]
    failures: Mapping[str, str]


@dataclass
class Statistics:
    """Counters of the requests. Belongs to the event loop."""

    requests: int = 0
    cancelled: int = 0
    characters: int = 0
    clauses: int = 0
    cached_clauses: int = 0
    audio_seconds: float = 0.0
    errors: Counter[str] = field(default_factory=Counter)
    _first_audio: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))

    @property
    def first_audio_seconds(self) -> float:
        """Median of the last requests."""
        recent = sorted(self._first_audio)
        return recent[len(recent) // 2] if recent else 0.0

    def count(self, report: SpeechReport, *, complete: bool) -> None:
        """Count a request that has ended."""
        self.requests += 1
        self.cancelled += not complete
        self.characters += report.characters
        self.clauses += report.clauses
        self.cached_clauses += report.cached_clauses
        self.audio_seconds += report.audio_seconds
        if report.audio_seconds:
            self._first_audio.append(report.first_audio_seconds)

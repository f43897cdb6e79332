"""Seconds a stage, for metrics and benchmarks."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class StageClock:
    """Adds up what each stage took and made, in any thread."""

    def __init__(self) -> None:
        self._totals = Counter[str]()
        self._lock = threading.Lock()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time inside to `name`_seconds."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(f"{name}_seconds", time.perf_counter() - started)

    def add(self, name: str, amount: float) -> None:
        """Add to a counter."""
        with self._lock:
            self._totals[name] += amount  # type: ignore[assignment]  # a Counter adds floats as well

    def totals(self) -> Mapping[str, float]:
        """Return all counters so far."""
        with self._lock:
            return dict(self._totals)

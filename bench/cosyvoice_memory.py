"""What a bundle costs a process: loading time and memory. Part of `bench cosyvoice`, run in a process of its own."""

from __future__ import annotations

import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.cosyvoice_engine import row
from wyoming_cosyvoice.engines.cosyvoice import load
from wyoming_cosyvoice.engines.cosyvoice.engine import EngineSettings
from wyoming_cosyvoice.engines.cosyvoice.opening import warm_up


@dataclass(frozen=True)
class Footprint:
    """Seconds from nothing to a model that has spoken a first syllable, and megabytes in memory."""

    ready: float
    loaded: float
    spoken: float
    peak: float


def footprint_of(bundle: Path, threads: int, tokens: int, rows: int) -> Footprint:
    """Measure in a process that holds nothing else."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn) as process:
        return process.submit(_measure, bundle, threads, tokens, rows).result()


def _measure(bundle: Path, threads: int, tokens: int, rows: int) -> Footprint:
    begun = time.perf_counter()
    model = load(bundle, threads)
    warm_up(model)
    ready, loaded = time.perf_counter() - begun, resident()
    row(model, rows, tokens // rows, EngineSettings(rows=rows), text=False)
    row(model, 1, tokens, EngineSettings(rows=rows), text=True)
    return Footprint(ready, loaded, resident(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)


def resident() -> float:
    """Return the megabytes of this process in memory."""
    with Path("/proc/self/statm").open(encoding="ascii") as stream:
        return int(stream.read().split()[1]) * resource.getpagesize() / 1e6

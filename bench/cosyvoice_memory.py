"""What a bundle costs a process: loading time and memory. Part of `bench cosyvoice`, run in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.cosyvoice_engine import row
from bench.report import memory_of
from wyoming_cosyvoice.engines.cosyvoice import load
from wyoming_cosyvoice.engines.cosyvoice.engine import EngineSettings
from wyoming_cosyvoice.engines.cosyvoice.opening import warm_up

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Resident:
    """Megabytes of a process in memory: its own, and pages of files, which the system drops when it needs room."""

    own: float
    files: float
    most: float
    """Both together, the most there ever was."""

    def __str__(self) -> str:
        return f"{self.own + self.files:.0f} MB ({self.files:.0f} of it files), {self.most:.0f} at most"


@dataclass(frozen=True)
class Footprint:
    """Seconds from nothing to a model that has spoken a first syllable; memory then, and after long clauses."""

    ready: float
    loaded: Resident
    spoken: Resident


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
    return Footprint(ready, loaded, resident())


def resident() -> Resident:
    """Return the megabytes of this process in memory."""
    # getrusage's maximum holds the parent's too, from the moment between fork and exec
    memory = memory_of(os.getpid())
    return Resident(memory["RssAnon"], memory["RssFile"], memory["VmHWM"])

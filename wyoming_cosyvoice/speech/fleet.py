"""The engines of one moment with their workers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from wyoming_cosyvoice.speech.scheduler import Worker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wyoming_cosyvoice.engines.engine import Engine
    from wyoming_cosyvoice.engines.registry import Engines


class Fleet:
    """A request keeps the fleet that it began with, so that engines can be replaced while it runs."""

    def __init__(self, engines: Engines, previous: Fleet | None = None) -> None:
        self.engines = engines
        known: tuple[Worker, ...] = previous.workers if previous else ()
        running = {id(worker.engine): worker for worker in known}
        self.workers: tuple[Worker, ...] = tuple(running.get(id(engine)) or Worker(engine) for engine in engines)
        self._fresh = [worker for worker in self.workers if worker not in known]

    def start(self) -> None:
        """Start the workers that the previous fleet had not."""
        for worker in self._fresh:
            worker.start()
        self._fresh = []

    def worker(self, engine: Engine) -> Worker:
        """Return the worker of an engine of this fleet."""
        return next(worker for worker in self.workers if worker.engine is engine)


async def stop_workers(workers: Iterable[Worker], seconds: float) -> None:
    """Stop workers and close their engines; an engine that hangs is left behind after so many seconds."""
    chosen = tuple(workers)
    for worker in chosen:
        worker.stop()
    await asyncio.gather(*(asyncio.to_thread(worker.join, seconds) for worker in chosen))

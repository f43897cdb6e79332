"""Ending a run of a graph that nobody waits for any more."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import onnxruntime as ort

_WATCH_SECONDS = 0.02


@contextmanager
def watched(run_options: ort.RunOptions, stopped: Callable[[], bool]) -> Iterator[None]:
    """Terminate the run within some 20 ms where `stopped` says so.

    A run can take a second and can't look up itself, so a thread watches over it.
    """
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_WATCH_SECONDS):
            if stopped():
                run_options.terminate = True
                return

    watcher = threading.Thread(target=watch, name="graph-watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()

"""Several runs of one graph at a time, each on a processor of its own.

Two runs of one thread each are done sooner than one run of two threads: a graph has thousands of small operators, and
after each the threads of one run wait for the slowest. On a machine with other work to do that is half the time.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.cosyvoice.sessions import never, run_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import onnxruntime as ort
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


class Crew:
    """So many threads that run graphs side by side."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="cosyvoice-crew")

    def run(
        self,
        session: ort.InferenceSession,
        output: str,
        feeds: Sequence[Mapping[str, object]],
        cancelled: Callable[[], bool] = never,
    ) -> list[Floats]:
        """Return one output of a graph for each of `feeds`.

        Raises CancelledError soon after `cancelled` says so. When it returns or raises, nothing runs any more.
        """
        if len(feeds) == 1:
            return [run_graph(session, output, feeds[0], cancelled)]
        runs = [self._pool.submit(run_graph, session, output, feed, cancelled) for feed in feeds]
        wait(runs)
        return [run.result() for run in runs]

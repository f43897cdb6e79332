"""Several runs of graphs at a time, each with a processor of its own, and who goes first.

Two runs of one thread each are done sooner than one run of two threads: a graph has thousands of small operators, and
after each the threads of one run wait for the slowest. On a machine with other work to do that is half the time.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from wyoming_cosyvoice.engines.cosyvoice.sessions import CancelledError, never, run_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    import onnxruntime as ort
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

Rank: TypeAlias = tuple[int, int]
Fed = TypeVar("Fed")
Run: TypeAlias = "Callable[[Mapping[str, Fed], Callable[[], bool]], Floats]"
"""What makes an output of a feed; it may look whether it was cancelled."""
_LOOK_AGAIN_SECONDS = 0.02
_CALLERS = 16
"""How many may call `Crew.run` at once without waiting for each other's helpers."""


class Turn(Protocol):
    """What graphs are run for."""

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for it any more."""

    @property
    def rank(self) -> Rank:
        """The lowest goes first. It may change while it waits."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A turn that nobody cancels."""

    rank: Rank
    cancelled: bool = False


UNHURRIED = Standing((0, 0))
"""A stage that is called by itself."""
DECODER = Standing((1, 0))
"""The language model, which all wait for."""


class Seats:
    """A seat for each processor: who runs a graph takes as many as it has threads."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._condition = threading.Condition()
        self._free = count
        self._waiting: list[Turn] = []

    @contextmanager
    def seat(self, turn: Turn, count: int = 1) -> Iterator[None]:
        """Wait for `count` seats and keep them. Raises CancelledError soon after the turn was cancelled."""
        self._take(turn, count)
        try:
            yield
        finally:
            self._leave(count)

    def give_way(self, turn: Turn, count: int = 1) -> None:
        """Let those of a lower rank go first who wait for the seats that `turn` keeps."""
        with self._condition:
            if self._free or not any(waiting.rank < turn.rank for waiting in self._waiting):
                return
        self._leave(count)
        self._take(turn, count)

    def _take(self, turn: Turn, count: int) -> None:
        with self._condition:
            self._waiting.append(turn)
            try:
                while self._free < count or min(self._waiting, key=lambda waiting: waiting.rank) is not turn:
                    # ranks change as time goes by, and nobody tells of a cancellation
                    self._condition.wait(_LOOK_AGAIN_SECONDS)
                    if turn.cancelled:
                        raise CancelledError
                self._free -= count
            finally:
                self._waiting.remove(turn)
                self._condition.notify_all()

    def _leave(self, count: int) -> None:
        with self._condition:
            self._free += count
            self._condition.notify_all()


class Crew:
    """So many threads that run graphs side by side."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.seats = Seats(threads)
        self._helpers = ThreadPoolExecutor(_CALLERS * threads, thread_name_prefix="cosyvoice-crew")

    def run(
        self,
        session: ort.InferenceSession,
        output: str,
        feeds: Sequence[Mapping[str, object]],
        turn: Turn = UNHURRIED,
    ) -> list[Floats]:
        """Return one output of a graph for each of `feeds`, as `each` does."""
        return self.each(partial(run_graph, session, output), feeds, turn)

    def each(self, run: Run[Fed], feeds: Sequence[Mapping[str, Fed]], turn: Turn = UNHURRIED) -> list[Floats]:
        """Return what `run` makes of each of `feeds`, with one thread each.

        Raises CancelledError soon after the turn was cancelled. When it returns or raises, nothing runs any more.
        """
        results: dict[int, Floats] = {}
        left = deque(enumerate(feeds))

        def work() -> None:
            try:
                while (item := _next(left)) is not None:
                    index, feed = item
                    with self.seats.seat(turn):
                        results[index] = run(feed, _cancelled(turn))
            except BaseException:
                left.clear()
                raise

        helpers = [self._helpers.submit(work) for _ in range(min(self.threads, len(feeds)) - 1)]
        try:
            work()
        finally:
            wait(helpers)
        for helper in helpers:
            helper.result()
        return [results[index] for index in range(len(feeds))]


def _next(items: deque[tuple[int, Mapping[str, Fed]]]) -> tuple[int, Mapping[str, Fed]] | None:
    try:
        return items.popleft()
    except IndexError:  # another thread may have taken the last one
        return None


def _cancelled(turn: Turn) -> Callable[[], bool]:
    return never if turn is UNHURRIED else lambda: turn.cancelled

"""The text of a request on its way to clauses: planned in a worker thread, in order, while more of it arrives."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from wyoming_cosyvoice.speech.limits import check_length

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.speech.plan import Planner
    from wyoming_cosyvoice.text.clause import Clause

_SLICE = 256


class Script:
    """Text in, clauses out. Belongs to the event loop."""

    def __init__(
        self, make_planner: Callable[[], Planner], executor: Executor, config: Config, changed: Callable[[], None]
    ) -> None:
        self.clauses: deque[Clause] = deque()
        self.characters = 0
        self.done = False
        self._make_planner = make_planner
        self._planner: Planner | None = None
        self._executor = executor
        self._config = config
        self._changed = changed
        self._pending: deque[str] = deque()
        self._ended = False
        self._task: asyncio.Task[None] | None = None

    @property
    def error(self) -> BaseException | None:
        """What went wrong while planning."""
        finished = self._task is not None and self._task.done() and not self._task.cancelled()
        return self._task.exception() if finished and self._task else None

    def feed(self, text: str) -> None:
        """Add text.

        Raises TextTooLongError.
        """
        if self._ended:
            raise RuntimeError("text was fed after its end")
        check_length(self.characters + len(text), self._config)
        self.characters += len(text)
        self._pending.append(text)
        self._plan()

    def end(self) -> None:
        """Say that no text follows. Saying it twice does no harm."""
        if not self._ended:
            self._ended = True
            self._plan()

    def close(self) -> None:
        """Plan no more."""
        self._pending.clear()
        if self._task is not None:
            self._task.cancel()

    def _plan(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._run())
            self._task.add_done_callback(lambda _: self._changed())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while not self.done and (self._pending or self._ended):
            text = self._next_slice()
            last = self._ended and not self._pending
            self.clauses.extend(await loop.run_in_executor(self._executor, self._work, text, last))
            self.done = last
            self._changed()

    def _next_slice(self) -> str:
        """Take what to plan in one go.

        Tokens of an LLM come faster than threads are changed, so they are joined; a book is planned in slices, so that
        its first clause does not wait for its last, nor other requests for the thread.
        """
        pieces, size = [], 0
        while self._pending and size < _SLICE:
            piece = self._pending.popleft()
            if len(piece) > _SLICE:
                self._pending.extendleft(
                    [piece[begin : begin + _SLICE] for begin in range(0, len(piece), _SLICE)][::-1]
                )
                continue
            pieces.append(piece)
            size += len(piece)
        return "".join(pieces)

    def _work(self, text: str, last: bool) -> list[Clause]:
        if self._planner is None:
            self._planner = self._make_planner()
        clauses = self._planner.feed(text)
        return clauses + self._planner.finish() if last else clauses

"""A clause's samples while they are made: the engine's side writes, any number of streams read.

`ClauseJob` is what the engine sees and lives in the engine's thread. `Recording` is what streams see and lives in the
event loop. Between them samples become what is kept and cached: at the reference loudness, without silence at the
ends, int16.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.audio.edges import EdgeTrimmer
from wyoming_cosyvoice.audio.pcm import soft_limit, to_int16
from wyoming_cosyvoice.errors import EngineError, SpeechError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from wyoming_cosyvoice.audio.pcm import Pcm
    from wyoming_cosyvoice.engines.engine import Samples, Utterance

_LOGGER = logging.getLogger(__name__)
_LONGEST_CLAUSE_SECONDS = 180.0


class Recording:
    """Samples of one clause, complete or still growing. Belongs to the event loop."""

    def __init__(self) -> None:
        self.blocks: list[Pcm] = []
        self.under_way = False
        self.done = False
        self.cached = False
        self.error: SpeechError | None = None
        self._listeners: dict[object, Callable[[], None]] = {}

    @property
    def wanted(self) -> bool:
        """Whether a stream still listens."""
        return bool(self._listeners)

    def listen(self, listener: object, changed: Callable[[], None]) -> None:
        """Have `changed` called whenever there are more samples, or the end."""
        self._listeners[listener] = changed

    def leave(self, listener: object) -> None:
        """Stop that."""
        self._listeners.pop(listener, None)

    def begin(self) -> None:
        """Say that what follows may be begun, though nothing is to be heard yet; see `Job.under_way`."""
        if not self.under_way:
            self.under_way = True
            self._tell()

    def add(self, block: Pcm) -> None:
        """Append samples."""
        self.blocks.append(block)
        self.under_way = True
        self._tell()

    def end(self, error: SpeechError | None = None) -> None:
        """Say that nothing follows."""
        if not self.done:
            self.done, self.error = True, error
            self._tell()
            self._listeners.clear()  # an idle engine still holds its last job, and that must not hold streams

    def _tell(self) -> None:
        for changed in list(self._listeners.values()):
            changed()


class ClauseJob:
    """One utterance on its way through an engine; see `wyoming_cosyvoice.engines.engine.Job`."""

    def __init__(
        self,
        utterance: Utterance,
        rate: int,
        gain: float,
        loop: asyncio.AbstractEventLoop,
        *,
        on_begin: Callable[[], None],
        on_way: Callable[[], None],
        on_block: Callable[[Pcm], None],
        on_end: Callable[[SpeechError | None], None],
    ) -> None:
        self.utterance = utterance
        self.cancelled = False
        self.finished = False
        self._gain = np.float32(gain)
        self._trimmer = EdgeTrimmer(rate)
        self._room = round(_LONGEST_CLAUSE_SECONDS * rate)
        self._loop = loop
        self._on_begin = on_begin
        self._on_way = on_way
        self._on_block = on_block
        self._on_end = on_end

    def begin(self) -> None:
        """Say that the engine took the job."""
        call_in_loop(self._loop, self._on_begin)

    def under_way(self) -> None:
        """Say that what follows may be begun; see `Job.under_way`."""
        call_in_loop(self._loop, self._on_way)

    def emit(self, samples: Samples) -> None:
        """Hand over the next samples; see `Job.emit`."""
        if self.cancelled or self.finished:
            return
        block = np.asarray(samples, dtype=np.float32).reshape(-1)
        self._room -= block.size
        if not np.isfinite(block).all():
            self._give_up("made samples that are not numbers")
        elif self._room < 0:
            self._give_up(f"did not come to an end within {_LONGEST_CLAUSE_SECONDS:.0f} s of audio")
        else:
            self._send(self._trimmer.push(block * self._gain))

    def finish(self) -> None:
        """Say that all samples were emitted; see `Job.finish`."""
        if not self.cancelled and not self.finished:
            self._send(self._trimmer.finish())
        self._end(None)

    def fail(self, error: Exception) -> None:
        """Say that the utterance can't be said; see `Job.fail`."""
        self._end(as_speech_error(error))

    def _give_up(self, reason: str) -> None:
        self._end(EngineError(f"The engine {reason}", "Say it in other words, or use another voice"))
        self.cancelled = True  # so that the engine drops it

    def _send(self, samples: Samples) -> None:
        if samples.size:
            block = to_int16(soft_limit(samples))
            block.setflags(write=False)  # streams and the cache share it
            call_in_loop(self._loop, self._on_block, block)

    def _end(self, error: SpeechError | None) -> None:
        if self.finished:
            return
        self.finished = True
        call_in_loop(self._loop, self._on_end, error)


def as_speech_error(error: Exception) -> SpeechError:
    """Return what a user is told of an error inside an engine; the log gets the trace."""
    if isinstance(error, SpeechError):
        return error
    _LOGGER.error("The engine failed", exc_info=error)
    failure = EngineError(f"The engine failed: {type(error).__name__}", "The server's log has the details")
    failure.__cause__ = error
    return failure


def call_in_loop(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *arguments: object) -> None:
    """Call a function in the event loop from another thread."""
    # an engine that hung while the server stopped may come back after the loop is closed
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *arguments)

"""From recordings of one or several engines to the blocks of one stream: volume, sample rate, pauses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.audio.blocks import BlockCutter
from wyoming_cosyvoice.audio.pcm import silence, soft_limit, to_float, to_int16
from wyoming_cosyvoice.audio.resample import Resampler
from wyoming_cosyvoice.errors import TextTooLongError

if TYPE_CHECKING:
    from wyoming_cosyvoice.audio.pcm import Pcm

_NOTHING_SECONDS = 0.1


class Playback:
    """Joins parts.

    A pause waits until it is known that something follows; only a pause that the text asked for may end a stream. Where
    the audio becomes longer than `limit` seconds, TextTooLongError is raised.
    """

    def __init__(self, rate: int, samples_per_chunk: int, limit: float) -> None:
        self.rate = rate
        self._limit = limit
        self.samples = 0
        self._cutter = BlockCutter(samples_per_chunk)
        self._volume = 1.0
        self._resampler: Resampler | None = None
        self._pause = 0.0
        self._asked_pause = 0.0

    @property
    def seconds(self) -> float:
        """Seconds of audio so far."""
        return self.samples / self.rate

    def begin(self, rate: int, volume: float) -> None:
        """Begin a part of that sample rate."""
        self._volume = volume
        self._resampler = None if rate == self.rate else Resampler(rate, self.rate)

    def push(self, samples: Pcm) -> None:
        """Take the part's next samples."""
        if self._resampler is None and self._volume == 1:
            self._append(samples)
            return
        scaled = to_float(samples) * np.float32(self._volume)
        self._level(scaled if self._resampler is None else self._resampler.push(scaled))

    def end(self) -> None:
        """End the part."""
        if self._resampler is not None:
            self._level(self._resampler.finish())
            self._resampler = None

    def pause(self, seconds: float, *, asked: bool) -> None:
        """Be silent before what follows; `asked` says that the text wants it, and then it replaces the usual pause."""
        if asked:
            self._pause = 0.0
            self._asked_pause += seconds
        elif self.samples:
            self._pause += seconds

    def finish(self) -> None:
        """End the stream."""
        self._pause = 0.0
        self._keep_silent(self._asked_pause if self.samples or self._asked_pause else _NOTHING_SECONDS)

    def pop(self, *, last: bool = False) -> Pcm | None:
        """Return the next block, if there is one."""
        return self._cutter.pop(last=last)

    def _level(self, samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
        self._append(to_int16(soft_limit(samples) if self._volume > 1 else samples))

    def _append(self, samples: Pcm) -> None:
        if samples.size:
            self._keep_silent(self._pause + self._asked_pause)
            self._pause = self._asked_pause = 0.0
            self._put(samples)

    def _keep_silent(self, seconds: float) -> None:
        self._check(self.seconds + seconds)
        second = silence(1.0, self.rate)
        second.setflags(write=False)
        left = round(seconds * self.rate)
        while left:  # an hour of breaks takes the memory of one second
            piece = second[:left]
            left -= piece.size
            self._put(piece)

    def _put(self, samples: Pcm) -> None:
        self.samples += samples.size
        self._cutter.push(samples)
        self._check(self.seconds)

    def _check(self, seconds: float) -> None:
        if seconds > self._limit:
            message = f"The text makes more than {self._limit:g} seconds of audio"
            raise TextTooLongError(message, "Send it in several requests, or raise max_audio")

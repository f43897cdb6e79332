"""Cut the silence off both ends of an utterance and let it begin and end without a click, while it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from wyoming_cosyvoice.audio.pcm import Floats

_FRAMES_PER_SECOND = 100
_THRESHOLD = 10 ** (-50 / 20)
_LEAD_FRAMES = 2
_TRAIL_FRAMES = 5


class EdgeTrimmer:
    """Trims an utterance that comes in blocks.

    Speech is found in frames of 10 ms whose RMS is above -50 dBFS. 20 ms before the first and 50 ms after the last of
    them are kept, since consonants begin and vowels end softly. The first 5 ms fade in and the last 10 ms fade out.
    Frames are counted from the first sample, so the result does not depend on how the signal is cut into blocks.
    """

    def __init__(self, rate: int) -> None:
        self._frame = rate // _FRAMES_PER_SECOND
        self._held = np.zeros(0, dtype=np.float32)  # begins at a frame's first sample
        self._checked = 0  # frames of _held that were looked at
        self._last_loud = -1  # index of a frame of _held
        self._started = False

    def push(self, samples: Floats) -> Floats:
        """Take the next samples, return those that are certain to be kept and need no fade-out."""
        self._held = np.concatenate((self._held, samples))
        self._check(self._held.size // self._frame)
        # the last loud frame stays here: if nothing follows, the fade-out lies in it
        count = max(self._last_loud, 0) if self._started else max(self._checked - _LEAD_FRAMES, 0)
        ready = self._drop(count)
        return ready if self._started else ready[:0]

    def finish(self) -> Floats:
        """Return the rest."""
        whole = self._held.size // self._frame
        if self._held.size % self._frame:
            self._check(whole + 1)
        if not self._started:
            return self._held[:0]
        end = (self._last_loud + 1 + _TRAIL_FRAMES) * self._frame
        rest = self._held[:end]
        length = min(self._frame, rest.size)
        rest[rest.size - length :] *= _ramp(length)[::-1]
        return rest

    def _check(self, frames: int) -> None:
        """Look for speech in the frames up to that one."""
        if frames <= self._checked:
            return
        begin, end = self._checked * self._frame, frames * self._frame
        fresh = self._held[begin:end]
        padded = np.zeros((frames - self._checked) * self._frame, dtype=np.float32)
        padded[: fresh.size] = fresh
        energy = np.square(padded.reshape(-1, self._frame), dtype=np.float64).mean(axis=1)
        loud = np.flatnonzero(energy > _THRESHOLD**2) + self._checked
        self._checked = frames
        if loud.size == 0:
            return
        self._last_loud = int(loud[-1])
        if not self._started:
            self._started = True
            self._drop(max(int(loud[0]) - _LEAD_FRAMES, 0))
            length = min(self._frame // 2, self._held.size)
            self._held[:length] *= _ramp(length)

    def _drop(self, frames: int) -> Floats:
        """Take that many frames off the front of what is held."""
        cut = frames * self._frame
        front, self._held = self._held[:cut], self._held[cut:]
        self._checked -= frames
        self._last_loud -= frames
        return front


def _ramp(length: int) -> Floats:
    """Rise from 0 to 1 as half a cosine."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(length, 1))).astype(np.float32)

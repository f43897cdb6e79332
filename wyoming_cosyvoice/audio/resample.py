"""Change the sample rate of a signal that comes in blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr

if TYPE_CHECKING:
    from wyoming_cosyvoice.audio.pcm import Floats


class Resampler:
    """A band-limited resampler (soxr, high quality). The result does not depend on how the signal is cut."""

    def __init__(self, from_rate: int, to_rate: int) -> None:
        self._stream = soxr.ResampleStream(from_rate, to_rate, 1, dtype="float32", quality="HQ")

    def push(self, samples: Floats) -> Floats:
        """Take the next samples, return those that are ready."""
        return np.asarray(self._stream.resample_chunk(samples), dtype=np.float32)

    def finish(self) -> Floats:
        """Return the rest. Nothing can be pushed after that."""
        return np.asarray(self._stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True), dtype=np.float32)

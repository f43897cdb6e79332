"""HiFT: mel to samples, with a sinusoidal source that follows F0 (spec section 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.engines.cosyvoice.lengths import HOP
from wyoming_cosyvoice.engines.cosyvoice.sessions import never, run_graph
from wyoming_cosyvoice.engines.cosyvoice.source import HARMONICS, SourceSignal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import onnxruntime as ort
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice.crew import Crew

    Floats = NDArray[np.float32]

REACH = 15
"""Mel frames on either side that a sample depends on, rounded up."""
_LONGEST = 96
"""Frames of a block: longer ones fall out of the processor's caches."""
_SHORTEST = 24
"""Frames of a block: of shorter ones most of the work is for what they overlap."""


class Vocoder:
    """F0, source and wave. T mel frames become 256 T samples in [-0.99, 0.99]."""

    def __init__(
        self, f0: ort.InferenceSession, wave: ort.InferenceSession, tables: Mapping[str, Floats], crew: Crew
    ) -> None:
        """`wave` runs on one thread: the crew runs it on several blocks at once."""
        self._f0 = f0
        self._wave = wave
        self._crew = crew
        self._source = SourceSignal(tables["source_weight"].reshape(-1), float(tables["source_bias"].reshape(-1)[0]))

    def f0(self, mel: Floats) -> Floats:
        """Return F0 [T] in hertz of `mel` [80, T]."""
        result: Floats = run_graph(self._f0, "f0", {"mel": mel[None]})[0]
        return result

    def source(self, f0: Floats, phase: Floats, noise: Floats) -> Floats:
        """Return the source [256 T] for `f0` [T], `phase` [9] in radians and standard normal `noise` [9, 256 T]."""
        return self._source(f0, phase, noise)

    def wave(self, mel: Floats, source: Floats, *, cancelled: Callable[[], bool] = never) -> Floats:
        """Return the samples [256 T] of `mel` [80, T] and `source` [256 T].

        Raises CancelledError soon after `cancelled` says so.
        """
        frames = mel.shape[1]
        edges = block_edges(frames, self._crew.threads)
        starts, ends = [max(edge - REACH, 0) for edge in edges[:-1]], [min(edge + REACH, frames) for edge in edges[1:]]
        feeds = [
            {"mel": mel[None, :, start:end], "source": source[None, HOP * start : HOP * end]}
            for start, end in zip(starts, ends, strict=True)
        ]
        waves = self._crew.run(self._wave, "wave", feeds, cancelled)
        return np.concatenate(
            [
                wave[0, HOP * (first - start) :][: HOP * (last - first)]
                for wave, start, first, last in zip(waves, starts, edges[:-1], edges[1:], strict=True)
            ]
        )

    def __call__(self, mel: Floats) -> Floats:
        """Return the samples [256 T] of `mel` [80, T], with the randomness of seed 0."""
        phase, noise = source_randomness(np.random.RandomState(0), mel.shape[1])
        return self.wave(mel, self.source(self.f0(mel), phase, noise))


def block_edges(frames: int, workers: int) -> list[int]:
    """Return where to cut `frames` into blocks that overlap by `REACH`: as many as keep all workers busy alike."""
    rounds = -(-frames // (_LONGEST * workers))
    count = max(min(rounds * workers, frames // _SHORTEST), 1)
    return [frames * index // count for index in range(count + 1)]


def source_randomness(random: np.random.RandomState, frames: int) -> tuple[Floats, Floats]:
    """Draw the phase offsets [9] and the noise [9, 256 frames] of a source."""
    phase = (-np.pi + 2 * np.pi * random.random_sample(HARMONICS)).astype(np.float32)
    noise = random.standard_normal((HARMONICS, HOP * frames)).astype(np.float32)
    return phase, noise

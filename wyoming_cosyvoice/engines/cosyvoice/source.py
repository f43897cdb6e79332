"""The excitation of the vocoder: nine harmonics of F0 and noise, mixed to one signal (spec section 9).

In numpy and not in a graph because the phase is a running sum over hundreds of thousands of samples: it has to be
accumulated in float64. In float32 one step at a phase of 20000 cycles is 0.002 cycles, which can be heard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.engines.cosyvoice.lengths import HOP, SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

HARMONICS = 9
VOICED_ABOVE = 10.0
"""Hertz; slower frames count as unvoiced."""
_SINE = np.float32(0.1)
_NOISE_VOICED = np.float32(0.003)
_NOISE_UNVOICED = _SINE / np.float32(3)


@dataclass(frozen=True, slots=True)
class SourceSignal:
    """The mixing weights of the harmonics: `weight` [9] and `bias`."""

    weight: Floats
    bias: float

    def __call__(self, f0: Floats, phase: Floats, noise: Floats) -> Floats:
        """Return the source [256 T] of `f0` [T] in hertz.

        `phase` [9] are offsets in radians (the first is taken as 0), `noise` [9, 256 T] is standard normal.
        """
        mixed = np.zeros(noise.shape[1], np.float32)
        samples = np.repeat(f0.astype(np.float32), HOP)
        voiced = samples > VOICED_ABOVE
        loudness = np.where(voiced, _NOISE_VOICED, _NOISE_UNVOICED)
        for k in range(HARMONICS):
            offset = np.float32(phase[k]) if k else np.float32(0)
            sine = np.sin(_phase(samples, k + 1) + offset)
            harmonic = np.where(voiced, _SINE * sine, np.float32(0)) + loudness * noise[k]
            mixed += self.weight[k] * harmonic
        result: Floats = np.tanh(mixed + np.float32(self.bias))
        return result


def _phase(frequency: Floats, harmonic: int) -> Floats:
    """Return the phase in radians of a harmonic of `frequency` [N] in hertz, one value a sample."""
    cycles_a_sample = (frequency * np.float32(harmonic) / np.float32(SAMPLE_RATE)).astype(np.float32)
    # The sum is rounded to float32 before the whole cycles are dropped: that is what the trained model heard.
    cycles = np.cumsum(cycles_a_sample, dtype=np.float64).astype(np.float32)
    # np.mod gives the same fraction and takes forty times as long
    result: Floats = np.float32(2 * np.pi) * (cycles - np.floor(cycles))
    return result

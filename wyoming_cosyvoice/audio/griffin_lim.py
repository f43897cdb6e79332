"""Mel to samples without a model: mel inversion and the fast Griffin-Lim algorithm.

The magnitudes behind the mel bands are found by non-negative least squares, starting from the pseudo-inverse; their
phases by projecting between "has these magnitudes" and "is the spectrum of a signal", accelerated with momentum
(Perraudin, Balazs and Sondergaard 2013). It sounds metallic beside a trained vocoder, but needs no weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.audio.mel import MelScale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_PEAK = np.float32(0.99)
_TINY = np.float32(1e-8)


@dataclass(frozen=True)
class GriffinLim:
    """`(mel [80, T]) -> [256 T]`. The same mel gives the same samples."""

    scale: MelScale = field(default_factory=MelScale)
    iterations: int = 48
    inversion_steps: int = 30
    momentum: float = 0.99

    def __call__(self, mel: Floats) -> Floats:
        """Return the samples [256 T], in [-0.99, 0.99], of a log-mel [80, T]."""
        magnitude = self.magnitudes(mel)
        angle = np.random.RandomState(0).uniform(-np.pi, np.pi, magnitude.shape)
        guess = (magnitude * np.exp(1j * angle)).astype(np.complex64)
        before = guess
        for _ in range(self.iterations):
            consistent = self.scale.spectrum(self._signal(guess)).astype(np.complex64)
            ahead = consistent + np.float32(self.momentum) * (consistent - before)
            before = consistent
            guess = magnitude * ahead / np.maximum(np.abs(ahead), _TINY)
        padding = self.scale.padding
        result: Floats = np.clip(self._signal(guess)[padding:-padding], -_PEAK, _PEAK)
        return result

    def magnitudes(self, mel: Floats) -> Floats:
        """Return the magnitudes [T, n_fft / 2 + 1] that come closest to a log-mel [80, T]."""
        basis, wanted = self.scale.basis, np.exp(mel.astype(np.float32))
        found = np.maximum(self._pseudo_inverse @ wanted, np.float32(1e-6))
        overlap, target = basis.T @ basis, basis.T @ wanted
        for _ in range(self.inversion_steps):  # multiplicative updates: they never leave the non-negative
            found *= target / np.maximum(overlap @ found, _TINY)
        return np.ascontiguousarray(found.T)

    @cached_property
    def _pseudo_inverse(self) -> Floats:
        return np.linalg.pinv(self.scale.basis).astype(np.float32)

    def _signal(self, spectra: NDArray[np.complexfloating]) -> Floats:
        """Return the signal, padding included, whose spectra come closest to `spectra` [T, bins]."""
        scale = self.scale
        parts = scale.n_fft // scale.hop
        frames = (np.fft.irfft(spectra, n=scale.n_fft, axis=1) * scale.window).astype(np.float32)
        pieces = frames.reshape(len(frames), parts, scale.hop)
        weights = np.square(scale.window).reshape(parts, scale.hop)
        total = np.zeros((len(frames) + parts - 1, scale.hop), np.float32)
        weight = np.zeros_like(total)
        for part in range(parts):
            total[part : part + len(frames)] += pieces[:, part]
            weight[part : part + len(frames)] += weights[part]
        result: Floats = (total / np.maximum(weight, np.float32(1e-3))).astype(np.float32).reshape(-1)
        return result

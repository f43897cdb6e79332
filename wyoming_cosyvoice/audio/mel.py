"""Log-mel spectrograms as CosyVoice-300M hears them: 22050 Hz, 80 bands from 0 to 8000 Hz, a frame every 256 samples.

Windows of 1024 samples, not centred: 384 reflected samples at either end make T frames of 256 T samples. A band is the
natural logarithm of a weighted sum of magnitudes, at least log(1e-5). Bands follow Slaney's scale, with unit area.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_FLOOR = np.float32(1e-5)
_LINEAR_UNTIL = 1000.0  # hertz; above, Slaney's scale is logarithmic
_HERTZ_A_MEL = 200.0 / 3
_LOG_STEP = np.log(6.4) / 27


@dataclass(frozen=True)
class MelScale:
    """Sizes of the transform. `basis` [mels, n_fft / 2 + 1] holds the bands' weights."""

    sample_rate: int = 22050
    n_fft: int = 1024
    hop: int = 256
    mels: int = 80
    highest: float = 8000.0
    basis: Floats = field(init=False, repr=False, compare=False)
    window: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # a frozen dataclass is filled in only this way
        object.__setattr__(self, "basis", _basis(self))
        steps = np.arange(self.n_fft) / self.n_fft
        object.__setattr__(self, "window", (0.5 - 0.5 * np.cos(2 * np.pi * steps)).astype(np.float32))

    @property
    def padding(self) -> int:
        """Samples added at either end of a signal."""
        return (self.n_fft - self.hop) // 2

    def log_mel(self, samples: Floats) -> Floats:
        """Return the log-mel [mels, T] of 256 T samples."""
        padded = np.pad(samples.astype(np.float32), self.padding, mode="reflect")
        magnitude = np.abs(self.spectrum(padded))
        result: Floats = np.log(np.maximum(self.basis @ magnitude.T, _FLOOR)).astype(np.float32)
        return result

    def spectrum(self, padded: Floats) -> NDArray[np.complexfloating]:
        """Return the windowed spectra [T, n_fft / 2 + 1] of a signal that has its padding."""
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.n_fft)[:: self.hop]
        return np.fft.rfft(frames * self.window, axis=1)


def _basis(scale: MelScale) -> Floats:
    """Return triangular bands between equally spaced points of the scale, each of unit area in hertz."""
    edges = _to_hertz(np.linspace(0, _to_mel(scale.highest), scale.mels + 2))
    bins = np.arange(scale.n_fft // 2 + 1) * scale.sample_rate / scale.n_fft
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    triangles = np.maximum(np.minimum(rising, falling), 0)
    result: Floats = (triangles * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)
    return result


def _to_mel(hertz: float) -> float:
    if hertz < _LINEAR_UNTIL:
        return hertz / _HERTZ_A_MEL
    return float(_LINEAR_UNTIL / _HERTZ_A_MEL + np.log(hertz / _LINEAR_UNTIL) / _LOG_STEP)


def _to_hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = _LINEAR_UNTIL / _HERTZ_A_MEL
    return np.where(mel < knee, mel * _HERTZ_A_MEL, _LINEAR_UNTIL * np.exp(_LOG_STEP * (np.maximum(mel, knee) - knee)))

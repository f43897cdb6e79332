"""Loudness as people hear it: ITU-R BS.1770-4, one channel.

The K-weighting (section "pre-filter" and "RLB filter" of annex 1) is given there as coefficients for 48 kHz; here it is
computed for any rate from the analogue filters behind them (a high shelf at 1682 Hz, a high pass at 38 Hz).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wyoming_cosyvoice.audio.pcm import Floats

_SHELF_HZ, _SHELF_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_PASS_HZ, _PASS_Q = 38.13547087602444, 0.5003270373238773
_OFFSET = -0.691
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0


def loudness(samples: Floats, rate: int) -> float:
    """Measure the integrated loudness in LUFS of mono samples in [-1, 1]; -inf where there is only silence.

    A signal shorter than one gating block of 400 ms is measured as one block.
    """
    weighted = _weigh(samples, rate)
    length = min(round(0.4 * rate), weighted.size)
    if length == 0:
        return float("-inf")
    total = np.concatenate(([0.0], np.cumsum(np.square(weighted))))
    begins = np.arange(0, weighted.size - length + 1, max(round(0.1 * rate), 1))
    power = (total[begins + length] - total[begins]) / length
    power = power[_level(power) > _ABSOLUTE_GATE]
    if power.size == 0:
        return float("-inf")
    gate = _level(power.mean()) + _RELATIVE_GATE
    return float(_level(power[_level(power) > gate].mean()))


def _level(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(_OFFSET + 10 * np.log10(np.maximum(power, 1e-20)))


def _weigh(samples: Floats, rate: int) -> NDArray[np.float64]:
    """Apply both filters in the frequency domain; the padding takes the tail that would otherwise wrap round."""
    count = samples.size + rate // 2
    spectrum = np.fft.rfft(samples.astype(np.float64), count)
    z = np.exp(2j * np.pi * np.fft.rfftfreq(count))
    response = _biquad(z, *_shelf(rate)) * _biquad(z, *_high_pass(rate))
    return np.asarray(np.fft.irfft(spectrum * response, count)[: samples.size])


def _biquad(z: NDArray[np.complex128], b: NDArray[np.float64], a: NDArray[np.float64]) -> NDArray[np.complex128]:
    return np.asarray(np.polyval(b, z) / np.polyval(a, z))


def _shelf(rate: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    k = np.tan(np.pi * _SHELF_HZ / rate)
    high = 10 ** (_SHELF_DB / 20)
    band = high**0.4996667741545416
    norm = 1 + k / _SHELF_Q + k * k
    b = np.array([high + band * k / _SHELF_Q + k * k, 2 * (k * k - high), high - band * k / _SHELF_Q + k * k]) / norm
    return b, np.array([1.0, 2 * (k * k - 1) / norm, (1 - k / _SHELF_Q + k * k) / norm])


def _high_pass(rate: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    k = np.tan(np.pi * _PASS_HZ / rate)
    norm = 1 + k / _PASS_Q + k * k
    return np.array([1.0, -2.0, 1.0]), np.array([1.0, 2 * (k * k - 1) / norm, (1 - k / _PASS_Q + k * k) / norm])

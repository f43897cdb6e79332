"""Between float32 in [-1, 1] and int16, without wrapping and without audible clipping."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pcm: TypeAlias = NDArray[np.int16]
"""Mono int16 samples."""
Floats: TypeAlias = NDArray[np.float32]
"""Mono float32 samples, nominally in [-1, 1]."""

_FULL_SCALE = 32767.0
_KNEE = 0.8


def soft_limit(samples: Floats) -> Floats:
    """Bend what lies above 0.8 of full scale so that nothing leaves [-1, 1].

    Each sample is bent on its own, so the result does not depend on how a signal is cut into blocks.
    """
    size = np.abs(samples)
    if size.size == 0 or size.max() <= _KNEE:
        return samples
    room = np.float32(1 - _KNEE)
    bent = np.sign(samples) * (_KNEE + room * np.tanh((size - _KNEE) / room))
    return np.where(size > _KNEE, bent, samples).astype(np.float32)


def to_int16(samples: Floats) -> Pcm:
    """Round to int16; what lies outside [-1, 1] is clipped. A cast alone would wrap +1.0 to -32768."""
    scaled: Floats = np.rint(np.clip(samples, -1.0, 1.0) * np.float32(_FULL_SCALE))
    return scaled.astype(np.int16)


def to_float(samples: Pcm) -> Floats:
    """Scale int16 to [-1, 1]; `to_int16` gives the same int16 back."""
    return samples.astype(np.float32) / np.float32(_FULL_SCALE)


def silence(seconds: float, rate: int) -> Pcm:
    """Make so many seconds of nothing."""
    return np.zeros(round(seconds * rate), dtype=np.int16)


def decibels(level: float) -> float:
    """Express an amplitude relative to full scale in dBFS; -inf for zero."""
    return float(20 * np.log10(level)) if level > 0 else float("-inf")


def from_decibels(value: float) -> float:
    """Turn decibels into an amplitude factor."""
    return float(10 ** (value / 20))

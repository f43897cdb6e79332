"""How far what a smaller form makes lies from what float32 makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def compare_logits(logits: Floats, reference: Floats) -> dict[str, float]:
    """Return how far `logits` [steps, V] are from those of float32.

    `same_first_choice` counts every step. Where two choices are nearly alike any rounding decides, and on random
    weights most steps are so; `same_where_clear` counts those whose best choice leads by more than twice the deviation
    of the difference of two logits' errors, and `clear` is their share.
    """
    same = logits.argmax(axis=1) == reference.argmax(axis=1)
    error = logits - reference
    deviation = (error - error.mean(axis=1, keepdims=True)).std()
    second, first = np.partition(reference, -2, axis=1)[:, -2:].T
    clear = first - second > 2 * np.sqrt(2) * deviation
    ours, theirs = _log_probabilities(logits), _log_probabilities(reference)
    return {
        "cosine": cosine(logits, reference),
        "kullback_leibler": float((np.exp(theirs) * (theirs - ours)).sum(axis=1).mean()),
        "same_first_choice": float(same.mean()),
        "clear": float(clear.mean()),
        "same_where_clear": float(same[clear].mean()) if clear.any() else 1.0,
    }


def _log_probabilities(logits: Floats) -> NDArray[np.float64]:
    shifted = (logits - logits.max(axis=1, keepdims=True)).astype(np.float64)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def cosine(one: Floats, other: Floats) -> float:
    """Return the mean over rows of the cosine between two arrays' rows."""
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(axis=1) / np.maximum(norms, 1e-12)).mean())


def spectral_distance(one: Floats, other: Floats) -> float:
    """Return the log-spectral distance in dB: over frames, the mean of the root mean square over bins."""
    window = np.hanning(1024)

    def levels(wave: Floats) -> NDArray[np.float64]:
        frames = np.lib.stride_tricks.sliding_window_view(wave, window.size)[::256]
        result: NDArray[np.float64] = 10 * np.log10(np.abs(np.fft.rfft(frames * window)) ** 2 + 1e-8)
        return result

    return float(np.sqrt(np.square(levels(one) - levels(other)).mean(axis=1)).mean())

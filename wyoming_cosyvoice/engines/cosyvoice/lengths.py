"""How long things are: tokens, mel frames and samples of CosyVoice-300M, and stretching along time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE = 22050
HOP = 256
"""Samples in a mel frame."""
TOKEN_RATE = 50
"""Speech tokens in a second."""
USUAL_TOKENS_AN_ID = 5.0
"""Speech tokens that an id of text usually becomes."""
MELS = 80


def frames_of(tokens: int) -> int:
    """Return how many mel frames `tokens` become: truncated after these float operations in this order (90 -> 155)."""
    return int(tokens / TOKEN_RATE * SAMPLE_RATE / HOP)


def token_limits(text_ids: int) -> tuple[int, int]:
    """Return the fewest and the most speech tokens for a text of so many ids (spec section 5: 2 and 20 times)."""
    return 2 * text_ids, 20 * text_ids


def stretch(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Interpolate `values` [C, T] linearly to [C, size], with half-pixel centres and clamped edges, in float32."""
    length = values.shape[1]
    step = np.float32(np.float32(length) / np.float32(size))
    position = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * step - np.float32(0.5)
    position = np.maximum(position, np.float32(0))
    left = np.minimum(position.astype(np.int64), length - 1)
    right = np.minimum(left + 1, length - 1)
    share = (position - left).astype(np.float32)
    result: NDArray[np.float32] = values[:, left] * (1 - share) + values[:, right] * share
    return result


def at_speed(mel: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
    """Return `mel` [80, T] at another speaking rate: int(T / speed) frames, at least one."""
    return mel if speed == 1.0 else stretch(mel, max(int(mel.shape[1] / speed), 1))

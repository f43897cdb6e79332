"""Where mel frames lie between speech tokens (spec section 6).

More than 40 new tokens are cut into the first 20, the middle and the last 20, each stretched on its own, so that the
edges of a chunk sound the same whatever its length. A prompt is stretched apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.engines.cosyvoice.lengths import frames_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

EDGE = 20
"""Tokens at either end that are stretched apart."""


@dataclass(frozen=True, slots=True)
class FramePositions:
    """For each of T frames the tokens `left` and `right` that it lies between, and `fraction`, how far along."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    fraction: NDArray[np.float32]


def frame_positions(tokens: int, prompt_tokens: int = 0, prompt_frames: int = 0) -> FramePositions:
    """Return the positions of `prompt_frames` and of the frames that `tokens` new tokens become."""
    pieces = [(0, prompt_tokens, prompt_frames)] if prompt_frames else []
    frames, start = frames_of(tokens), prompt_tokens
    if tokens > 2 * EDGE:
        edge = frames_of(EDGE)
        pieces.append((start, EDGE, edge))
        pieces.append((start + EDGE, tokens - 2 * EDGE, frames - 2 * edge))
        pieces.append((start + tokens - EDGE, EDGE, edge))
    else:
        pieces.append((start, tokens, frames))
    parts = [_piece(*piece) for piece in pieces]
    return FramePositions(
        np.concatenate([part.left for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.fraction for part in parts]),
    )


def _piece(start: int, tokens: int, frames: int) -> FramePositions:
    """Spread `frames` evenly over `tokens` from number `start` on: half-pixel centres, clamped."""
    step = np.float32(np.float32(tokens) / np.float32(max(frames, 1)))
    position = (np.arange(frames, dtype=np.float32) + np.float32(0.5)) * step - np.float32(0.5)
    position = np.maximum(position, np.float32(0))
    left = np.minimum(position.astype(np.int64), tokens - 1)
    right = np.minimum(left + 1, tokens - 1)
    return FramePositions(start + left, start + right, (position - left).astype(np.float32))

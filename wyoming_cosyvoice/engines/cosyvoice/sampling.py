"""Repetition-aware sampling of speech tokens (RAS): nucleus sampling that redraws an id said a moment ago.

The uniforms are handed in, so that the same request draws the same tokens wherever and with whomever it is decoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


class Sampler:
    """Draws the next token. The last id of the logits ends the utterance."""

    def __init__(self, top_p: float = 0.8, top_k: int = 25, window: int = 10, tau: float = 0.1) -> None:
        self._top_p = np.float32(top_p)
        self._top_k = top_k
        self._window = window
        self._limit = window * tau

    def draw(self, logits: Floats, history: Sequence[int], u1: float, u2: float, allow_end: bool) -> int:
        """Return an id of `logits` [V].

        `history` holds the tokens so far, `u1` and `u2` are uniforms in [0, 1): the first draws from the nucleus, the
        second from everything else if that id is among the last `window` tokens.
        """
        scores = log_softmax(logits)
        if not allow_end:
            scores[-1] = -np.inf
        weights = _softmax(scores)
        order = np.argsort(-weights, kind="stable")[: self._top_k]  # ties go to the lower id
        taken = order[: self._nucleus(weights[order])]
        token = int(taken[_pick(weights[taken], u1)])
        if sum(said == token for said in history[-self._window :]) >= self._limit:
            scores[token] = -np.inf
            token = _pick(_softmax(scores), u2)
        return token

    def _nucleus(self, descending: Floats) -> int:
        """How many of the heaviest ids are taken: until their float32 sum reaches top_p, that one included."""
        total = np.float32(0)
        for count, weight in enumerate(descending):
            if total >= self._top_p:
                return count
            total = np.float32(total + weight)
        return len(descending)


def log_softmax(logits: Floats) -> Floats:
    """Return the logarithms of the probabilities, [V] float32."""
    shifted = logits - logits.max()
    result: Floats = (shifted - np.log(np.exp(shifted).sum())).astype(np.float32)
    return result


def _softmax(scores: Floats) -> Floats:
    weights = np.exp(scores - scores.max())
    result: Floats = (weights / weights.sum()).astype(np.float32)
    return result


def _pick(weights: Floats, uniform: float) -> int:
    """Return the first index whose running sum, in float64, exceeds `uniform` of the whole."""
    sums = np.cumsum(weights, dtype=np.float64)
    return min(int(np.searchsorted(sums, uniform * sums[-1], side="right")), len(sums) - 1)

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
        order = _heaviest(weights, self._top_k)
        taken = order[: self._nucleus(weights[order])]
        token = int(taken[_pick(weights[taken], u1)])
        if sum(said == token for said in history[-self._window :]) >= self._limit:
            scores[token] = -np.inf
            token = _pick(_softmax(scores), u2)
        return token

    def _nucleus(self, descending: Floats) -> int:
        """How many of the heaviest ids are taken: until their float32 sum reaches top_p, that one included."""
        sums = np.cumsum(descending, dtype=np.float32)
        return min(int(np.searchsorted(sums, self._top_p)) + 1, len(descending))


def log_softmax(logits: Floats) -> Floats:
    """Return the logarithms of the probabilities, [V] float32."""
    shifted = logits - logits.max()
    result: Floats = (shifted - np.log(np.exp(shifted).sum())).astype(np.float32)
    return result


def _heaviest(weights: Floats, count: int) -> NDArray[np.intp]:
    """Return the ids of the `count` largest weights, descending; ties go to the lower id."""
    place = max(len(weights) - count, 0)
    least = np.partition(weights, place)[place]
    # all that tie with the last one are candidates; sorting these few is ten times cheaper than sorting all
    candidates = np.flatnonzero(~(weights < least))
    return candidates[np.argsort(-weights[candidates], kind="stable")][:count]


def _softmax(scores: Floats) -> Floats:
    weights = np.exp(scores - scores.max())
    result: Floats = (weights / weights.sum()).astype(np.float32)
    return result


def _pick(weights: Floats, uniform: float) -> int:
    """Return the first index whose running sum, in float64, exceeds `uniform` of the whole."""
    sums = np.cumsum(weights, dtype=np.float64)
    return min(int(np.searchsorted(sums, uniform * sums[-1], side="right")), len(sums) - 1)

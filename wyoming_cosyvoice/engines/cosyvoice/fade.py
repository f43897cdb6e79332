"""Cross-fades where two chunks overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Window = Callable[[int], NDArray[np.floating]]
    """Size -> weights; the first half fades the new chunk in, the second half the old one out."""


def complementary_window(size: int) -> NDArray[np.float64]:
    """Return a raised cosine whose halves sum to one, so that an overlap is as loud as its neighbours."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(size) + 0.5) / size)


def hamming_window(size: int) -> NDArray[np.float64]:
    """Return upstream's window. Its halves sum to 1.08, which raises overlaps: only for comparing with upstream."""
    return np.hamming(size)


def fade_in(new: Floats, old: Floats, window: Window) -> Floats:
    """Return `new` [..., N] with its beginning faded in over `old` [..., n], both float32."""
    count = min(old.shape[-1], new.shape[-1])
    weights = window(2 * count)
    result = new.copy()
    result[..., :count] = new[..., :count] * weights[:count] + old[..., :count] * weights[count:]
    return result

"""Putting together what a voice says in two styles: its own, and the one in which it says English words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.audio.edges import EdgeTrimmer
from wyoming_cosyvoice.audio.loudness import loudness
from wyoming_cosyvoice.audio.pcm import from_decibels

if TYPE_CHECKING:
    from wyoming_cosyvoice.engines.engine import Samples

_PAUSE_SECONDS = 0.12
_MOST_DECIBELS = 12.0


def joint(samples: Samples, rate: int, level: float | None, *, pause: bool) -> Samples:
    """Return a passage as it follows another: its silence cut, after a pause where a mark stands between them.

    It is brought to `level` (LUFS) where there is one: a mixed style is as loud as it happens to be.
    """
    trimmer = EdgeTrimmer(rate)
    cut = np.concatenate([trimmer.push(samples), trimmer.finish()])
    found = loudness(cut, rate)
    if level is not None and np.isfinite(found):
        cut *= np.float32(from_decibels(float(np.clip(level - found, -_MOST_DECIBELS, _MOST_DECIBELS))))
    return np.concatenate([np.zeros(round(_PAUSE_SECONDS * rate), np.float32), cut]) if pause else cut

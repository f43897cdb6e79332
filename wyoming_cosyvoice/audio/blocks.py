"""Cut a signal that comes in pieces into blocks of one length."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from wyoming_cosyvoice.audio.pcm import Pcm


class BlockCutter:
    """Gives blocks of `length` samples, the last one shorter. Copies only where a block spans two pieces."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._pieces: deque[Pcm] = deque()
        self._size = 0

    def push(self, samples: Pcm) -> None:
        """Take the next samples."""
        if samples.size:
            self._pieces.append(samples)
            self._size += samples.size

    def pop(self, *, last: bool = False) -> Pcm | None:
        """Return the next block, or None where there is none yet; with `last` the rest, even if it is shorter."""
        if self._size < self._length and not (last and self._size):
            return None
        wanted = min(self._length, self._size)
        self._size -= wanted
        parts = []
        while wanted:
            piece = self._pieces.popleft()
            if piece.size > wanted:
                self._pieces.appendleft(piece[wanted:])
                piece = piece[:wanted]
            parts.append(piece)
            wanted -= piece.size
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

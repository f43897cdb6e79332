"""Rows of a batch that the decode kernel decodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.engines.cosyvoice.decoding import DecodeBatch, untouched
from wyoming_cosyvoice.engines.cosyvoice.kernel.decoder import LANES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice.kernel.decoder import KernelDecoder

    Floats = NDArray[np.float32]


class KernelBatch(DecodeBatch):
    """A row's logits are the same to the last bit whatever its neighbours, the threads and the instructions."""

    def __init__(
        self, decoder: KernelDecoder, speech_embedding: Floats, capacity: int, threads: int, threads_beside: int
    ) -> None:
        sizes = decoder.sizes
        super().__init__(sizes.positions, capacity, threads_beside)
        self._decoder = decoder
        self._embedding = speech_embedding
        self._threads = threads
        shape = (sizes.layers, capacity, sizes.heads, sizes.positions, sizes.head_width)
        self._caches = untouched(shape, np.float16), untouched(shape, np.float16)

    def _prefill(self, row: int, prompt: Floats, *, beside: bool) -> Floats:
        logits = np.empty((0, 0), np.float32)
        for start in range(0, len(prompt), LANES):
            part = prompt[start : start + LANES]
            wanted = np.zeros(len(part), np.uint8)
            wanted[-1] = start + len(part) == len(prompt)
            places = np.arange(start, start + len(part))
            logits = self._run(part, np.full(len(part), row), places, wanted, beside=beside)
        result: Floats = logits[0]
        return result

    def _decode(self, tokens: Sequence[int], *, beside: bool) -> Floats:
        rows, lengths = self._embedding[np.asarray(tokens)], np.array(self._lengths)
        sequences, wanted = np.arange(len(rows)), np.ones(len(rows), np.uint8)
        parts = [slice(start, start + LANES) for start in range(0, len(rows), LANES)]
        return np.concatenate(
            [self._run(rows[part], sequences[part], lengths[part], wanted[part], beside=beside) for part in parts]
        )

    def _copy(self, row: int, to: int, used: int) -> None:
        for cache in self._caches:
            cache[:, to, :, :used] = cache[:, row, :, :used]

    def _run(
        self,
        rows: Floats,
        sequences: NDArray[np.int64],
        positions: NDArray[np.int64],
        wanted: NDArray[np.uint8],
        *,
        beside: bool,
    ) -> Floats:
        threads = self._threads_beside if beside and self._threads_beside else self._threads
        rows = np.ascontiguousarray(rows, np.float32)
        places = sequences.astype(np.int32), positions.astype(np.int32)
        return self._decoder.step(rows, places, wanted, self._caches, threads)

"""Decoding rows of a batch: each utterance has a row of the key/value cache and joins or leaves between two steps.

The cache is bound in place: the graph reads it as `past` and writes the new position into the same memory as `present`,
so a step copies nothing. Memory of positions that were never written is never touched and so never resident.
"""

from __future__ import annotations

import contextlib
import math
import mmap
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from wyoming_cosyvoice.engines.memory import frugal
from wyoming_cosyvoice.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnxruntime as ort
    from numpy.typing import NDArray

    from wyoming_cosyvoice.store.bundle import LanguageModelSizes

    Floats = NDArray[np.float32]

_Number = TypeVar("_Number", np.float32, np.float16)

_STEP, _LONG, _LONG_STEP = 64, 512, 256
"""Tables grow by so many positions, and by more at a time when they are long."""


class RelativePositions:
    """The relative-position table: a contiguous float32 copy of as many of its first positions as are in use.

    A step multiplies by the whole table it is given, 57 KB a position of the full-size model, and then picks columns.
    So the table follows the longest row, in steps: laying it out anew costs as much as a step of decoding.
    """

    def __init__(self, table: NDArray[np.floating]) -> None:
        """`table` [layers, heads, positions, head_width], usually memory-mapped."""
        self._table = table
        self._copy: Floats | None = None

    @property
    def positions(self) -> int:
        """The longest sequence there is a table for."""
        return int(self._table.shape[2])

    def size_for(self, length: int) -> int:
        """Return the smallest size of a table that serves a sequence of `length` positions."""
        step = _STEP if length <= _LONG else _LONG_STEP
        return min(-(-length // step) * step, self.positions)

    def first(self, length: int) -> Floats:
        """Return at least the first `length` positions, [layers, heads, R, head_width], and not many more."""
        size = self.size_for(length)
        # a newcomer's short prompt does not throw the table of its neighbours away
        if self._copy is None or not size <= self._copy.shape[2] <= 2 * size:
            self._copy = np.ascontiguousarray(self._table[:, :, :size], dtype=np.float32)
        return self._copy

    def shrink(self) -> None:
        """Forget the copy."""
        self._copy = None


class DecodeBatch(ABC):
    """Up to `capacity` sequences that are decoded together, row by row of one cache.

    Rows are numbered 0 .. len - 1. When a row leaves, the last row takes its number.
    """

    def __init__(self, positions: int, capacity: int, threads_beside: int) -> None:
        self._positions = positions
        self._capacity = capacity
        self._threads_beside = threads_beside
        self._lengths: list[int] = []

    def __len__(self) -> int:
        return len(self._lengths)

    @property
    def threads_beside(self) -> int:
        """How many processors a run `beside` others uses; 0 where all runs use all."""
        return self._threads_beside

    @property
    def capacity(self) -> int:
        """How many rows fit."""
        return self._capacity

    def room(self, row: int) -> int:
        """Return how many more tokens a row can take."""
        return self._positions - self._lengths[row]

    def join(self, prompt: Floats, *, beside: bool = False) -> Floats:
        """Add a row for `prompt` [L, D], run the model over it and return its logits [V].

        `beside` leaves processors to others.
        """
        row, length = len(self._lengths), len(prompt)
        if row == self._capacity:
            raise EngineError(f"All {self._capacity} rows of the batch are taken")
        if not 0 < length < self._positions:
            raise EngineError(f"A prompt of {length} rows does not fit into {self._positions} positions")
        logits = self._prefill(row, prompt, beside=beside)
        self._lengths.append(length)
        return logits

    def step(self, tokens: Sequence[int], *, beside: bool = False) -> Floats:
        """Feed one token a row and return the logits [B, V], valid until the next step.

        `beside` leaves processors to others.
        """
        count = len(self._lengths)
        if len(tokens) != count:
            raise ValueError(f"{len(tokens)} tokens for {count} rows")
        if max(self._lengths) >= self._positions:
            raise EngineError(f"An utterance is longer than {self._positions} positions")
        logits = self._decode(tokens, beside=beside)
        self._lengths = [length + 1 for length in self._lengths]
        return logits

    def leave(self, row: int) -> None:
        """Drop a row; the last row takes its place."""
        last = len(self._lengths) - 1
        used = self._lengths.pop()
        if row != last:
            self._copy(last, row, used)
            self._lengths[row] = used

    @abstractmethod
    def _prefill(self, row: int, prompt: Floats, *, beside: bool) -> Floats:
        """Run the model over `prompt` [L, D] in an empty row of the cache; return the logits [V]."""

    @abstractmethod
    def _decode(self, tokens: Sequence[int], *, beside: bool) -> Floats:
        """Run the model over one token a row; return the logits [B, V]."""

    @abstractmethod
    def _copy(self, row: int, to: int, used: int) -> None:
        """Copy the first `used` positions of a row of the cache to another row."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """The graph with all threads and, where memory allows, with `threads_beside`, for while others run graphs too."""

    alone: ort.InferenceSession
    beside: ort.InferenceSession | None = None
    threads_beside: int = 0


class GraphBatch(DecodeBatch):
    """A batch that ONNX Runtime decodes."""

    def __init__(
        self,
        decoder: Decoder,
        sizes: LanguageModelSizes,
        relative: RelativePositions,
        speech_embedding: Floats,
        capacity: int,
    ) -> None:
        super().__init__(relative.positions, capacity, decoder.threads_beside)
        self._decoder = decoder
        self._sizes = sizes
        self._relative = relative
        self._embedding = speech_embedding
        shape = (capacity, sizes.heads, relative.positions, sizes.head_width)
        self._caches = [[untouched(shape, np.float32) for _ in range(2)] for _ in range(sizes.layers)]
        self._rows = np.empty((capacity, 1, sizes.width), np.float32)
        self._last = np.zeros(capacity, np.int32)
        self._logits = np.empty((capacity, sizes.vocabulary), np.float32)
        self._binding: ort.IOBinding | None = None
        self._bound_to: tuple[ort.InferenceSession | None, int] = (None, 0)
        self._bound_table: Floats | None = None

    def _prefill(self, row: int, prompt: Floats, *, beside: bool) -> Floats:
        length = len(prompt)
        rows = np.ascontiguousarray(prompt[None], np.float32)
        last = np.array([length - 1], np.int32)
        logits = np.empty((1, self._sizes.vocabulary), np.float32)
        session = self._session(beside=beside)
        binding = self._bind(session, (rows, last), logits, slice(row, row + 1), self._relative.first(length))
        session.run_with_iobinding(binding, frugal())
        result: Floats = logits[0]
        return result

    def _decode(self, tokens: Sequence[int], *, beside: bool) -> Floats:
        count = len(tokens)
        self._rows[:count, 0] = self._embedding[np.asarray(tokens)]
        self._last[:count] = self._lengths
        table = self._relative.first(max(self._lengths) + 1)
        session = self._session(beside=beside)
        if self._binding is None or self._bound_to != (session, count) or self._bound_table is not table:
            feed = self._rows[:count], self._last[:count]
            self._binding = self._bind(session, feed, self._logits[:count], slice(0, count), table)
            self._bound_to, self._bound_table = (session, count), table
        session.run_with_iobinding(self._binding)
        return self._logits[:count]

    def _copy(self, row: int, to: int, used: int) -> None:
        for pair in self._caches:
            for cache in pair:
                cache[to, :, :used] = cache[row, :, :used]

    def _session(self, *, beside: bool) -> ort.InferenceSession:
        return self._decoder.beside if beside and self._decoder.beside else self._decoder.alone

    def _bind(
        self,
        session: ort.InferenceSession,
        feed: tuple[Floats, NDArray[np.int32]],
        logits: Floats,
        which: slice,
        table: Floats,
    ) -> ort.IOBinding:
        binding = session.io_binding()
        for name, array in zip(("rows", "last_position"), feed, strict=True):
            binding.bind_input(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
        binding.bind_output("logits", "cpu", 0, np.float32, logits.shape, logits.ctypes.data)
        for layer, pair in enumerate(self._caches):
            part = table[layer]
            binding.bind_input(f"relative_{layer}", "cpu", 0, np.float32, part.shape, part.ctypes.data)
            for kind, cache in zip(("key", "value"), pair, strict=True):
                view = cache[which]
                name, place = f"{kind}_{layer}", view.ctypes.data
                binding.bind_input(f"past_{name}", "cpu", 0, np.float32, view.shape, place)
                binding.bind_output(f"present_{name}", "cpu", 0, np.float32, view.shape, place)
        return binding


def untouched(shape: tuple[int, ...], dtype: type[_Number]) -> NDArray[_Number]:
    """Return memory that becomes resident page by page, as it is written.

    `numpy.empty` asks for pages of 2 MB: the first position of a row then clears 230 MB of the full-size model's cache,
    which takes a third of a second.
    """
    pages = mmap.mmap(-1, np.dtype(dtype).itemsize * math.prod(shape))
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        # a kernel without huge pages does not know the advice
        with contextlib.suppress(OSError):
            pages.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(pages, dtype).reshape(shape)

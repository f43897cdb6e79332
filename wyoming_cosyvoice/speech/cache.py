"""Spoken clauses that are kept: in memory, and behind it on disk if that is wanted."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wyoming_cosyvoice.audio.pcm import Pcm
    from wyoming_cosyvoice.speech.disk_cache import DiskCache

_ENTRY_OVERHEAD = 512  # the key, the array's header and the dictionary's share, in bytes
_MOST_WAITING_WRITES = 64


class MemoryCache:
    """Samples by key, at most `limit` bytes of them, the least recently used removed first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[str, Pcm] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> Pcm | None:
        """Return the samples of that key, or None."""
        samples = self._entries.get(key)
        if samples is not None:
            self._entries.move_to_end(key)
        return samples

    def put(self, key: str, samples: Pcm) -> None:
        """Keep samples, unless they alone are more than the limit."""
        self._forget(key)
        if _size(samples) > self._limit:
            return
        self._entries[key] = samples
        self.bytes += _size(samples)
        while self.bytes > self._limit:
            self._forget(next(iter(self._entries)))

    def _forget(self, key: str) -> None:
        samples = self._entries.pop(key, None)
        if samples is not None:
            self.bytes -= _size(samples)


class SpokenCache:
    """Both caches together. Belongs to the event loop; the disk has a thread of its own."""

    def __init__(self, memory: MemoryCache, disk: DiskCache | None) -> None:
        self.memory = memory
        self.disk = disk
        self.hits = 0
        self.misses = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="speech-disk")
        self._writes = 0

    async def open(self) -> None:
        """Find what is on the disk."""
        if self.disk is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self.disk.open)

    def close(self) -> None:
        """Write what is still to be written. Blocks."""
        self._thread.shutdown()

    def get(self, key: str) -> Pcm | None:
        """Return what is in memory."""
        samples = self.memory.get(key)
        self.hits += samples is not None
        return samples

    def on_disk(self, key: str) -> bool:
        """Say whether `load` is worth a wait."""
        return self.disk is not None and key in self.disk

    async def load(self, key: str) -> Pcm | None:
        """Return what is on disk."""
        if self.disk is None or key not in self.disk:
            return None
        samples = await asyncio.get_running_loop().run_in_executor(self._thread, self.disk.get, key)
        if samples is not None:
            self.hits += 1
            self.memory.put(key, samples)
        return samples

    def put(self, key: str, samples: Pcm) -> None:
        """Keep samples; a disk that can't keep up misses some."""
        self.memory.put(key, samples)
        if self.disk is not None and self._writes < _MOST_WAITING_WRITES:
            self._writes += 1
            loop = asyncio.get_running_loop()
            loop.run_in_executor(self._thread, self.disk.put, key, samples).add_done_callback(self._written)

    def _written(self, _: asyncio.Future[None]) -> None:
        self._writes -= 1


def _size(samples: Pcm) -> int:
    return samples.nbytes + _ENTRY_OVERHEAD

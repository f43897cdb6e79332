"""Spoken clauses on disk, so that a phrase said before a restart is still there after it.

One file an entry, named by its key: a damaged file costs one entry and no file is ever half written. SQLite would keep
them in one file, which a full disk or a cut power line damages as a whole.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from wyoming_cosyvoice.audio.pcm import Pcm

_LOGGER = logging.getLogger(__name__)
_MAGIC = b"spoken1\n"
_DIGEST_BYTES = 16
_HEADER_BYTES = len(_MAGIC) + _DIGEST_BYTES
_SUFFIX = ".pcm"
_TEMPORARY = ".part"


class DiskCache:
    """Samples by key in a folder, at most `limit` bytes of them, the least recently used removed first.

    Its methods block and are called by one thread at a time. None of them raises for a disk's sake: what can't be read
    is not there, and what can't be written is not kept; the log tells once.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._complained = False
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._sizes)

    def __contains__(self, key: str) -> bool:
        return key in self._sizes

    def open(self) -> None:
        """Find what an earlier run left, oldest use first."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with os.scandir(self._folder) as entries:
                found = [(entry, entry.stat()) for entry in entries if entry.is_file(follow_symlinks=False)]
        except OSError as error:
            self._complain("read", error)
            return
        for entry, _ in found:
            if entry.name.endswith(_TEMPORARY):
                self._remove_file(entry.name)
        for entry, status in sorted(found, key=lambda item: item[1].st_mtime_ns):
            if entry.name.endswith(_SUFFIX):
                self._remember(entry.name.removesuffix(_SUFFIX), status.st_size)
        self._evict()

    def get(self, key: str) -> Pcm | None:
        """Return the samples of that key; None where there are none or where the file is damaged, which is removed."""
        if key not in self._sizes:
            return None
        path = self._folder / (key + _SUFFIX)
        try:
            content = path.read_bytes()
            os.utime(path)
        except OSError:
            self._forget(key)
            return None
        body = content[_HEADER_BYTES:]
        if content[:_HEADER_BYTES] != _MAGIC + _digest(key, body) or len(body) % 2:
            _LOGGER.warning("A damaged file of the cache was removed: %s", path.name)
            self._forget(key)
            return None
        self._sizes.move_to_end(key)
        return np.frombuffer(body, dtype="<i2").astype(np.int16, copy=False)

    def put(self, key: str, samples: Pcm) -> None:
        """Keep samples, unless they alone are more than the limit or the disk takes no more."""
        body = samples.astype("<i2", copy=False).tobytes()
        size = _HEADER_BYTES + len(body)
        if size > self._limit or key in self._sizes:
            return
        temporary = self._folder / (key + _TEMPORARY)
        try:
            temporary.write_bytes(_MAGIC + _digest(key, body) + body)
            temporary.replace(self._folder / (key + _SUFFIX))
        except OSError as error:
            self._complain("written", error)
            self._remove_file(temporary.name)
            return
        self._complained = False
        self._remember(key, size)
        self._evict()

    def _remember(self, key: str, size: int) -> None:
        self._sizes[key] = size
        self.bytes += size

    def _evict(self) -> None:
        while self.bytes > self._limit:
            self._forget(next(iter(self._sizes)))

    def _forget(self, key: str) -> None:
        self.bytes -= self._sizes.pop(key)
        self._remove_file(key + _SUFFIX)

    def _remove_file(self, name: str) -> None:
        with suppress(OSError):
            (self._folder / name).unlink(missing_ok=True)

    def _complain(self, what: str, error: OSError) -> None:
        if not self._complained:
            _LOGGER.warning("The cache in %s can't be %s, going on without: %s", self._folder, what, error)
        self._complained = True


def _digest(key: str, body: bytes) -> bytes:
    return hashlib.blake2b(key.encode() + body, digest_size=_DIGEST_BYTES).digest()

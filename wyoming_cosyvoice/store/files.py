"""Files with known size and SHA-256, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What is known about a file: size in bytes and SHA-256 in hex."""

    bytes: int
    sha256: str


def sha256_of(path: Path) -> str:
    """Hash a file block by block."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check(path: Path, record: FileRecord, *, hashes: bool = True) -> None:
    """Raise ModelError, which names the file and the reason, unless the file is the recorded one."""
    if not path.is_file():
        raise ModelError(f"{path} is missing", "Install the model again with `wyoming-cosyvoice models install`")
    size = path.stat().st_size
    if size != record.bytes:
        kind = "truncated" if size < record.bytes else "too long"
        raise ModelError(
            f"{path} is {kind}: it has {size} bytes, expected {record.bytes}", "Install it again; it was left unused"
        )
    if hashes and (found := sha256_of(path)) != record.sha256:
        raise ModelError(
            f"{path} was changed: its SHA-256 is {found[:16]}..., expected {record.sha256[:16]}...",
            "Install it again; it was left unused",
        )


def matches(path: Path, record: FileRecord) -> bool:
    """Whether the file is there, whole and unchanged."""
    try:
        check(path, record)
    except ModelError:
        return False
    return True


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `path` that takes its place only when the block ends without an error."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)

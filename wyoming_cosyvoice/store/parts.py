"""A model that comes as parts in Python packages: found, checked, joined."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store.files import BLOCK, check, matches, written_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wyoming_cosyvoice.store.catalogue import Part
    from wyoming_cosyvoice.store.files import FileRecord


def locate(part: Part) -> Path | None:
    """Return where the part's package keeps it, without importing the package; None if that isn't installed."""
    try:
        return Path(str(metadata.distribution(part.package).locate_file(part.file)))
    except metadata.PackageNotFoundError:
        return None


def available(parts: Sequence[Part]) -> bool:
    """Whether the packages of all parts are installed."""
    return all(locate(part) is not None for part in parts)


def join(
    parts: Sequence[Part],
    target: Path,
    record: FileRecord,
    *,
    find: Callable[[Part], Path | None] = locate,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Write the parts one behind the other to `target`, checking each part and the whole.

    Does nothing if `target` is already right. `progress` is told the bytes written. Raises ModelError, which names the
    part and the reason, and then leaves no file.
    """
    if matches(target, record):
        progress(record.bytes)
        return
    paths = []
    for part in parts:
        path = find(part)
        if path is None:
            raise ModelError(f"The package {part.package} is not installed", f"Run `pip install {part.package}`")
        check(path, part.record)
        paths.append(path)
    with written_whole(target) as stream:
        for path in paths:
            with path.open("rb") as source:
                while block := source.read(BLOCK):
                    stream.write(block)
                    progress(len(block))
    check(target, record)

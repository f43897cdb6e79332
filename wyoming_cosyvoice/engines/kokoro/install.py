"""Putting the starter together in the data directory, once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.kokoro import quicken
from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store import parts
from wyoming_cosyvoice.store.catalogue import find_entry
from wyoming_cosyvoice.store.manifest import Manifest, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wyoming_cosyvoice.store.library import Installed, Library

NAME = "starter"
SHIPPED_GRAPH = quicken.SHIPPED

_LOGGER = logging.getLogger(__name__)


def installable() -> bool:
    """Whether the packages with the model's parts are there."""
    return parts.available(find_entry(NAME).parts)


def install(library: Library, progress: Callable[[int], None] = lambda _: None) -> Installed:
    """Assemble the starter and make it quick; raises ModelError if a part is missing or wrong.

    The last good one stays then.
    """
    entry = find_entry(NAME)

    def build(folder: Path) -> None:
        parts.join(entry.parts, folder / SHIPPED_GRAPH, entry.products[SHIPPED_GRAPH], progress=progress)
        graph = quicken.choose_in_child(folder)
        record = entry.products[graph]
        manifest = Manifest(NAME, entry.engine, record.sha256[:12], {graph: record})
        write_manifest(folder, manifest, license=entry.licence, version=entry.version)

    return library.install(NAME, build)


def current_or_install(library: Library) -> Installed:
    """Return the installed starter; assembles it if it is missing, not whole or of an older recipe."""
    try:
        found = library.find(NAME)
    except ModelError as error:
        _LOGGER.warning("%s", error)
        found = None
    if found is None:
        return install(library)
    current = {record.sha256[:12] for record in find_entry(NAME).products.values()}
    if found.manifest.revision in current or not installable():
        return found
    return install(library)

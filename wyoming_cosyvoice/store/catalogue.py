"""What can be installed: the shipped catalogue, `models/catalog.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wyoming_cosyvoice.errors import UnknownModelError
from wyoming_cosyvoice.store.files import FileRecord
from wyoming_cosyvoice.store.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a model that an installed Python package carries."""

    package: str
    file: str
    record: FileRecord


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A model that can be installed.

    `products` are the files made of `parts`. A model that is converted has instead its `repositories` (hub -> id) and
    the files of its `checkpoint`.
    """

    name: str
    engine: str
    description: str
    version: str
    licence: str
    parts: tuple[Part, ...] = ()
    products: Mapping[str, FileRecord] = field(default_factory=dict)
    repositories: Mapping[str, str] = field(default_factory=dict)
    checkpoint: tuple[str, ...] = ()


def read_catalogue() -> dict[str, CatalogueEntry]:
    """Read the shipped catalogue, by model name."""
    raw = json.loads(shipped("catalog.json").read_text("utf-8"))
    return {item["name"]: _entry(item) for item in raw["models"]}


def find_entry(name: str) -> CatalogueEntry:
    """Return the catalogue's entry of that name; raises UnknownModelError, which names the entries there are."""
    catalogue = read_catalogue()
    if name not in catalogue:
        raise UnknownModelError(f"The catalogue has no model {name[:80]!r}", f"It has: {', '.join(catalogue)}")
    return catalogue[name]


def _entry(raw: Mapping[str, Any]) -> CatalogueEntry:
    return CatalogueEntry(
        name=raw["name"],
        engine=raw["engine"],
        description=raw["description"],
        version=raw["version"],
        licence=raw["licence"],
        parts=tuple(Part(item["package"], item["file"], _record(item)) for item in raw.get("parts", ())),
        products={name: _record(item) for name, item in raw.get("products", {}).items()},
        repositories=raw.get("repositories", {}),
        checkpoint=tuple(raw.get("checkpoint", ())),
    )


def _record(raw: Mapping[str, Any]) -> FileRecord:
    return FileRecord(raw["bytes"], raw["sha256"])

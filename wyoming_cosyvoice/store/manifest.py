"""The part of `manifest.json` that every model has: what it is, which engine speaks it, every file with its hash.

An engine reads what else it needs itself (a CosyVoice bundle's sizes: `wyoming_cosyvoice.store.bundle`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store.files import FileRecord, check, written_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA = 1
FILE_NAME = "manifest.json"
_MAX_BYTES = 1 << 20
_AGAIN = "Install the model again with `wyoming-cosyvoice models install`"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What lies in a model's folder; `engine` says who speaks it, `revision` changes with the files."""

    name: str
    engine: str
    revision: str
    files: Mapping[str, FileRecord]

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(record.bytes for record in self.files.values())


def read_manifest(folder: Path) -> Manifest:
    """Read a model folder's manifest; raises ModelError if it is missing, damaged or of a newer schema."""
    path = folder / FILE_NAME
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ModelError(f"{path} is larger than a manifest can be", _AGAIN)
        raw = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{folder} holds no model: {FILE_NAME} is missing", _AGAIN) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} can't be read as JSON: {error}", _AGAIN) from None
    return _parse(raw, str(path))


def _parse(raw: object, where: str) -> Manifest:
    if not isinstance(raw, dict):
        raise ModelError(f"{where} is not a JSON object", _AGAIN)
    schema = raw.get("schema")
    if schema != SCHEMA:
        newer = isinstance(schema, int) and schema > SCHEMA
        hint = "Update wyoming-cosyvoice" if newer else _AGAIN
        raise ModelError(f"{where} has schema {schema!r}, expected {SCHEMA}", hint)
    try:
        files = {str(name): FileRecord(int(item["bytes"]), str(item["sha256"])) for name, item in raw["files"].items()}
        manifest = Manifest(str(raw["name"]), str(raw["engine"]), str(raw["revision"]), files)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{where} lacks a field or has a wrong one: {error!r}", _AGAIN) from None
    for name in files:
        if name.startswith("/") or "\\" in name or ".." in name.split("/"):
            raise ModelError(f"{where} names a file outside its folder: {name!r}", "Don't use this model")
    return manifest


def write_manifest(folder: Path, manifest: Manifest, **details: object) -> None:
    """Write the manifest, with an engine's own `details`. It comes last: a folder without one is incomplete."""
    files = {name: {"bytes": item.bytes, "sha256": item.sha256} for name, item in sorted(manifest.files.items())}
    raw = {
        "schema": SCHEMA,
        "engine": manifest.engine,
        "name": manifest.name,
        "revision": manifest.revision,
        **details,
        "files": files,
    }
    with written_whole(folder / FILE_NAME) as stream:
        stream.write(json.dumps(raw, ensure_ascii=False, indent=1).encode() + b"\n")


def verify(folder: Path, manifest: Manifest, *, hashes: bool) -> None:
    """Check every file's size, and its hash if asked; raises ModelError naming the first bad file."""
    for name, record in manifest.files.items():
        check(folder / name, record, hashes=hashes)

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


def read_document(folder: Path) -> dict[str, object]:
    """Read manifest.json of `folder`; raises ModelError unless it is a JSON object of the schema that is known."""
    path = folder / FILE_NAME
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ModelError(f"{path} is larger than a manifest can be", _AGAIN)
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{folder} holds no model: {FILE_NAME} is missing", _AGAIN) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} can't be read as JSON: {error}", _AGAIN) from error
    if not isinstance(document, dict):
        raise ModelError(f"{path} is not a JSON object", _AGAIN)
    schema = document.get("schema")
    if schema != SCHEMA:
        newer = isinstance(schema, int) and schema > SCHEMA
        hint = "Update wyoming-cosyvoice, or convert the model with this version" if newer else _AGAIN
        raise ModelError(f"{path} has schema {schema!r}{', newer than' if newer else ', expected'} {SCHEMA}", hint)
    return document


def read_files(document: Mapping[str, object], where: str) -> dict[str, FileRecord]:
    """Return the files that a manifest lists; raises ModelError for a wrong record and for a path out of the folder."""
    listed = document.get("files")
    if not isinstance(listed, dict):
        raise ModelError(f"{where}: files must be an object", _AGAIN)
    files = {}
    for name, record in listed.items():
        match record:
            # a bool is an int to Python, not to us
            case {"bytes": int(size), "sha256": str(sha256)} if size is not True and size is not False:
                files[name] = FileRecord(size, sha256)
            case _:
                raise ModelError(f"{where}: the record of {name!r} must hold bytes and sha256, not {record!r}", _AGAIN)
        if name.startswith("/") or "\\" in name or ".." in name.split("/"):
            raise ModelError(f"{where} names a file outside its folder: {name!r}", "Don't use this model")
    return files


def read_manifest(folder: Path) -> Manifest:
    """Read a model folder's manifest; raises ModelError if it is missing, damaged or of a newer schema."""
    document, where = read_document(folder), str(folder / FILE_NAME)
    match document:
        case {"name": str(name), "engine": str(engine), "revision": str(revision)}:
            return Manifest(name, engine, revision, read_files(document, where))
    raise ModelError(f"{where} must name the model, its engine and its revision", _AGAIN)


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


def verify(folder: Path, files: Mapping[str, FileRecord], *, hashes: bool) -> None:
    """Check every file's size, and its hash if asked; raises ModelError naming the first bad file."""
    for name, record in files.items():
        check(folder / name, record, hashes=hashes)

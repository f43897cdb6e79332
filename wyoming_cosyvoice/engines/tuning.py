"""How many threads suit a model on this machine: measured once by `script/bench tune`, read when the model is loaded.

A figure counts only for the machine and the model's revision that it was measured with.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.processors import usable_processors
from wyoming_cosyvoice.store.files import written_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "tuning.json"
MOST_TUNED_THREADS = 64
_SCHEMA = 1
_MAX_BYTES = 64 << 10
_MOST_MODELS = 50


def machine() -> str:
    """Return what the figures depend on: the processor, and how many of it may be used."""
    return f"{_processor()}, {usable_processors()} usable"


def tuned_threads(data_dir: Path, revision: str) -> int:
    """Return the threads that were measured best for a model's revision on this machine; 0 if none were.

    A file that can't be read, or was written on another machine, counts as none.
    """
    return _read(data_dir / FILE_NAME).get(revision, 0)


def remember_threads(data_dir: Path, revision: str, threads: int) -> None:
    """Store what was measured; figures of another machine go, and the oldest of very many."""
    known = {name: value for name, value in _read(data_dir / FILE_NAME).items() if name != revision}
    kept = dict([*known.items(), (revision, threads)][-_MOST_MODELS:])
    document = {"schema": _SCHEMA, "machine": machine(), "threads": kept}
    data_dir.mkdir(parents=True, exist_ok=True)
    with written_whole(data_dir / FILE_NAME) as stream:
        stream.write(json.dumps(document, indent=1).encode() + b"\n")


def _read(path: Path) -> Mapping[str, int]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return {}
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    match document:
        case {"schema": int(schema), "machine": str(where), "threads": dict(threads)} if (
            schema == _SCHEMA and where == machine()
        ):
            return {name: value for name, value in threads.items() if _sensible(value)}
    return {}


def _sensible(value: object) -> bool:
    return type(value) is int and 0 < value <= MOST_TUNED_THREADS


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as stream:
            for line in stream:
                name, _, value = line.partition(":")
                if name.strip() == "model name":
                    return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()

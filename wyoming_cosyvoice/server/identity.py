"""Who this server is: an id that stays the same over restarts and new addresses."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LOGGER = logging.getLogger(__name__)
_FILE = "server_id"
_PATTERN = re.compile(r"[0-9a-f]{32}\Z")


def server_id(data_dir: Path, uri: str) -> str:
    """Return the id kept in the data folder, made at the first start.

    Where it can't be kept (read-only or full disk), it follows from this machine and the address.
    """
    path = data_dir / _FILE
    with contextlib.suppress(OSError, UnicodeDecodeError):
        known = path.read_text("ascii").strip()
        if _PATTERN.match(known):
            return known
    fresh = uuid.uuid4().hex
    partial = path.with_name(f"{_FILE}.{os.getpid()}")
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        partial.write_text(fresh + "\n", "ascii")
        partial.replace(path)
    except OSError as error:
        _LOGGER.warning("Cannot keep the server's id in %s: %s", data_dir, error)
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{uuid.getnode():x} {uri}").hex
    return fresh

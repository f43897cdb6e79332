"""Server-sent events."""

from __future__ import annotations

import msgspec


def event(value: dict[str, object]) -> bytes:
    """Return a JSON object as one event."""
    return b"data: " + msgspec.json.encode(value) + b"\n\n"

"""How much memory this process has."""

import resource
from pathlib import Path


def resident_bytes() -> int:
    """Return its resident memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()

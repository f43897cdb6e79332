"""How many threads an engine should use."""

from __future__ import annotations

import os

MOST_THREADS = 4


def threads_for(wanted: int) -> int:
    """Return `wanted` threads; for 0 as many as there are processors to use, at most 4."""
    return wanted or min(usable_processors(), MOST_THREADS)


def usable_processors() -> int:
    """Processors this process may use: affinity and, in a container, the quota of its control group."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as stream:  # noqa: PTH123 - a kernel file
            quota, period = stream.read().split()
        if quota != "max":
            count = min(count, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):
        pass
    return count

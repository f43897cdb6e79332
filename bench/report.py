"""Tables of results: printed, and kept in bench/results with the machine they were taken on."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = Path(__file__).parent / "results"


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; numbers are right-aligned."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(row[column]) for row in [list(header), *cells]) for column in range(len(header))]
    numeric = [all(isinstance(row[column], int | float) for row in rows) for column in range(len(header))]

    def line(values: Sequence[str]) -> str:
        padded = [
            value.rjust(width) if right else value.ljust(width)
            for value, width, right in zip(values, widths, numeric, strict=True)
        ]
        return f"| {' | '.join(padded)} |"

    rule = [("-" * (width - 1) + ":") if right else "-" * width for width, right in zip(widths, numeric, strict=True)]
    return "\n".join([line(header), line(rule), *(line(row) for row in cells)])


def publish(name: str, title: str, text: str) -> Path:
    """Print a result and keep it as bench/results/NAME.md."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.md"
    path.write_text(f"# {title}\n\n{machine()}\n\n{text}\n", "utf-8")
    print(
        f"{text}\n\n({machine()})\nkept in {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}"
    )
    return path


def machine() -> str:
    """Return the processor, what of it may be used, and the versions that matter."""
    cores = len(os.sched_getaffinity(0))
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    return (
        f"{when}; {_processor()}, {cores} cores; {platform.system()} {platform.release().partition('-')[0]}, "
        f"Python {platform.python_version()}, onnxruntime {_version('onnxruntime')}, wyoming {_version('wyoming')}; "
        f"load average {os.getloadavg()[0]:.1f} at the end"
    )


def processor_of(process: int) -> float:
    """Return the seconds that Linux has given to a process on all processors."""
    # the name, in brackets, may hold anything; user and system time are the 12th and 13th after it
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(process: int) -> dict[str, float]:
    """Return what Linux knows of a process's memory, in megabytes by its names (VmRSS, VmHWM, RssAnon, RssFile).

    Of a process that has just ended it knows nothing.
    """
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    values = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    return {name: int(value[0]) * 1024 / 1e6 for name, value in values.items() if value[1:] == ["kB"]}


def _processor() -> str:
    lines = (line.partition(":") for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines())
    facts = {key.strip(): value.strip() for key, _, value in lines}
    name = facts.get("model name") or platform.machine()
    useful = ("avx2", "avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm")
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    return f"{name} ({', '.join(flag for flag in useful if flag in flags) or 'no int8 instructions'})"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return str(value)

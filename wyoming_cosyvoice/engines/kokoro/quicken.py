"""Choosing the quickest graph for this machine: patched to int8, patched to float32, or as it was.

Runs as a program of its own, ``python -m wyoming_cosyvoice.engines.kokoro.quicken FOLDER``: reading and writing graphs
takes half a gigabyte that a server should not keep.
"""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store.catalogue import find_entry
from wyoming_cosyvoice.store.files import FileRecord, written_whole
from wyoming_cosyvoice.store.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping

SHIPPED, INT8, FLOAT32 = "kokoro.onnx", "int8.onnx", "float32.onnx"
ENOUGH = 1.3
"""An int8 graph that is so many times as fast as the shipped one runs on a processor with a fast int8 path."""

_LOGGER = logging.getLogger(__name__)
_SAMPLE = "ʨi→ntʰjɛ→n tʰjɛ→nʨʰi↘ xə↓n xau↓."
_ROUNDS = 3
_TIMEOUT_SECONDS = 300


def choose_in_child(folder: Path) -> str:
    """Have a child process patch and measure; returns the name of the graph to keep, which lies in `folder`.

    Where that fails the shipped graph is kept, and the log says why.
    """
    command = [sys.executable, "-m", __name__, str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        _LOGGER.warning("The starter stays slower than it could be: %s", error)
        return SHIPPED
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    if done.returncode == 0 and lines and (folder / lines[-1]).is_file():
        return lines[-1]
    _LOGGER.warning("The starter stays slower than it could be: %s", lines[-1] if lines else done.returncode)
    return SHIPPED


def choose(folder: Path) -> str:
    """Patch the graph in `folder` and return the name of the quickest."""
    products = find_entry("starter").products
    make(folder, INT8, products[INT8])
    times = measure(folder, (SHIPPED, INT8))
    if times[SHIPPED] < ENOUGH * times[INT8]:
        make(folder, FLOAT32, products[FLOAT32])
        times = measure(folder, (SHIPPED, INT8, FLOAT32))
    return min(times, key=lambda name: times[name])


def make(folder: Path, name: str, record: FileRecord) -> None:
    """Write a patched graph; raises ModelError if it doesn't come out as it should."""
    try:
        import onnx  # noqa: PLC0415 - needed here only
    except ImportError:
        raise ModelError(
            "The package onnx is not installed", "Run `pip install 'wyoming-cosyvoice[starter]'`"
        ) from None
    from wyoming_cosyvoice.engines.kokoro import patch, scales, slim  # noqa: PLC0415 - imports onnx

    model = onnx.load(str(folder / SHIPPED))
    if name == INT8:
        measured = scales.read_scales(shipped("starter", "calibration.npz"))
        patch.patch(model, measured, slim.read_pairs(shipped("starter", "slim.npz")))
    else:
        patch.patch(model, None)
    content = model.SerializeToString(deterministic=True)
    found = FileRecord(len(content), hashlib.sha256(content).hexdigest())
    if found != record:
        raise ModelError(
            f"The patched graph {name} came out as {found.sha256[:16]}..., expected {record.sha256[:16]}...",
            f"Tell us with the version of onnx ({onnx.__version__})",
        )
    with written_whole(folder / name) as stream:
        stream.write(content)


def measure(folder: Path, names: tuple[str, ...]) -> Mapping[str, float]:
    """Return the shortest of some runs in seconds, taken in turns."""
    from wyoming_cosyvoice.engines.kokoro.session import Session  # noqa: PLC0415 - imports ONNX Runtime
    from wyoming_cosyvoice.engines.kokoro.vocabulary import encode  # noqa: PLC0415
    from wyoming_cosyvoice.engines.kokoro.voices import VOICES, Styles  # noqa: PLC0415

    ids = encode(_SAMPLE)
    style = Styles().vector(VOICES[0].id, len(ids) - 2)
    sessions = {name: Session(folder / name) for name in names}
    times = dict.fromkeys(names, float("inf"))
    for round_number in range(_ROUNDS + 1):
        for name, session in sessions.items():
            started = time.perf_counter()
            session.run(ids, style, 1.0)
            if round_number:  # the first run lays out memory
                times[name] = min(times[name], time.perf_counter() - started)
    return times


def main(folder: str) -> int:
    """Print the name of the quickest graph."""
    try:
        name = choose(Path(folder))
    except ModelError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is what the parent reads
        return 1
    print(name)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

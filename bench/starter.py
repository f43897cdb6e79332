"""The starter against its graph as shipped: speed, first sound, memory, time to be ready."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.report import publish, table
from bench.serving import serve, speak
from wyoming_cosyvoice.engines.engine import QUIET_SECONDS
from wyoming_cosyvoice.engines.kokoro import quicken
from wyoming_cosyvoice.engines.kokoro.frontend import Frontend
from wyoming_cosyvoice.engines.kokoro.session import Session
from wyoming_cosyvoice.engines.kokoro.vocabulary import encode
from wyoming_cosyvoice.engines.kokoro.voices import Styles
from wyoming_cosyvoice.store import parts
from wyoming_cosyvoice.store.catalogue import find_entry
from wyoming_cosyvoice.text.clause import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXTS = {
    10: "今天晚上想吃什么菜？",
    20: "请把客厅的窗帘拉上，再把电视打开好吗？",
    50: "天气预报说明天会下大雨，出门的时候记得带上雨伞，开车也要慢一点，路上积水比较多，注意安全，早点回家吧。",
}
DESIGN = {10: 0.34, 20: 0.20, 50: 0.12}
RATE = 24000
VOICE = "zh_female_1"
GRAPHS = (quicken.SHIPPED, quicken.FLOAT32, quicken.INT8)


def graphs(folder: Path) -> None:
    """Put the shipped graph and both patched ones into a folder."""
    entry = find_entry("starter")
    parts.join(entry.parts, folder / quicken.SHIPPED, entry.products[quicken.SHIPPED])
    for name in (quicken.INT8, quicken.FLOAT32):
        quicken.make(folder, name, entry.products[name])


def factors(folder: Path, threads: int, rounds: int) -> list[list[object]]:
    """Return a row a text and graph: real-time factor, the graphs run in turns in one process."""
    frontend, styles = Frontend(), Styles()
    sessions = {name: Session(folder / name, threads) for name in GRAPHS}
    rows: list[list[object]] = []
    for characters, text in TEXTS.items():
        ids = encode(frontend.phonemes((Span("zh", text, text),)))
        style = styles.vector(VOICE, len(ids) - 2)
        times: dict[str, list[float]] = {name: [] for name in GRAPHS}
        seconds = 0.0
        for _ in range(rounds + 1):
            for name, session in sessions.items():
                started = time.perf_counter()
                samples = session.run(ids, style, 1.0)
                times[name].append(time.perf_counter() - started)
                assert samples is not None
                seconds = len(samples) / RATE
        medians = {name: statistics.median(values[1:]) / seconds for name, values in times.items()}
        best = {name: min(values[1:]) / seconds for name, values in times.items()}
        for name in GRAPHS:
            gain = statistics.median(
                shipped / ours for shipped, ours in zip(times[quicken.SHIPPED][1:], times[name][1:], strict=True)
            )
            rows.append([characters, seconds, name, medians[name], best[name], gain, DESIGN[characters]])
    return rows


def served(rounds: int) -> list[list[object]]:
    """Return first sound, whole answer, memory and start of a server, each text said once a voice."""
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory() as folder:
        with serve("--model", "starter", "--data-dir", folder) as first:
            installed = first.start_seconds
        with serve("--model", "starter", "--data-dir", folder, "--cache-memory", "0") as process:
            for characters, text in TEXTS.items():
                spoken = [asyncio.run(speak(process, text, VOICE)) for _ in range(rounds)]
                whole = statistics.median(item.total for item in spoken)
                sound = statistics.median(item.first_audio for item in spoken)
                rows.append([characters, sound, whole, sound / whole, spoken[0].audio])
            spoken_last, peak = process.resident_megabytes, process.peak_megabytes
            time.sleep(QUIET_SECONDS + 2)
            rows.append(["resident MB", spoken_last, peak, process.resident_megabytes, ""])
            rows.append(["ready after s", process.start_seconds, installed, "", ""])
    return rows


def main(argv: list[str] | Sequence[str]) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="script/bench starter", description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        graphs(Path(folder))
        speed = table(
            ["characters", "audio s", "graph", "RTF median", "RTF best", "times shipped", "design"],
            factors(Path(folder), arguments.threads, arguments.rounds),
        )
    server = table(["characters", "first sound s", "whole s", "share", "audio s"], served(arguments.rounds))
    text = (
        f"Real-time factor on {arguments.threads} threads, medians of {arguments.rounds} runs, the graphs in turns in "
        "one process; `times shipped` is the median of the quotients of neighbouring runs; `design` is the goal.\n\n"
        f"{speed}\n\n"
        "Through the server (Wyoming client, no cache); the row `resident MB` has memory after the last text, at its "
        f"peak, and {QUIET_SECONDS + 2:.0f} s later; `ready after s` a usual start and the first one, which "
        f"assembles and patches the model.\n\n{server}"
    )
    publish("starter", "The starter: speed, first sound, memory", text)
    return 0

"""What the spine costs: first audio of a cached phrase, planning, and what it adds to an engine that takes no time."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.report import publish, table
from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.engines.registry import Engines
from wyoming_cosyvoice.engines.tone import ToneEngine
from wyoming_cosyvoice.speech.request import SpeechOptions
from wyoming_cosyvoice.speech.service import SpeechService

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT = "第{}个房间：好的，客厅的灯已经打开了，空调也调到了二十六度。Is there anything else? 祝你晚安。"


async def speak(service: SpeechService, text: str, client: str) -> tuple[float, float]:
    """Return milliseconds to the first block and to the last."""
    started = time.perf_counter()
    async with service.open(SpeechOptions(), client) as stream:
        stream.feed(text)
        stream.end()
        await anext(stream)
        first = time.perf_counter()
        async for _ in stream:
            pass
    return (first - started) * 1000, (time.perf_counter() - started) * 1000


async def measure(folder: Path, count: int) -> list[list[object]]:
    """Speak phrases that are new, in memory, and on disk after a restart; alone and eight clients at once."""
    rows: list[list[object]] = []
    texts = [TEXT.format(number) for number in range(count)]
    for name, at_once in (("new", 1), ("in memory", 1), ("in memory, 8 clients", 8), ("on disk", 1)):
        if name in {"new", "on disk"}:
            service = SpeechService(Engines([ToneEngine()]), Config(data_dir=folder, cache_disk=500))
            await service.start()
            await service.explain(texts[0], SpeechOptions())  # the dictionaries are loaded
        times: list[tuple[float, float]] = []
        for begin in range(0, count, at_once):
            batch = texts[begin : begin + at_once]
            times += await asyncio.gather(*(speak(service, text, str(i)) for i, text in enumerate(batch)))
        firsts = sorted(first for first, _ in times)
        wholes = [whole for _, whole in times]
        rows.append([name, statistics.median(firsts), firsts[int(0.99 * count)], statistics.median(wholes)])
        if name in {"in memory, 8 clients", "on disk"}:
            await service.stop(1)
    return rows


def main(argv: list[str] | Sequence[str]) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="script/bench spine", description=__doc__)
    parser.add_argument("--phrases", type=int, default=200)
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(measure(Path(folder), arguments.phrases))
    header = ["phrase", "first audio, median ms", "p99 ms", "whole, median ms"]
    text = table(header, rows)
    publish("spine", "The spine with an engine that takes no time (tone), in process", text)
    return 0

"""Whether memory stays flat over many requests, streamed and not, some of them given up half-way."""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import TYPE_CHECKING, Any

from tqdm import tqdm
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from bench.report import publish, table
from bench.serving import Process, serve, speak
from wyoming_cosyvoice.config import Config

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXTS = ("第{}句话很短。", "Sentence number {} is short.", "{}番目の文です。", "Turn on lamp {}. 打开客厅的灯。")


async def one(process: Process, number: int) -> None:
    """Make a request: every third is streamed, every tenth given up after the first sound."""
    text = TEXTS[number % len(TEXTS)].format(number)
    if number % 10 == 0:
        async with process.client() as client:
            await client.write_event(Synthesize(text * 5).event())
            await client.read_event()
        return
    if number % 3:
        await speak(process, text)
        return
    async with process.client() as client:
        await client.write_event(SynthesizeStart().event())
        for start in range(0, len(text), 4):
            await client.write_event(SynthesizeChunk(text[start : start + 4]).event())
        await client.write_event(SynthesizeStop().event())
        while (event := await client.read_event()) is not None and event.type != "synthesize-stopped":
            if event.type == "error":
                raise RuntimeError(str(event.data))


async def measure(process: Process, requests: int, clients: int, bar: tqdm[Any]) -> None:
    """Make that many requests by so many clients."""
    numbers = iter(range(requests))
    first = int(bar.n)

    async def work() -> None:
        for number in numbers:
            await one(process, first + number)
            bar.update()

    await asyncio.gather(*(work() for _ in range(clients)))


def _bar(total: int) -> tqdm[Any]:
    return tqdm(total=total, unit="request")


def main(argv: list[str] | Sequence[str]) -> int:
    """Run the bench; its exit status is 1 where memory grew by more than three hundredths."""
    parser = argparse.ArgumentParser(prog="script/bench soak", description=__doc__)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--warm-up", type=int, default=500, metavar="REQUESTS")
    default = str(Config().cache_memory)
    parser.add_argument("--cache-memory", default=default, metavar="MB", help="as the server keeps by itself")
    parser.add_argument("--clients", type=int, default=2)
    arguments = parser.parse_args(argv)
    rows: list[list[object]] = []
    flags = ("--model", arguments.model, "--cache-memory", arguments.cache_memory)
    with serve(*flags) as process, _bar(arguments.warm_up + arguments.requests) as bar:
        rows.append(["started", 0, process.resident_megabytes])
        started = time.perf_counter()
        for part in range(10):
            count = (arguments.warm_up if part < 5 else arguments.requests) // 5
            asyncio.run(measure(process, count, arguments.clients, bar))
            rows.append(["warming up" if part < 5 else "measured", bar.n, process.resident_megabytes])
        seconds = time.perf_counter() - started
        peak = process.peak_megabytes
    warm, last = float(str(rows[5][2])), float(str(rows[-1][2]))
    publish(
        "soak",
        f"Resident memory over {bar.n} requests ({arguments.model})",
        table(["phase", "requests", "resident MB"], rows)
        + f"\n\nFrom request {rows[5][1]} to {rows[-1][1]}: {100 * (last / warm - 1):+.1f} %; peak {peak:.0f} MB; "
        f"{seconds:.0f} s with {arguments.clients} clients. Every text is new, so the cache of spoken clauses "
        f"grows until it is full, {arguments.cache_memory} MB.",
    )
    return 0 if last <= warm * 1.03 else 1

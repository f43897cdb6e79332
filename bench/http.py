"""How HTTP compares with Wyoming: first byte of the same texts, and `describe` while fifty HTTP clients speak."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import time
from typing import TYPE_CHECKING

import httpx

from bench.describe import crowd, measure
from bench.report import publish, table
from bench.serving import free_port, serve, speak

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT = "第{}次测量：今天天气很好，我们打开窗户，听一会儿音乐，然后出去走一走。"


async def first_byte(url: str, text: str) -> float:
    """Return seconds until the first bytes behind a WAV header's 44 come, over a connection of its own."""
    body = {"input": text, "response_format": "wav"}
    async with httpx.AsyncClient(timeout=120) as client:
        started = time.perf_counter()
        got = 0
        async with client.stream("POST", f"{url}/v1/audio/speech", json=body) as answer:
            answer.raise_for_status()
            first = 0.0
            async for part in answer.aiter_bytes():
                got += len(part)
                if got > 44 and not first:
                    first = time.perf_counter() - started
        return first


def keep_speaking(url: str, number: int) -> None:
    """Be ten clients that speak without end; every third leaves in the middle."""

    async def client(one: int) -> None:
        async with httpx.AsyncClient(timeout=300) as session:
            for sentence in itertools.count():
                body = {"text": TEXT.format(f"{number}-{one}-{sentence}")}
                try:
                    await session.post(f"{url}/tts", json=body, timeout=0.5 if one % 3 == 0 else 300)
                except httpx.TimeoutException:
                    continue

    async def clients() -> None:
        await asyncio.gather(*(client(one) for one in range(10)))

    asyncio.run(clients())


def main(argv: list[str] | Sequence[str]) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="script/bench http", description=__doc__)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=20.0)
    arguments = parser.parse_args(argv)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    flags = ("--model", arguments.model, "--http", f"127.0.0.1:{port}", "--cache-memory", "0", "--max-queue", "64")
    with serve(*flags, "--http-rate-limit", "0") as process:
        asyncio.run(speak(process, TEXT.format("预热")))
        wyoming, http = [], []
        for number in range(arguments.rounds):
            wyoming.append(asyncio.run(speak(process, TEXT.format(number))).first_audio)
            http.append(asyncio.run(first_byte(url, TEXT.format(number))))
        with crowd(keep_speaking, [(url, number) for number in range(5)]):
            delays = asyncio.run(measure(process, arguments.seconds))
    ratio = statistics.median(http) / statistics.median(wyoming)
    first = table(
        ["protocol", "first audio, median ms"],
        [["Wyoming", statistics.median(wyoming) * 1000], ["HTTP", statistics.median(http) * 1000]],
    )
    crowded = table(
        ["asked", "median ms", "p99 ms", "worst ms"],
        [[len(delays), statistics.median(delays), delays[int(0.99 * len(delays))], delays[-1]]],
    )
    publish(
        "http",
        f"HTTP beside Wyoming ({arguments.model})",
        f"First audio of the same {arguments.rounds} texts, taken in turn, no cache: HTTP / Wyoming = {ratio:.2f}\n\n"
        f"{first}\n\n`describe` over Wyoming while 50 HTTP clients speak, a third of which leave:\n\n{crowded}",
    )
    return 0

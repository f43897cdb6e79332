"""How quickly the server answers `describe` while clients synthesise (Home Assistant gives it one second)."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import multiprocessing
import statistics
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wyoming.info import Describe

from bench.report import publish, table
from bench.serving import Process, serve, speak

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

TEXT = "第{}位客人说：今天天气很好，我们打开窗户，听一会儿音乐，然后出去走一走。"


def keep_speaking(port: int, number: int) -> None:
    """Be a client that speaks without end."""
    process = Process((), port)
    for sentence in itertools.count():
        asyncio.run(speak(process, TEXT.format(f"{number}-{sentence}")))


@contextmanager
def crowd(target: Callable[..., None], arguments: Iterable[tuple[object, ...]]) -> Iterator[None]:
    """Run a process for each set of arguments, so that the clients' work is not taken from the measuring loop."""
    members = [multiprocessing.Process(target=target, args=one, daemon=True) for one in arguments]
    for member in members:
        member.start()
    time.sleep(2)
    try:
        yield
    finally:
        for member in members:
            member.kill()
            member.join()


async def measure(process: Process, seconds: float) -> list[float]:
    """Return the delays in milliseconds, sorted; each `describe` goes over a connection of its own, as in real life."""
    delays = []
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        started = time.perf_counter()
        async with process.client() as client:
            await client.write_event(Describe().event())
            event = await client.read_event()
            assert event is not None
            assert event.type == "info"
        delays.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(0.02)
    return sorted(delays)


def main(argv: list[str] | Sequence[str]) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="script/bench describe", description=__doc__)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20.0)
    arguments = parser.parse_args(argv)
    rows = []
    for clients in (0, arguments.clients):
        with (
            serve("--model", arguments.model) as process,
            crowd(keep_speaking, [(process.port, number) for number in range(clients)]),
        ):
            delays = asyncio.run(measure(process, arguments.seconds))
        rows.append(
            [
                clients,
                len(delays),
                statistics.median(delays),
                delays[int(0.99 * len(delays))],
                delays[-1],
            ]
        )
    publish(
        "describe",
        f"`describe` while clients synthesise ({arguments.model})",
        table(["clients that speak", "asked", "median ms", "p99 ms", "worst ms"], rows)
        + "\n\nConnect, ask and read the whole answer, from a Python client on the same cores.",
    )
    return 0

"""Many requests, and the benchmark that others use."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from tests.server.harness import PATIENCE, Server, ask

if TYPE_CHECKING:
    from tests.server.conftest import StartServer

BENCH = Path(sys.executable).with_name("wyoming-bench")


async def requests(server: Server, numbers: range) -> None:
    """Speak on connections of their own, streamed and not, none from the cache."""
    for number in numbers:
        async with server.client() as client, asyncio.timeout(PATIENCE):
            text = f"Request {number}. Once more."
            if number % 2:
                answer = await ask(client, Synthesize(text).event())
            else:
                events = [SynthesizeStart().event(), SynthesizeChunk(text).event(), SynthesizeStop().event()]
                answer = await ask(client, *events, streaming=True)
            assert answer.error is None
            assert answer.audio


@pytest.mark.slow
async def test_memory_stays_flat_over_500_requests(start: StartServer, monkeypatch: pytest.MonkeyPatch) -> None:
    # glibc keeps a pool for each of many threads, and filling all of them takes a thousand requests more
    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")
    server = start("--cache-memory", "1", quick=True)
    sizes = []
    for round_number in range(1, 4):  # the cache and the allocator's pools fill in the first
        firsts = range(round_number * 10_000, round_number * 10_000 + 500, 125)
        await asyncio.gather(*(requests(server, range(first, first + 125)) for first in firsts))
        sizes.append(server.resident_bytes)
    assert sizes[2] < sizes[1] * 1.03, sizes
    server.stop()


@pytest.mark.skipif(not BENCH.exists(), reason="wyoming-bench is not installed")
def test_wyoming_bench_runs_clean(start: StartServer) -> None:
    server = start()
    done = subprocess.run(
        [str(BENCH), "tts", f"127.0.0.1:{server.port}", "--rounds", "2", "--programs", "cosyvoice"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok=8 fail=0") == 2, done.stdout
    assert "NOT SUPPORTED" not in done.stdout
    server.stop()

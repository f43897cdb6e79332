"""Whether a long text costs the same at its end as at its beginning: time and memory of the server, part by part.

    script/bench long --data-dir DIR --model NAME [--minutes 10]

The text is sent in pieces, as a language model's answer arrives, and heard as fast as it is made. Each part is as much
audio as the table says. The model must be installed: `wyoming-cosyvoice models install NAME --from BUNDLE`.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wyoming.audio import AudioChunk
from wyoming.tts import SynthesizeChunk, SynthesizeStart

from bench.report import table
from bench.serving import serve, speak

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wyoming.client import AsyncTcpClient

    from bench.serving import Process

PLACES = ("客厅", "厨房", "卧室", "书房", "走廊", "阳台", "车库", "花园")
STATES = ("已经打开", "已经关好", "比昨天暖和", "需要打扫", "今天很安静", "比外面凉快")


@dataclass(frozen=True)
class Part:
    """What was known when so many seconds of audio had come; megabytes are the server's, pages of files apart."""

    audio: float
    seconds: float
    processor: float
    own: float
    files: float


def sentences() -> Iterator[str]:
    """Yield sentences without end, none of them twice, so that none comes from the cache."""
    number = 0
    while True:
        number += 1
        yield f"第{number}件事，{PLACES[number % len(PLACES)]}{STATES[number % len(STATES)]}。"


def marks(minutes: float) -> list[float]:
    """Return the seconds of audio at which parts end: ten seconds in the first minute, then minutes."""
    return [10.0 * part for part in range(1, 7)] + [60.0 * part for part in range(2, int(minutes) + 1)]


async def listen(process: Process, ends: Sequence[float]) -> list[Part]:
    """Hear a text until the last of the marks; return what was known at each."""
    parts, supply, heard = [now(process, 0.0, 0.0)], Supply(), 0.0
    async with process.client() as client:
        started = time.perf_counter()
        writer = asyncio.create_task(supply.write(client))
        try:
            while len(parts) <= len(ends):
                event = await client.read_event()
                if event is None or event.type == "error":
                    raise RuntimeError(f"it ended after {heard:.0f} s: {event}")
                if AudioChunk.is_type(event.type):
                    chunk = AudioChunk.from_event(event)
                    heard += chunk.samples / chunk.rate
                    supply.heard(heard)
                if heard >= ends[len(parts) - 1]:
                    parts.append(now(process, heard, time.perf_counter() - started))
        finally:
            writer.cancel()
    return parts


def now(process: Process, audio: float, seconds: float) -> Part:
    """Ask the system."""
    return Part(audio, seconds, process.processor_seconds, process.memory("RssAnon"), process.memory("RssFile"))


class Supply:
    """Sends sentences well ahead of what was heard: an answer comes faster than it is said."""

    def __init__(self) -> None:
        self._heard = 0.0
        self._changed = asyncio.Event()

    async def write(self, client: AsyncTcpClient) -> None:
        """Send without end."""
        sent = 0
        await client.write_event(SynthesizeStart().event())
        for sentence in sentences():
            # between two and five characters a second are said
            while sent > 5 * (self._heard + 10):
                self._changed.clear()
                await self._changed.wait()
            sent += len(sentence)
            await client.write_event(SynthesizeChunk(sentence).event())

    def heard(self, seconds: float) -> None:
        """Note how much came out."""
        self._heard = seconds
        self._changed.set()


def main(argv: Sequence[str]) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="script/bench long", description=__doc__)
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--minutes", type=float, default=10.0)
    arguments = parser.parse_args(argv)
    flags = ("--data-dir", arguments.data_dir, "--model", arguments.model)
    with serve(*flags, "--max-text-length", "100000", "--max-audio", "3600") as process:
        asyncio.run(speak(process, "先说一句别的话，这样声音的响度就已经量好了。"))
        parts = asyncio.run(listen(process, marks(arguments.minutes)))
        peak = process.peak_megabytes
    rows = []
    for before, part in itertools.pairwise(parts):
        length = part.audio - before.audio
        rows.append(
            [
                f"{before.audio:.0f} to {part.audio:.0f} s",
                (part.seconds - before.seconds) / length,
                (part.processor - before.processor) / length,
                round(part.own),
                round(part.files),
            ]
        )
    print(table(["audio", "real-time factor", "processor", "MB of its own at its end", "MB of files"], rows))
    print(f"\n{peak:.0f} MB at most; ready after {process.start_seconds:.1f} s")
    return 0

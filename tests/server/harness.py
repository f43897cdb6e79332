"""A server as users start it, and what a client can do with it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.tts import SynthesizeStopped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from wyoming.event import Event

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-X", "dev", "-m", "wyoming_cosyvoice")
QUICK_PROGRAM = (sys.executable, "-m", "wyoming_cosyvoice")
"""Without the development mode, whose checks make asyncio several times slower."""
PATIENCE = 120.0
TROUBLE = (
    "Traceback",
    "never retrieved",
    "never awaited",
    "Unhandled",
    "Task was destroyed",
    "ERROR:",
    "socket.send()",
)


class Server:
    """`python -m wyoming_cosyvoice` in a process of its own; its log tells when it is ready and where it listens."""

    def __init__(
        self, folder: Path, *flags: str, uri: str = "tcp://127.0.0.1:0", model: str = "tone", quick: bool = False
    ) -> None:
        self._log_path = folder / "log.txt"
        data_dir = () if "--data-dir" in flags else ("--data-dir", str(folder / "data"))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("WYOMING_COSYVOICE_")}
        with self._log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [*(QUICK_PROGRAM if quick else PROGRAM), "--model", model, "--uri", uri, *data_dir, *flags],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
            )

    def wait_until_ready(self) -> Server:
        """Wait for the line that people wait for."""
        self.wait_for("Ready")
        return self

    def wait_for(self, words: str, times: int = 1) -> None:
        """Wait until the log has these words so many times."""
        deadline = time.monotonic() + PATIENCE
        while self.log.count(words) < times:
            assert self.process.poll() is None, f"it ended before {words!r}:\n{self.log}"
            assert time.monotonic() < deadline, f"no {words!r} in time:\n{self.log}"
            time.sleep(0.02)

    @property
    def log(self) -> str:
        """Everything it has logged."""
        return self._log_path.read_text()

    @property
    def uri(self) -> str:
        """Where it listens."""
        found = re.search(r"Listening on (\S+)", self.log)
        assert found
        return found[1]

    @property
    def port(self) -> int:
        """The port it took."""
        return int(self.uri.rpartition(":")[2])

    @property
    def resident_bytes(self) -> int:
        """Its resident memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def client(self) -> AsyncClient:
        """Return a real client, not yet connected."""
        return AsyncClient.from_uri(self.uri, connect_timeout=PATIENCE, read_timeout=PATIENCE)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop it as a container does; it must leave in good order and must not have complained."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.expect_exit(0)

    def expect_exit(self, status: int) -> None:
        """Wait for its end."""
        try:
            assert self.process.wait(PATIENCE) == status, self.log
        finally:
            self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout):
                assert stream is not None
                stream.close()
        assert not [word for word in TROUBLE if word in self.log], self.log


@dataclass
class Answer:
    """What came back for one request."""

    types: list[str] = field(default_factory=list)
    audio: bytes = b""
    rate: int = 0
    error: Error | None = None

    @property
    def seconds(self) -> float:
        """How long the audio lasts."""
        return len(self.audio) / 2 / self.rate if self.rate else 0.0

    @property
    def shape(self) -> list[str]:
        """The events' types, runs of chunks as one."""
        return [kind for index, kind in enumerate(self.types) if index == 0 or self.types[index - 1] != kind]


async def read_answer(client: AsyncClient, *, streaming: bool, rate: int = 0) -> Answer:
    """Read one answer to its end, and check each event in it; `rate` is known where its start was read already."""
    answer = Answer(rate=rate)
    while (event := await client.read_event()) is not None:
        answer.types.append(event.type)
        if AudioStart.is_type(event.type):
            start = AudioStart.from_event(event)
            assert (start.width, start.channels) == (2, 1)
            answer.rate = start.rate
        elif AudioChunk.is_type(event.type):
            chunk = AudioChunk.from_event(event)
            assert (chunk.rate, chunk.width, chunk.channels) == (answer.rate, 2, 1)
            assert chunk.audio
            assert len(chunk.audio) % 2 == 0
            answer.audio += chunk.audio
        elif Error.is_type(event.type):
            answer.error = Error.from_event(event)
        ends = SynthesizeStopped if streaming else AudioStop
        if ends.is_type(event.type) or (answer.error and not streaming and not answer.rate):
            break
    return answer


async def ask(client: AsyncClient, *events: Event, streaming: bool = False) -> Answer:
    """Send events and read the answer to them."""
    for event in events:
        await client.write_event(event)
    return await read_answer(client, streaming=streaming)


async def describe(client: AsyncClient) -> Info:
    """Ask a server to describe itself."""
    await client.write_event(Describe().event())
    event = await client.read_event()
    assert event is not None
    return Info.from_event(event)


@asynccontextmanager
async def raw(server: Server) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect without the manners of a client."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 24)
    try:
        yield reader, writer
    finally:
        writer.close()

"""A server in a process of its own, for benches to talk to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize, SynthesizeVoice

from bench.report import memory_of, processor_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

_START_SECONDS = 600.0


@dataclass
class Process:
    """A Wyoming server that listens on `port` once it answers; use it as a context manager."""

    command: Sequence[str]
    port: int
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="bench-")))
    start_seconds: float = 0.0

    def __enter__(self) -> Self:
        """Start it and wait until it accepts a connection."""
        started = time.perf_counter()
        with (self.folder / "log.txt").open("wb") as log:
            self._process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        while not self._listens():
            if self._process.poll() is not None or time.perf_counter() - started > _START_SECONDS:
                raise RuntimeError(f"{self.command[0]} did not start:\n{self.log}")
            time.sleep(0.02)
        self.start_seconds = time.perf_counter() - started
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        finally:
            self._process.kill()

    @property
    def log(self) -> str:
        """What it has printed."""
        return (self.folder / "log.txt").read_text("utf-8", "replace")

    @property
    def resident_megabytes(self) -> float:
        """Resident memory now."""
        return self.memory("VmRSS")

    @property
    def peak_megabytes(self) -> float:
        """The most resident memory so far."""
        return self.memory("VmHWM")

    @property
    def processor_seconds(self) -> float:
        """What it has taken of all cores so far."""
        return processor_of(self._process.pid)

    def client(self) -> AsyncTcpClient:
        """Return a client, not yet connected."""
        return AsyncTcpClient("127.0.0.1", self.port, connect_timeout=60, read_timeout=120)

    def memory(self, name: str) -> float:
        """Return one of Linux's figures (`memory_of`) in megabytes."""
        return memory_of(self._process.pid).get(name, 0.0)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def serve(*flags: str) -> Process:
    """Return our server, not yet started."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    data_dir = [] if "--data-dir" in flags else ["--data-dir", os.environ.get("BENCH_DATA_DIR", str(folder / "data"))]
    command = [sys.executable, "-m", "wyoming_cosyvoice", "--uri", f"tcp://127.0.0.1:{port}", *data_dir, *flags]
    return Process(command, port, folder)


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@dataclass
class Spoken:
    """What one request cost, in seconds."""

    first_audio: float
    total: float
    audio: float


async def speak(process: Process, text: str, voice: str | None = None) -> Spoken:
    """Have a text spoken on a connection of its own; raises RuntimeError where the server reports an error."""
    async with process.client() as client:
        started = time.perf_counter()
        await client.write_event(Synthesize(text, SynthesizeVoice(voice) if voice else None).event())
        first, samples, rate = 0.0, 0, 1
        while (event := await client.read_event()) is not None and event.type != "audio-stop":
            if event.type == "error":
                raise RuntimeError(str(event.data))
            if AudioChunk.is_type(event.type):
                chunk = AudioChunk.from_event(event)
                first = first or time.perf_counter() - started
                samples, rate = samples + chunk.samples, chunk.rate
        return Spoken(first, time.perf_counter() - started, samples / rate)

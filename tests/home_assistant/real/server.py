"""The server as users start it, to be stopped, killed and started again at the same address."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PATIENCE = 150.0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class CosyVoice:
    """Runs in the environment of COSYVOICE_PYTHON: Home Assistant's own has no ONNX Runtime."""

    def __init__(self, folder: Path) -> None:
        self.host = "127.0.0.1"
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    @property
    def log(self) -> str:
        return (self._folder / f"server{self._starts}.log").read_text()

    async def start(self, model: str, *flags: str) -> None:
        """Start and wait until it is ready; the data folder, and with it the identity, stays the same."""
        self._starts += 1
        python = os.environ.get("COSYVOICE_PYTHON", sys.executable)
        address = f"tcp://{self.host}:{self.port}"
        command = [python, "-m", "wyoming_cosyvoice", "serve", "--uri", address, "--model", model]
        with (self._folder / f"server{self._starts}.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--data-dir", str(self._folder / "data"), *flags],
                cwd=ROOT,
                stderr=log,
                stdout=log,
                stdin=subprocess.DEVNULL,
            )
        async with asyncio.timeout(PATIENCE):
            while "Ready" not in self.log:
                assert self._process.poll() is None, self.log
                await asyncio.sleep(0.1)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(20)
            self._process = None

"""The server as its users start it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]


class Server:
    """A server process that can be stopped and started again on the same port."""

    def __init__(self, data: Path, model: str, *settings: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._command = [sys.executable, "-m", "wyoming_cosyvoice", "serve", "--model", model, "--data-dir", str(data)]
        self._command += ["--uri", f"unix://{data}/wyoming.sock", "--http", f"127.0.0.1:{self.port}", *settings]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, cwd=ROOT)
        for _ in range(600):
            try:
                if httpx.get(f"{self.url}readyz").status_code == 200:
                    return
            except httpx.TransportError:
                assert self._process.poll() is None, "the server ended"
            time.sleep(0.1)
        raise TimeoutError("the server did not get ready in a minute")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            assert self._process.wait(20) == 0
            self._process = None

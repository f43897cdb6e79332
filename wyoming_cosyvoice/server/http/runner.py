"""Runs the application inside the server's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

import uvicorn

from wyoming_cosyvoice.server.http.app import create_app
from wyoming_cosyvoice.server.model_manager import ModelManager

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.speech.service import SpeechService


class HttpServer:
    """uvicorn without its own signal handling: the lifecycle stops it."""

    def __init__(self, service: SpeechService, config: Config, host: str, port: int) -> None:
        self._address = (host, port)
        self._manager = ModelManager(service, config)
        self._server = _Server(
            uvicorn.Config(
                create_app(service, config, self._manager),
                log_config=None,
                log_level="info" if config.debug else "warning",
                access_log=config.debug,
                lifespan="off",
                limit_concurrency=config.max_connections,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=5,
                ws_max_size=1 << 20,
                server_header=False,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen; return the port. Raises OSError where the address can't be used."""
        # bound here, not by uvicorn: that would end the whole process where the port is taken
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        listener = socket.create_server(self._address, family=family)
        listener.setblocking(False)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        port: int = listener.getsockname()[1]
        return port

    async def stop(self) -> None:
        """Finish what runs, within five seconds, and close."""
        self._server.should_exit = True
        await self._manager.stop()
        if self._task is not None:
            await self._task


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave SIGTERM and SIGINT to the lifecycle."""
        yield

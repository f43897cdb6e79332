"""A real HTTP server over the test tones, and clients of it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.engines.registry import Engines
from wyoming_cosyvoice.engines.tone import ToneEngine
from wyoming_cosyvoice.server.http.runner import HttpServer
from wyoming_cosyvoice.speech.service import SpeechService

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path


@dataclass
class Running:
    """A server that listens, its service and a client."""

    url: str
    service: SpeechService
    client: httpx.AsyncClient

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/ws/tts"

    async def speech(self, text: str, **fields: Any) -> httpx.Response:
        return await self.client.post("/tts", json={"text": text, **fields})


Start = "Callable[..., AbstractAsyncContextManager[Running]]"


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[Running]]:
    """Start a server; the real-time factor of its engine and any setting can be given."""

    @asynccontextmanager
    async def run(
        real_time_factor: float = 0.0, engine: ToneEngine | None = None, **settings: Any
    ) -> AsyncIterator[Running]:
        config = Config(data_dir=tmp_path, **settings)
        service = SpeechService(Engines([engine or ToneEngine(real_time_factor)]), config)
        await service.start()
        server = HttpServer(service, config, "127.0.0.1", 0)
        port = await server.start()
        url = f"http://127.0.0.1:{port}"
        try:
            async with httpx.AsyncClient(base_url=url, timeout=30) as client:
                yield Running(url, service, client)
        finally:
            await server.stop()
            await service.stop(0)

    return run

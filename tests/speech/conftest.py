"""A service for each test, stopped after it, and a client that speaks through it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.speech.engines import PATIENCE
from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.engines.registry import Engines
from wyoming_cosyvoice.speech.request import SpeechOptions
from wyoming_cosyvoice.speech.service import SpeechService

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from wyoming_cosyvoice.audio.pcm import Pcm
    from wyoming_cosyvoice.engines.engine import Engine

MakeService = Callable[..., Coroutine[Any, Any, SpeechService]]


@pytest.fixture
async def make_service(tmp_path: Path) -> AsyncIterator[MakeService]:
    """Start a service with those engines and settings; it's stopped at the end of the test."""
    async with AsyncExitStack() as stack:

        async def make(*engines: Engine, **settings: Any) -> SpeechService:
            service = SpeechService(
                Engines(engines, settings.get("voice")), Config(**{"data_dir": tmp_path, **settings})
            )
            await service.start()
            stack.push_async_callback(service.stop, 0)
            return service

        yield make


async def speak(service: SpeechService, *pieces: str, client: str = "test", **options: Any) -> Pcm:
    """Speak a text that comes in pieces and return all its samples."""
    async with service.open(SpeechOptions(**options), client) as stream:
        for piece in pieces:
            stream.feed(piece)
        stream.end()
        blocks = [chunk.samples async for chunk in stream]
    assert all(block.dtype == np.int16 for block in blocks)
    assert all(block.size == blocks[0].size for block in blocks[:-1])
    return np.concatenate(blocks)


async def soon(condition: Callable[[], bool]) -> None:
    """Wait until something is so; fail where it never is."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.002)


async def happened(event: threading.Semaphore | threading.Event) -> None:
    """Wait for another thread without holding up the loop."""
    wait = event.acquire if hasattr(event, "acquire") else event.wait
    assert await asyncio.to_thread(wait, timeout=PATIENCE)

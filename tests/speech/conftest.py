"""A service for each test, stopped after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.engines.registry import Engines
from wyoming_cosyvoice.speech.service import SpeechService

if TYPE_CHECKING:
    from pathlib import Path

    from wyoming_cosyvoice.engines.engine import Engine

MakeService = Callable[..., Any]


@pytest.fixture
async def make_service(tmp_path: Path) -> AsyncIterator[MakeService]:
    """Start a service with those engines and settings; it's stopped at the end of the test."""
    async with AsyncExitStack() as stack:

        async def make(*engines: Engine, **settings: Any) -> SpeechService:
            service = SpeechService(Engines(engines), Config(**{"data_dir": tmp_path, **settings}))
            await service.start()
            stack.push_async_callback(service.stop, 0)
            return service

        yield make

"""The house that all tests live in."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from tests.home_assistant.real.home import Home
from tests.home_assistant.real.server import CosyVoice


@pytest.fixture(scope="session")
async def cosyvoice(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[CosyVoice]:
    server = CosyVoice(tmp_path_factory.mktemp("cosyvoice"))
    try:
        await server.start("tone")
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Home]:
    home = Home(Path(tmp_path_factory.mktemp("home")) / "config")
    try:
        await home.start()
        yield home
    finally:
        await home.stop()

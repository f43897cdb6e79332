"""The OpenAPI description is true: schemathesis attacks every operation and compares the answers with it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.engines.registry import Engines
from wyoming_cosyvoice.engines.tone import ToneEngine
from wyoming_cosyvoice.server.http.runner import HttpServer
from wyoming_cosyvoice.speech.service import SpeechService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# a text longer than the description allows is refused as too large
SETTINGS = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 404, 405, 413, 415]
"""


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server in a thread of its own: schemathesis is not asynchronous."""
    loop = asyncio.new_event_loop()
    config = Config(
        data_dir=tmp_path_factory.mktemp("data"), max_text_length=200, http_rate_limit=0, http_token="secret"
    )
    service = SpeechService(Engines([ToneEngine()]), config)
    server = HttpServer(service, config, "127.0.0.1", 0)

    async def begin() -> int:
        await service.start()
        return await server.start()

    async def end() -> None:
        await server.stop()
        await service.stop(0)

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    port = asyncio.run_coroutine_threadsafe(begin(), loop).result(20)
    yield f"http://127.0.0.1:{port}"
    asyncio.run_coroutine_threadsafe(end(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.slow
def test_every_answer_is_as_described(server_url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server_url}/openapi.json", "--max-examples", "10"]
    command += ["--header", "Authorization: Bearer secret", "--phases", "coverage,fuzzing"]
    command += ["--checks", "all", "--seed", "1", "--no-color", "--request-timeout", "30"]
    (tmp_path / "schemathesis.toml").write_text(SETTINGS)
    # its own folder: it writes a database of examples where it runs
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "No issues found" in result.stdout

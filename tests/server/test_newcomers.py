"""A model that is installed while the server runs."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from wyoming_cosyvoice.cli import main
from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.server.newcomers import Newcomers

if TYPE_CHECKING:
    from wyoming_cosyvoice.engines.registry import Engines
    from wyoming_cosyvoice.speech.service import SpeechService


class Service:
    """Keeps the engines that it is given."""

    def __init__(self) -> None:
        self.given: list[Engines] = []
        self.changed = asyncio.Event()

    def replace_engines(self, engines: "Engines") -> None:
        self.given.append(engines)
        self.changed.set()


async def run_command(*arguments: Any) -> int:
    return await asyncio.to_thread(main, [str(argument) for argument in arguments])


@pytest.mark.parametrize("model", ["auto", "mine"])
async def test_an_installed_model_speaks_without_a_restart(model: str, tmp_path: Path, tiny_bundle: Path) -> None:
    service = Service()
    newcomers = Newcomers(cast("SpeechService", service), Config(data_dir=tmp_path, model=model), interval=0.05)
    newcomers.start()
    try:
        assert await run_command("models", "install", "mine", "--from", tiny_bundle, "--data-dir", tmp_path) == 0
        async with asyncio.timeout(60):
            await service.changed.wait()
        voices = [voice.id for engine in service.given[-1] for voice in engine.voices]
        assert "ko_female_1" in voices
    finally:
        await newcomers.stop()
        for engines in service.given:
            for engine in engines:
                engine.close()


async def test_what_is_not_asked_for_changes_nothing(tmp_path: Path, tiny_bundle: Path) -> None:
    service = Service()
    newcomers = Newcomers(cast("SpeechService", service), Config(data_dir=tmp_path, model="tone"), interval=0.02)
    newcomers.start()
    assert await run_command("models", "install", "mine", "--from", tiny_bundle, "--data-dir", tmp_path) == 0
    await asyncio.sleep(0.3)
    await newcomers.stop()
    assert not service.given


async def test_a_damaged_newcomer_leaves_the_old_engines(
    tmp_path: Path, tiny_bundle: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service()
    newcomers = Newcomers(cast("SpeechService", service), Config(data_dir=tmp_path, model="mine"), interval=0.02)
    newcomers.start()
    assert await run_command("models", "install", "mine", "--from", tiny_bundle, "--data-dir", tmp_path) == 0
    async with asyncio.timeout(60):
        await service.changed.wait()
    manifest = tmp_path / "models" / "mine" / "manifest.json"
    (tmp_path / "models" / "mine" / "f0.onnx").unlink()
    manifest.write_text(manifest.read_text("utf-8").replace('"revision": "', '"revision": "x'), "utf-8")
    async with asyncio.timeout(60):
        while "the ones in use stay" not in caplog.text:
            await asyncio.sleep(0.02)
    await newcomers.stop()
    assert "f0.onnx is missing" in caplog.text
    assert len(service.given) == 1
    for engine in service.given[0]:
        engine.close()

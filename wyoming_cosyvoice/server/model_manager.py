"""Installing, choosing and removing models while the server speaks.

A model is installed by a process of its own (``wyoming-cosyvoice models install``): converting a checkpoint takes a
gigabyte and every core for a minute, and none of that stays behind in the server. When it is done the engines are
loaded anew; requests that run finish on the old ones.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.loading import load_engines
from wyoming_cosyvoice.errors import ModelError, SpeechError
from wyoming_cosyvoice.store.catalogue import find_entry, read_catalogue
from wyoming_cosyvoice.store.library import Library

if TYPE_CHECKING:
    from pathlib import Path
    from typing import ClassVar

    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.speech.service import SpeechService

_LAST_LINES = 20


class ConflictError(SpeechError):
    """Something else is being done to the models."""

    code: ClassVar[str] = "conflict"
    http_status: ClassVar[int] = 409


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model as an administrator sees it. `in_use` is the one that speaks where no voice is named."""

    name: str
    description: str
    licence: str
    installed: bool
    loaded: bool
    in_use: bool
    bytes: int


@dataclass(eq=False)
class Installation:
    """An installation that runs or has ended; `error` says why it failed."""

    name: str
    folders: tuple[Path, ...]
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    error: SpeechError | None = None

    def bytes_written(self) -> int:
        """Count what was fetched and made so far; blocks for some file look-ups."""
        return sum(path.stat().st_size for folder in self.folders for path in folder.rglob("*") if path.is_file())


class ModelManager:
    """Looks after the models of one server. Belongs to the event loop."""

    def __init__(self, service: SpeechService, config: Config) -> None:
        self._service = service
        self._config = config
        self._library = Library(config.models_dir)
        self._installation: Installation | None = None
        self._installing: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()

    @property
    def installing(self) -> str | None:
        """The name of the model that is being installed."""
        running = self._installation
        return running.name if running is not None and not running.finished.is_set() else None

    async def models(self) -> list[ModelState]:
        """Return what is installed and what can be."""
        return await asyncio.to_thread(self._models)

    def install(self, name: str) -> Installation:
        """Begin to install a model of the catalogue, or join the installation that runs.

        Raises ModelError for a name that the catalogue does not have, and ConflictError while another is installed.
        """
        find_entry(name)
        running = self._installation
        if running is not None and not running.finished.is_set():
            if running.name != name:
                raise ConflictError(f"{running.name} is being installed", "Wait until it is done")
            return running
        folder = self._library.folder
        self._installation = Installation(name, (folder / f".{name}.download", folder / f".{name}.work"))
        self._installing = asyncio.create_task(self._install(self._installation))
        return self._installation

    async def choose(self, name: str) -> None:
        """Have a model speak where no voice is named; with ``--model auto`` it stays so after a restart.

        Raises ModelError.
        """
        async with self._changing:
            await asyncio.to_thread(self._library.prefer, name)
            self._config = replace(self._config, model="auto")
            await self._load()

    async def remove(self, name: str) -> None:
        """Delete a model. Raises ModelError."""
        async with self._changing:
            await asyncio.to_thread(self._library.remove, name)
            await self._load()

    async def stop(self) -> None:
        """End an installation that runs; its work is kept and goes on next time."""
        if self._installing is not None:
            self._installing.cancel()
            await asyncio.gather(self._installing, return_exceptions=True)

    async def _install(self, installation: Installation) -> None:
        try:
            await self._run_installer(installation.name)
            async with self._changing:
                await self._load()
        except SpeechError as error:
            installation.error = error
        finally:
            installation.finished.set()

    async def _run_installer(self, name: str) -> None:
        command = [sys.executable, "-m", "wyoming_cosyvoice", "models", "install", name]
        command += ["--data-dir", str(self._config.data_dir)]
        if self._config.download_dir is not None:
            command += ["--download-dir", str(self._config.download_dir)]
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            _, output = await process.communicate()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        if process.returncode != 0:
            lines = output.decode("utf-8", "replace").strip().splitlines()[-_LAST_LINES:]
            said = lines[-1].partition(": ")[2] if lines else f"the installer ended with {process.returncode}"
            raise ModelError(f"{name} could not be installed: {said}")

    async def _load(self) -> None:
        """Load the engines anew; the ones that speak now stay where that fails."""
        self._service.replace_engines(await asyncio.to_thread(load_engines, self._config))

    def _models(self) -> list[ModelState]:
        states = {
            entry.name: ModelState(entry.name, entry.description, entry.licence, False, False, False, 0)
            for entry in read_catalogue().values()
        }
        engines = tuple(self._service.engines)
        for item in self._library.installed():
            name = item.folder.name
            known = states.get(name, ModelState(name, item.manifest.engine, "", False, False, False, 0))
            speaking = [engine for engine in engines if item.manifest.revision in engine.revision]
            states[name] = replace(
                known,
                installed=True,
                loaded=bool(speaking),
                in_use=engines[:1] == tuple(speaking[:1]) and bool(speaking),
                bytes=item.manifest.bytes,
            )
        return list(states.values())

"""Models that are installed while the server runs speak without a restart.

`wyoming-cosyvoice models install` is another process, perhaps in another container on the same data folder, so the
folder is looked at now and then. The engines that are there go on until the new ones are loaded.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.loading import load_engines
from wyoming_cosyvoice.errors import SpeechError
from wyoming_cosyvoice.store.library import Library

if TYPE_CHECKING:
    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.speech.service import SpeechService

_LOGGER = logging.getLogger(__name__)
_INTERVAL_SECONDS = 5.0


class Newcomers:
    """Watches the folder of models and gives the service what was installed, replaced or removed."""

    def __init__(self, service: SpeechService, config: Config, interval: float = _INTERVAL_SECONDS) -> None:
        self._service = service
        self._config = config
        self._interval = interval
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch; what is installed now counts as known."""
        self._task = asyncio.create_task(self._watch(self._installed()))

    async def stop(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self, known: dict[str, str]) -> None:
        while True:
            await asyncio.sleep(self._interval)
            found = await asyncio.to_thread(self._installed)
            if found != known and self._concerns(found, known):
                await self._reload()
            known = found

    def _installed(self) -> dict[str, str]:
        return {item.folder.name: item.manifest.revision for item in Library(self._config.models_dir).installed()}

    def _concerns(self, found: dict[str, str], known: dict[str, str]) -> bool:
        """Whether `--model` takes what changed: `auto` takes all, a name only its own, a folder or tones nothing."""
        wanted = self._config.model
        return wanted == "auto" or found.get(wanted) != known.get(wanted)

    async def _reload(self) -> None:
        try:
            engines = await asyncio.to_thread(load_engines, self._config)
        except SpeechError as error:
            _LOGGER.warning("The models changed, but the ones in use stay: %s", error)
            return
        self._service.replace_engines(engines)
        _LOGGER.info("Speaking with %s now", ", ".join(engine.description for engine in engines))

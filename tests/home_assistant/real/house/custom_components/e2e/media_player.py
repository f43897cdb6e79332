"""A loudspeaker that downloads what it is asked to play, as real ones do, and keeps it."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

from homeassistant.components import media_source
from homeassistant.components.media_player import MediaPlayerEntity
from homeassistant.components.media_player.browse_media import async_process_play_media_url
from homeassistant.components.media_player.const import MediaPlayerEntityFeature
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback


async def async_setup_entry(
    hass: HomeAssistant, entry: ConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the loudspeaker."""
    async_add_entities([Loudspeaker()])


class Loudspeaker(MediaPlayerEntity):
    """Writes each sound to the folder `played`, and beside it what the web server said."""

    _attr_name = "Loudspeaker"
    _attr_unique_id = "loudspeaker"
    _attr_supported_features = MediaPlayerEntityFeature.PLAY_MEDIA | MediaPlayerEntityFeature.MEDIA_ANNOUNCE

    def __init__(self) -> None:
        """Count from one."""
        self._numbers = count(1)

    async def async_play_media(self, media_type: str, media_id: str, **kwargs: Any) -> None:
        """Download it."""
        media = await media_source.async_resolve_media(self.hass, media_id, self.entity_id)
        url = async_process_play_media_url(self.hass, media.url)
        async with async_get_clientsession(self.hass).get(url) as response:
            sound = await response.read()
            told = {"status": response.status, "type": response.content_type}
        folder = Path(self.hass.config.path("played"))
        await self.hass.async_add_executor_job(_keep, folder, next(self._numbers), sound, told)


def _keep(folder: Path, number: int, sound: bytes, told: dict[str, Any]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{number}.sound").write_bytes(sound)
    # last, and whole at once: whoever waits for it finds the sound there
    unfinished = folder / f"{number}.part"
    unfinished.write_text(json.dumps(told))
    unfinished.rename(folder / f"{number}.json")

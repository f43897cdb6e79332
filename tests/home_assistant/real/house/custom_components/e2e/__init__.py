"""A household to test in: a loudspeaker that keeps what it plays, and an assistant that says what it is told."""

from __future__ import annotations

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

PLATFORMS = [Platform.CONVERSATION, Platform.MEDIA_PLAYER]


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Set up loudspeaker and assistant."""
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True

"""Text to speech by a CosyVoice server: one config entry a server, one subentry a voice profile."""

from __future__ import annotations

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN
from .coordinator import CosyVoiceConfigEntry, CosyVoiceCoordinator
from .issues import async_delete_issues
from .services import async_describe_voices, async_setup_services

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS = [Platform.SENSOR, Platform.TTS]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions: they exist, and say what is wrong, also while no server is set up."""
    await async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: CosyVoiceConfigEntry) -> bool:
    """Connect to a server."""
    coordinator = CosyVoiceCoordinator(hass, entry)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    entry.async_on_unload(coordinator.async_add_listener(lambda: async_describe_voices(hass)))
    async_describe_voices(hass)
    entry.async_on_unload(entry.add_update_listener(_async_reload))
    return True


async def async_unload_entry(hass: HomeAssistant, entry: CosyVoiceConfigEntry) -> bool:
    """Leave a server."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: CosyVoiceConfigEntry) -> None:
    """Clear what only made sense with that server."""
    async_delete_issues(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: CosyVoiceConfigEntry, device: DeviceEntry
) -> bool:
    """Allow to remove a device that neither the server nor a voice profile stands behind any more."""
    living = {entry.unique_id, *entry.subentries}
    return not any(domain == DOMAIN and name in living for domain, name in device.identifiers)


async def _async_reload(hass: HomeAssistant, entry: CosyVoiceConfigEntry) -> None:
    """Start anew with a changed address or with other voice profiles."""
    hass.config_entries.async_schedule_reload(entry.entry_id)

"""What a bug report needs to know, without what it should not tell."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_HOST, CONF_TOKEN
from homeassistant.core import HomeAssistant

from .coordinator import CosyVoiceConfigEntry

# The title is the name the user gave the server or a profile.
TO_REDACT = {CONF_HOST, CONF_TOKEN, "server_id", "title", "unique_id"}


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: CosyVoiceConfigEntry) -> dict[str, Any]:
    """Return what the entry and the server say."""
    coordinator = entry.runtime_data
    return {
        "entry": async_redact_data(entry.as_dict(), TO_REDACT),
        "server": async_redact_data(asdict(coordinator.data), TO_REDACT),
        "last_update_success": coordinator.last_update_success,
        "last_error": type(coordinator.last_exception).__name__ if coordinator.last_exception else None,
    }

"""Dialogs that mend what an issue tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import voluptuous as vol
from homeassistant.components.repairs import RepairsFlow
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .const import CONF_VOICE
from .forms import voice_selector

if TYPE_CHECKING:
    from homeassistant.components.repairs import RepairsFlowResult  # younger than the oldest supported release


class VoiceMissingRepairFlow(RepairsFlow):
    """Choose another voice for a profile whose voice is gone."""

    def __init__(self, entry_id: str, subentry_id: str) -> None:
        """Remember the profile."""
        self._entry_id = entry_id
        self._subentry_id = subentry_id

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_choose()

    async def async_step_choose(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask for a voice that is there."""
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        profile = entry.subentries.get(self._subentry_id) if entry else None
        if entry is None or profile is None:
            return self.async_abort(reason="profile_removed")
        if entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        if user_input is not None:
            data = {**profile.data, CONF_VOICE: user_input[CONF_VOICE]}
            self.hass.config_entries.async_update_subentry(entry, profile, data=data)
            return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="choose",
            data_schema=vol.Schema({vol.Required(CONF_VOICE): voice_selector(entry.runtime_data.data)}),
            description_placeholders={"profile": profile.title, "voice": str(profile.data.get(CONF_VOICE))},
        )


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Open the dialog of an issue; `voice_missing` is the only one with a dialog."""
    data = data or {}
    return VoiceMissingRepairFlow(str(data.get("entry_id")), str(data.get("subentry_id")))

"""Repair issues: what the user must do something about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import CONF_VOICE, DOMAIN, MINIMUM_SERVER_VERSION
from .server_info import ServerInfo

if TYPE_CHECKING:
    from .coordinator import CosyVoiceConfigEntry

ISSUE_SERVER_TOO_OLD = "server_too_old"
ISSUE_NO_VOICE = "no_voice"
ISSUE_MODEL_INSTALLING = "model_installing"
ISSUE_VOICE_MISSING = "voice_missing"


@callback
def async_update_server_too_old(hass: HomeAssistant, entry: CosyVoiceConfigEntry, too_old: bool) -> None:
    """Raise or clear the issue that the server must be upgraded."""
    placeholders = {"server": entry.title, "minimum": MINIMUM_SERVER_VERSION}
    _update(hass, entry, ISSUE_SERVER_TOO_OLD, placeholders if too_old else None, severity=ir.IssueSeverity.ERROR)


@callback
def async_update_issues(hass: HomeAssistant, entry: CosyVoiceConfigEntry, info: ServerInfo) -> None:
    """Raise what is wrong with the voices and clear what is mended."""
    server = {"server": entry.title}
    installing = info.status.installing
    _update(hass, entry, ISSUE_MODEL_INSTALLING, {**server, "model": installing} if installing else None)
    _update(hass, entry, ISSUE_NO_VOICE, server if not info.voices and not installing else None)
    for subentry in entry.subentries.values():
        voice = subentry.data.get(CONF_VOICE)
        # without any voice the issue is the server's, not the profile's
        missing = bool(voice and info.voices and info.voice(voice) is None)
        placeholders = {**server, "profile": subentry.title, "voice": str(voice)}
        _update(
            hass,
            entry,
            f"{ISSUE_VOICE_MISSING}_{subentry.subentry_id}",
            placeholders if missing else None,
            translation_key=ISSUE_VOICE_MISSING,
            data={"entry_id": entry.entry_id, "subentry_id": subentry.subentry_id},
        )


@callback
def async_delete_issues(hass: HomeAssistant, entry: CosyVoiceConfigEntry) -> None:
    """Clear all issues of a server that is being removed."""
    registry = ir.async_get(hass)
    for domain, issue_id in list(registry.issues):
        if domain == DOMAIN and issue_id.startswith(f"{entry.entry_id}_"):
            ir.async_delete_issue(hass, DOMAIN, issue_id)


def _update(
    hass: HomeAssistant,
    entry: CosyVoiceConfigEntry,
    key: str,
    placeholders: Mapping[str, str] | None,
    *,
    severity: ir.IssueSeverity = ir.IssueSeverity.WARNING,
    translation_key: str | None = None,
    data: dict[str, str | int | float | None] | None = None,
) -> None:
    """Raise the issue where there are placeholders, else clear it. An issue with data can be fixed in a dialog."""
    issue_id = f"{entry.entry_id}_{key}"
    if placeholders is None:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        data=data,
        is_fixable=data is not None,
        severity=severity,
        translation_key=translation_key or key,
        translation_placeholders=dict(placeholders),
    )

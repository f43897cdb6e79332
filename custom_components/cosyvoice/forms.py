"""The fields of a voice profile, for dialogs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol
from homeassistant.const import CONF_LANGUAGE, CONF_NAME
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from .const import (
    CONF_SENTENCE_SILENCE,
    CONF_SPEED,
    CONF_STYLE,
    CONF_VOICE,
    CONF_VOLUME,
    LANGUAGE_AUTO,
    SENTENCE_SILENCE_RANGE,
    SPEED_RANGE,
    VOLUME_RANGE,
)
from .server_info import ServerInfo

# By the names that their speakers use; a translation's key can't hold the capitals of a code. `auto` is translated.
LANGUAGE_NAMES: Final[Mapping[str, str]] = {
    "en": "English",
    "ja": "日本語",
    "ko": "한국어",
    "yue": "廣東話",
    "zh": "中文",
    "zh-CN": "中文（普通话）",
    "zh-HK": "廣東話（香港）",
    "zh-TW": "中文（台灣）",
}


def voice_selector(info: ServerInfo) -> SelectSelector:
    """Return a choice of the installed voices."""
    options = [SelectOptionDict(value=voice.name, label=_label(voice.description, voice.name)) for voice in info.voices]
    return SelectSelector(SelectSelectorConfig(options=options, mode=SelectSelectorMode.DROPDOWN))


def style_selector(info: ServerInfo) -> SelectSelector:
    """Return a choice of the styles the server names, or any words."""
    return SelectSelector(
        SelectSelectorConfig(options=info.styles, custom_value=True, mode=SelectSelectorMode.DROPDOWN)
    )


def speed_selector() -> NumberSelector:
    """Return a box for the speaking rate."""
    return _box(SPEED_RANGE, 0.05)


def volume_selector() -> NumberSelector:
    """Return a box for the loudness."""
    return _box(VOLUME_RANGE, 0.1)


def sentence_silence_selector() -> NumberSelector:
    """Return a box for the pause between sentences."""
    return _box(SENTENCE_SILENCE_RANGE, 0.1, unit="s")


def profile_schema(info: ServerInfo, *, with_name: bool) -> vol.Schema:
    """Return the fields of a voice profile. What is left empty is the server's choice."""
    fields: dict[vol.Marker, Any] = {vol.Required(CONF_NAME): TextSelector()} if with_name else {}
    fields[vol.Optional(CONF_VOICE)] = voice_selector(info)
    fields[vol.Required(CONF_LANGUAGE, default=LANGUAGE_AUTO)] = SelectSelector(
        SelectSelectorConfig(
            options=[SelectOptionDict(value=code, label=_language(code)) for code in (LANGUAGE_AUTO, *info.languages)],
            mode=SelectSelectorMode.DROPDOWN,
            translation_key="language",
        )
    )
    fields[vol.Optional(CONF_SPEED)] = speed_selector()
    fields[vol.Optional(CONF_VOLUME)] = volume_selector()
    fields[vol.Optional(CONF_STYLE)] = style_selector(info)
    fields[vol.Optional(CONF_SENTENCE_SILENCE)] = sentence_silence_selector()
    return vol.Schema(fields)


def profile_data(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a profile keeps of a filled form: no name, and nothing that was left empty."""
    return {key: value for key, value in user_input.items() if key != CONF_NAME and value not in (None, "")}


def _box(limits: tuple[float, float], step: float, unit: str | None = None) -> NumberSelector:
    config = NumberSelectorConfig(min=limits[0], max=limits[1], step=step, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


def _language(code: str) -> str:
    return _label(LANGUAGE_NAMES.get(code, code), code)


def _label(description: str, name: str) -> str:
    return description if description == name else f"{description} ({name})"

"""Actions: speak with everything a voice profile can set, and render phrases ahead of time."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import voluptuous as vol
from homeassistant.components.tts.const import (
    ATTR_CACHE,
    ATTR_LANGUAGE,
    ATTR_MESSAGE,
)
from homeassistant.components.tts.const import (
    DOMAIN as TTS_DOMAIN,
)
from homeassistant.core import HomeAssistant, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_platform_entity_service, async_set_service_schema
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.yaml import load_yaml_dict

from .const import (
    ATTR_MEDIA_PLAYER_ENTITY_ID,
    ATTR_MESSAGES,
    CONF_STYLE,
    CONF_VOICE,
    DOMAIN,
    SERVICE_PRERENDER,
    SERVICE_SPEAK,
)
from .profile import NUMBER_RANGES
from .server_info import ServerInfo

# The fields of the actions as services.yaml has them, kept to fill in the voices that the servers have.
DESCRIPTIONS: HassKey[Mapping[str, Any]] = HassKey(f"{DOMAIN}_action_descriptions")
MAX_MESSAGES: Final = 200

# Ranges are checked by the entity, whose errors are translated.
_SOUND_SCHEMA = {
    vol.Optional(ATTR_LANGUAGE): cv.string,
    vol.Optional(CONF_VOICE): cv.string,
    vol.Optional(CONF_STYLE): cv.string,
    **{vol.Optional(key): vol.Coerce(float) for key in NUMBER_RANGES},
}
_SPEAK_SCHEMA = {
    vol.Required(ATTR_MEDIA_PLAYER_ENTITY_ID): cv.entity_ids,
    vol.Required(ATTR_MESSAGE): cv.string,
    vol.Optional(ATTR_CACHE, default=True): cv.boolean,
    **_SOUND_SCHEMA,
}
_PRERENDER_SCHEMA = {
    vol.Required(ATTR_MESSAGES): vol.All(cv.ensure_list, [cv.string], vol.Length(min=1, max=MAX_MESSAGES)),
    **_SOUND_SCHEMA,
}


async def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    path = Path(__file__).with_name("services.yaml")
    hass.data[DESCRIPTIONS] = await hass.async_add_executor_job(load_yaml_dict, str(path))
    async_register_platform_entity_service(
        hass, DOMAIN, SERVICE_SPEAK, entity_domain=TTS_DOMAIN, schema=_SPEAK_SCHEMA, func="async_speak_with"
    )
    async_register_platform_entity_service(
        hass,
        DOMAIN,
        SERVICE_PRERENDER,
        entity_domain=TTS_DOMAIN,
        schema=_PRERENDER_SCHEMA,
        func="async_prerender",
        supports_response=SupportsResponse.OPTIONAL,
    )


@callback
def async_describe_voices(hass: HomeAssistant) -> None:
    """Offer the voices and styles that the servers have now in the actions' dialogs."""
    voices: dict[str, str] = {}
    styles: dict[str, None] = {}
    for entry in hass.config_entries.async_entries(DOMAIN):
        coordinator = getattr(entry, "runtime_data", None)  # also of an entry that is just being set up
        if coordinator is None:
            continue
        info: ServerInfo = coordinator.data
        voices.update((voice.name, voice.description) for voice in info.voices)
        styles.update(dict.fromkeys(info.styles))
    choices = {
        CONF_VOICE: [{"value": name, "label": label} for name, label in voices.items()],
        CONF_STYLE: list(styles),
    }
    for service, description in hass.data[DESCRIPTIONS].items():
        filled = copy.deepcopy(description)
        for name, options in choices.items():
            filled["fields"][name]["selector"] = {"select": {"options": options, "custom_value": True}}
        async_set_service_schema(hass, DOMAIN, service, filled)

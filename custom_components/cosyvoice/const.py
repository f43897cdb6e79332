"""Names and limits that several modules share."""

from __future__ import annotations

from typing import Final

DOMAIN: Final = "cosyvoice"
MANUFACTURER: Final = "wyoming-cosyvoice"
DEFAULT_PORT: Final = 10200

# The oldest server that tells what this integration needs (the `cosyvoice` object in its description).
MINIMUM_SERVER_VERSION: Final = "0.1.0"

SUBENTRY_PROFILE: Final = "profile"

CONF_VOICE: Final = "voice"
CONF_SPEED: Final = "speed"
CONF_VOLUME: Final = "volume"
CONF_STYLE: Final = "style"
CONF_SENTENCE_SILENCE: Final = "sentence_silence"
CONF_TEXT_FORMAT: Final = "text_format"
# In `default_options` only, so that Home Assistant's cache tells one server state from another; no user can set it.
OPTION_REVISION: Final = "revision"

LANGUAGE_AUTO: Final = "auto"
TEXT_FORMATS: Final = ("text", "ssml")

# The ranges are the server's.
SPEED_RANGE: Final = (0.5, 2.0)
VOLUME_RANGE: Final = (0.0, 4.0)
SENTENCE_SILENCE_RANGE: Final = (0.0, 10.0)
STYLE_MAX_LENGTH: Final = 500

# as in the fields of tts.speak; older releases of Home Assistant do not name it
ATTR_MEDIA_PLAYER_ENTITY_ID: Final = "media_player_entity_id"
ATTR_MESSAGES: Final = "messages"
SERVICE_PRERENDER: Final = "prerender"
SERVICE_SPEAK: Final = "speak"

"""How something is to be said: the settings of a voice profile, and the options of one call that override them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.components.tts import (
    ATTR_PREFERRED_FORMAT,
    ATTR_PREFERRED_SAMPLE_BYTES,
    ATTR_PREFERRED_SAMPLE_CHANNELS,
    ATTR_PREFERRED_SAMPLE_RATE,
)
from homeassistant.const import CONF_LANGUAGE
from homeassistant.exceptions import ServiceValidationError

from .client import SpeechSettings
from .const import (
    CONF_SENTENCE_SILENCE,
    CONF_SPEED,
    CONF_STYLE,
    CONF_TEXT_FORMAT,
    CONF_VOICE,
    CONF_VOLUME,
    DOMAIN,
    LANGUAGE_AUTO,
    OPTION_REVISION,
    SENTENCE_SILENCE_RANGE,
    SPEED_RANGE,
    STYLE_MAX_LENGTH,
    TEXT_FORMATS,
    VOLUME_RANGE,
)
from .pcm import PcmShape
from .server_info import ServerInfo

NUMBER_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    CONF_SPEED: SPEED_RANGE,
    CONF_VOLUME: VOLUME_RANGE,
    CONF_SENTENCE_SILENCE: SENTENCE_SILENCE_RANGE,
}
# What a voice profile holds and what a call may override.
PROFILE_OPTIONS: Final = (CONF_VOICE, CONF_STYLE, *NUMBER_RANGES)
# Rates below and above are no use to any satellite, and the server refuses them.
SAMPLE_RATE_RANGE: Final = (8000, 48000)
SUPPORTED_OPTIONS: Final = [
    *PROFILE_OPTIONS,
    CONF_TEXT_FORMAT,
    ATTR_PREFERRED_FORMAT,
    ATTR_PREFERRED_SAMPLE_RATE,
    ATTR_PREFERRED_SAMPLE_CHANNELS,
    ATTR_PREFERRED_SAMPLE_BYTES,
]


def default_options(profile: Mapping[str, Any], info: ServerInfo) -> dict[str, Any]:
    """Return everything that changes how a text sounds in this profile.

    Home Assistant keys its cache by the text, the language and these options, so an audio that was cached before the
    server got another model, or the profile another voice, is not found any more.
    """
    options: dict[str, Any] = {key: profile[key] for key in PROFILE_OPTIONS if profile.get(key) is not None}
    options[CONF_LANGUAGE] = profile.get(CONF_LANGUAGE, LANGUAGE_AUTO)
    options[OPTION_REVISION] = info.cache_revision
    return options


def call_options(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an action's call overrides of a profile."""
    return {key: call[key] for key in PROFILE_OPTIONS if call.get(key) is not None}


def check_options(options: Mapping[str, Any], info: ServerInfo) -> None:
    """Raise ServiceValidationError where an option's value is not what this server takes."""
    voice = options.get(CONF_VOICE)
    if voice is not None and (not isinstance(voice, str) or info.voice(voice) is None):
        known = ", ".join(item.name for item in info.voices)
        raise _invalid("unknown_voice", voice=str(voice), voices=known)
    for key, limits in NUMBER_RANGES.items():
        if key in options:
            _check_number(key, options[key], limits)
    style = options.get(CONF_STYLE)
    if style is not None and (not isinstance(style, str) or len(style) > STYLE_MAX_LENGTH):
        raise _invalid("invalid_style", limit=str(STYLE_MAX_LENGTH))
    if (text_format := options.get(CONF_TEXT_FORMAT, TEXT_FORMATS[0])) not in TEXT_FORMATS:
        raise _invalid("invalid_text_format", value=str(text_format), formats=", ".join(TEXT_FORMATS))
    pcm_shape(options)


def pcm_shape(options: Mapping[str, Any]) -> PcmShape:
    """Return the shape of samples that a satellite asks for.

    Raises ServiceValidationError for one that neither the server nor this integration can make.
    """
    rate = _whole(options, ATTR_PREFERRED_SAMPLE_RATE, None)
    if rate is not None:
        _check_number(ATTR_PREFERRED_SAMPLE_RATE, rate, SAMPLE_RATE_RANGE)
    channels = _whole(options, ATTR_PREFERRED_SAMPLE_CHANNELS, 1)
    width = _whole(options, ATTR_PREFERRED_SAMPLE_BYTES, 2)
    _check_number(ATTR_PREFERRED_SAMPLE_CHANNELS, channels, (1, 8))
    _check_number(ATTR_PREFERRED_SAMPLE_BYTES, width, (1, 4))
    return PcmShape(rate, channels, width)


def speech_settings(options: Mapping[str, Any], language: str, *, automatic: bool) -> SpeechSettings:
    """Return what is sent to the server.

    `automatic` has it find the languages in the text. Home Assistant always passes a language, whether somebody asked
    for it or not; it then decides only where the text does not tell, as with Japanese names in Chinese characters.
    """
    context = {key: options[key] for key in (CONF_STYLE, *NUMBER_RANGES) if options.get(key) is not None}
    context[CONF_LANGUAGE] = LANGUAGE_AUTO if automatic else language
    if automatic:
        context["default_language"] = language
    if (rate := pcm_shape(options).rate) is not None:
        context["sample_rate"] = rate
    return SpeechSettings(options.get(CONF_VOICE), options.get(CONF_TEXT_FORMAT), context)


def _check_number(key: str, value: object, limits: tuple[float, float]) -> None:
    low, high = limits
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _invalid("out_of_range", option=key, value=str(value), minimum=f"{low:g}", maximum=f"{high:g}")


def _whole[T: int | None](options: Mapping[str, Any], key: str, default: T) -> int | T:
    """Return the option as a whole number: automations pass some of these as text."""
    if (value := options.get(key)) is None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise _invalid("not_a_number", option=key, value=str(value)) from error


def _invalid(key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders)

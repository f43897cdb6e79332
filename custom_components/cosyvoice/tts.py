"""Voice profiles as text-to-speech entities."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, override

from homeassistant.components.tts import (
    TextToSpeechEntity,
    TTSAudioResponse,
    Voice,
    async_get_media_source_audio,
    generate_media_source_id,
)
from homeassistant.components.tts.const import ATTR_CACHE, ATTR_LANGUAGE, ATTR_MESSAGE
from homeassistant.components.tts.entity import TTSAudioRequest
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_LANGUAGE
from homeassistant.core import HomeAssistant, ServiceResponse, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import language as language_util

from .client import Speech, SpeechSettings
from .const import (
    ATTR_MEDIA_PLAYER_ENTITY_ID,
    ATTR_MESSAGES,
    CONF_VOICE,
    DOMAIN,
    LANGUAGE_AUTO,
    MANUFACTURER,
    SUBENTRY_PROFILE,
)
from .coordinator import CosyVoiceConfigEntry, CosyVoiceCoordinator
from .errors import CosyVoiceError, SpeechFailedError, WrongFormatError
from .pcm import PcmShape, reshape, wav_header
from .profile import SUPPORTED_OPTIONS, call_options, check_options, default_options, pcm_shape, speech_settings

# The server queues, and tells when it is full: it knows better than we do what it can do at once.
PARALLEL_UPDATES = 0
_FALLBACK_LANGUAGE = "en"
_MEDIA_SOURCE = "media-source://tts/"


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CosyVoiceConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add an entity for each voice profile."""
    for subentry in entry.subentries.values():
        if subentry.subentry_type == SUBENTRY_PROFILE:
            async_add_entities(
                [CosyVoiceSpeechEntity(entry.runtime_data, subentry)], config_subentry_id=subentry.subentry_id
            )


class CosyVoiceSpeechEntity(CoordinatorEntity[CosyVoiceCoordinator], TextToSpeechEntity):
    """Speaks as its profile says."""

    _attr_has_entity_name = True
    _attr_translation_key = "speech"
    _attr_supported_options = SUPPORTED_OPTIONS

    def __init__(self, coordinator: CosyVoiceCoordinator, subentry: ConfigSubentry) -> None:
        """Take everything from the profile and from what the server told."""
        super().__init__(coordinator)
        self._profile = subentry.data
        self._attr_unique_id = subentry.subentry_id
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, subentry.subentry_id)},
            entry_type=DeviceEntryType.SERVICE,
            manufacturer=MANUFACTURER,
            model="Voice profile",
            name=subentry.title,
        )
        self._update_from_server()

    @property
    @override
    def available(self) -> bool:
        """Whether the server answers and has the voice."""
        info, voice = self.coordinator.data, self._profile.get(CONF_VOICE)
        has_voice = info.voice(voice) is not None if voice else bool(info.voices)
        return super().available and has_voice

    @callback
    @override
    def async_get_supported_voices(self, language: str) -> list[Voice] | None:
        """Return the installed voices that speak a language."""
        voices = [voice for voice in self.coordinator.data.voices if language in voice.languages]
        return [Voice(voice.name, voice.description) for voice in voices] or None

    @override
    async def async_speak(
        self,
        media_player_entity_id: list[str],
        message: str,
        cache: bool,
        language: str | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        """Speak through a media player.

        The options are checked here, where the caller still hears of it: the player asks for the audio only later.
        """
        check_options(options or {}, self.coordinator.data)
        await super().async_speak(media_player_entity_id, message, cache, language, options)

    async def async_speak_with(self, **call: Any) -> None:
        """Speak through media players; every option of a voice profile is a field of this action."""
        await self.async_speak(
            call[ATTR_MEDIA_PLAYER_ENTITY_ID],
            call[ATTR_MESSAGE],
            call[ATTR_CACHE],
            call.get(ATTR_LANGUAGE),
            call_options(call),
        )

    async def async_prerender(self, **call: Any) -> ServiceResponse:
        """Put phrases into Home Assistant's cache, one after another so that live requests are not kept waiting."""
        options = call_options(call)
        check_options(options, self.coordinator.data)
        size = 0
        for message in call[ATTR_MESSAGES]:
            media_id = generate_media_source_id(
                self.hass, message, self.entity_id, call.get(ATTR_LANGUAGE), options, cache=True
            )
            # media players are given an id like this one, so theirs will be found under the same key
            _, audio = await async_get_media_source_audio(self.hass, media_id.removeprefix(_MEDIA_SOURCE))
            size += len(audio)
        return {"rendered": len(call[ATTR_MESSAGES]), "bytes": size}

    @override
    async def async_stream_tts_audio(self, request: TTSAudioRequest) -> TTSAudioResponse:
        """Speak text that may still be arriving, as samples that arrive while the server speaks."""
        check_options(request.options, self.coordinator.data)
        shape = pcm_shape(request.options)
        settings = speech_settings(request.options, request.language, automatic=self._automatic)
        return TTSAudioResponse("wav", self._stream(request.message_gen, settings, shape))

    async def _stream(
        self, text: AsyncGenerator[str], settings: SpeechSettings, shape: PcmShape
    ) -> AsyncGenerator[bytes]:
        """Yield a WAV file. Raises HomeAssistantError when it can't be finished, so that nobody keeps half of it."""
        address, info = self.coordinator.address, self.coordinator.data
        try:
            async with Speech(address.host, address.port, text, settings, streaming=info.streaming) as speech:
                if shape.rate not in (None, speech.rate):
                    raise WrongFormatError(f"{speech.rate} samples a second instead of {shape.rate}")
                yield wav_header(speech.rate, shape)
                async for samples in speech.chunks():
                    yield reshape(samples, shape)
        except CosyVoiceError as error:
            if not isinstance(error, SpeechFailedError):
                # whether the server is gone should show now and not in half a minute
                await self.coordinator.async_request_refresh()
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key=error.key,
                translation_placeholders={
                    "host": address.host,
                    "port": str(address.port),
                    "error": str(error),
                },
            ) from error

    @property
    def _automatic(self) -> bool:
        """Whether the profile leaves it to the server to find the languages in the text."""
        return bool(self._profile.get(CONF_LANGUAGE, LANGUAGE_AUTO) == LANGUAGE_AUTO)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Follow voices that come and go, and what changes the sound."""
        self._update_from_server()
        super()._handle_coordinator_update()

    def _update_from_server(self) -> None:
        info = self.coordinator.data
        self._attr_default_options = default_options(self._profile, info)
        self._attr_supported_languages = info.languages or [_FALLBACK_LANGUAGE]
        self._attr_default_language = self._find_default_language()

    def _find_default_language(self) -> str:
        """Return the profile's language, else the first of its voice that is also the household's, else the first."""
        supported = self._attr_supported_languages
        chosen = self._profile.get(CONF_LANGUAGE, LANGUAGE_AUTO)
        if chosen in supported:
            return str(chosen)
        voice = self.coordinator.data.voice(self._profile.get(CONF_VOICE) or "")
        candidates = list(voice.languages) if voice and voice.languages else supported
        config = self.coordinator.hass.config
        return next(iter(language_util.matches(config.language, candidates, config.country)), candidates[0])

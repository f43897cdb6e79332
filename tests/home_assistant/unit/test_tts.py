from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from homeassistant.components import tts
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service
from tests.home_assistant.unit.conftest import make_entry, set_up, state_of
from tests.home_assistant.unit.fake_server import Ending, FakeServer, voice

ENTITY = "tts.kitchen_speech"
WAV = {"preferred_format": "wav"}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def speak(hass: HomeAssistant, text: str = "Hello.", language: str | None = None, **options: Any) -> bytes:
    """As a media player that asks for WAV."""
    media_id = tts.generate_media_source_id(hass, text, ENTITY, language, {**WAV, **options}, cache=False)
    extension, audio = await tts.async_get_media_source_audio(hass, media_id.removeprefix("media-source://tts/"))
    assert extension == "wav"
    return audio


def samples_of(wav: bytes) -> bytes:
    assert wav[:4] == b"RIFF"
    assert wav[8:16] == b"WAVEfmt "
    assert wav[36:40] == b"data"
    return wav[44:]


async def test_streams_a_message(hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry) -> None:
    wav = await speak(hass, "Hello there.")
    assert samples_of(wav) == b"".join(server.audio)
    assert struct.unpack("<HHIIHH", wav[20:36]) == (1, 1, 24000, 48000, 2, 16)
    assert [event.type for event in server.requests] == ["synthesize-start", "synthesize-chunk", "synthesize-stop"]
    assert server.data("synthesize-chunk") == [{"text": "Hello there."}]


async def test_audio_arrives_while_the_text_is_still_arriving(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry
) -> None:
    pieces: asyncio.Queue[str | None] = asyncio.Queue()

    async def text() -> AsyncGenerator[str]:
        while (piece := await pieces.get()) is not None:
            yield piece

    stream = tts.async_create_stream(hass, ENTITY, options=dict(WAV))
    stream.async_set_message_stream(text())
    for piece in ("One. ", "Two. "):
        pieces.put_nowait(piece)
    await until(lambda: len(server.data("synthesize-chunk")) == 2)
    assert not server.data("synthesize-stop")
    pieces.put_nowait(None)
    wav = b"".join([chunk async for chunk in stream.async_stream_result()])
    assert samples_of(wav) == b"".join(server.audio)


async def test_a_server_that_takes_whole_texts_only(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry
) -> None:
    server.program["supports_synthesize_streaming"] = False
    await loaded.runtime_data.async_refresh()
    assert samples_of(await speak(hass, "Whole.")) == b"".join(server.audio)
    assert [(event.type, event.data["text"]) for event in server.requests] == [("synthesize", "Whole.")]


async def test_options_travel_in_the_context(hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry) -> None:
    options: dict[str, Any] = {"speed": 1.5, "volume": 2, "style": "happy", "sentence_silence": 0, "voice": "tom"}
    await speak(hass, language="en", text_format="ssml", **options)
    assert server.data("synthesize-start") == [
        {
            "voice": {"name": "tom"},
            "text_format": "ssml",
            "context": {
                "cosyvoice": {
                    "style": "happy",
                    "speed": 1.5,
                    "volume": 2,
                    "sentence_silence": 0,
                    "language": "auto",
                    "default_language": "en",
                }
            },
        }
    ]


@pytest.mark.parametrize(
    ("profile", "household", "asked", "sent"),
    [
        ({}, "en", None, {"language": "auto", "default_language": "en"}),
        ({}, "en", "ja", {"language": "auto", "default_language": "ja"}),
        ({}, "de", None, {"language": "auto", "default_language": "zh"}),
        ({"voice": "yuki"}, "en", None, {"language": "auto", "default_language": "ja"}),
        ({"language": "ja"}, "en", None, {"language": "ja"}),
        ({"language": "ja"}, "en", "zh", {"language": "zh"}),
        ({"language": "ko"}, "en", None, {"language": "en"}),  # no voice speaks the profile's language any more
    ],
)
async def test_which_language_is_named(
    hass: HomeAssistant,
    server: FakeServer,
    profile: dict[str, Any],
    household: str,
    asked: str | None,
    sent: dict[str, str],
) -> None:
    hass.config.language = household
    await set_up(hass, make_entry(server, **profile))
    await speak(hass, language=asked)
    (start,) = server.data("synthesize-start")
    assert start["context"]["cosyvoice"] == sent


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"speed": 5}, "out_of_range"),
        ({"speed": "fast"}, "out_of_range"),
        ({"volume": True}, "out_of_range"),
        ({"sentence_silence": -1}, "out_of_range"),
        ({"voice": "nobody"}, "unknown_voice"),
        ({"voice": 3}, "unknown_voice"),
        ({"style": "x" * 501}, "invalid_style"),
        ({"style": 7}, "invalid_style"),
        ({"text_format": "html"}, "invalid_text_format"),
        ({"preferred_sample_rate": 100}, "out_of_range"),
        ({"preferred_sample_rate": "high"}, "not_a_number"),
        ({"preferred_sample_bytes": 5}, "out_of_range"),
        ({"preferred_sample_channels": 0.5}, "out_of_range"),
    ],
)
async def test_tts_speak_refuses_bad_options(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry, options: dict[str, Any], key: str
) -> None:
    played = async_mock_service(hass, "media_player", "play_media")
    call = {"entity_id": ENTITY, "media_player_entity_id": "media_player.kitchen", "message": "x", "options": options}
    with pytest.raises(ServiceValidationError) as error:
        await hass.services.async_call("tts", "speak", call, blocking=True)
    assert error.value.translation_key == key
    assert "{" not in str(error.value)
    assert not played
    assert not server.requests


async def test_a_bad_option_is_refused_on_other_ways_too(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    with pytest.raises(ServiceValidationError) as error:
        await speak(hass, speed=9)
    assert error.value.translation_key == "out_of_range"


@pytest.mark.parametrize(
    ("ending", "key"),
    [
        ("closed", "speech_cut"),
        ("closed-at-once", "speech_cut"),
        ("reset", "speech_cut"),
        ("garbage", "speech_cut"),
        ("error", "server_error"),
    ],
)
async def test_speech_without_an_end_is_an_error_and_not_kept(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry, ending: Ending, key: str
) -> None:
    server.ending = ending
    with pytest.raises(HomeAssistantError) as error:
        await speak(hass)
    assert error.value.translation_key == key
    if ending == "error":
        assert "the queue is full (busy)" in str(error.value)
    server.ending = "stopped"
    assert samples_of(await speak(hass)) == b"".join(server.audio), "the half audio must not come from a cache"


async def test_a_server_that_falls_silent(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.cosyvoice.client.Speech.__init__.__kwdefaults__", {"stall_timeout": 0.2})
    server.ending = "silence"
    with pytest.raises(HomeAssistantError) as error:
        await speak(hass)
    assert error.value.translation_key == "speech_stalled"


async def test_the_entity_is_unavailable_at_once_when_speaking_finds_nobody(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry
) -> None:
    await server.stop()
    with pytest.raises(HomeAssistantError) as error:
        await speak(hass)
    assert error.value.translation_key == "cannot_connect"
    await hass.async_block_till_done()
    assert state_of(hass, ENTITY) == STATE_UNAVAILABLE


async def test_an_error_of_the_texts_source_is_told(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry
) -> None:
    async def text() -> AsyncGenerator[str]:
        yield "It begins well. "
        raise ValueError("the language model broke")

    stream = tts.async_create_stream(hass, ENTITY, options=dict(WAV))
    stream.async_set_message_stream(text())
    with pytest.raises(ValueError, match="the language model broke"):
        _ = [chunk async for chunk in stream.async_stream_result()]


async def shaped(hass: HomeAssistant, **options: Any) -> tuple[bytes, bytes]:
    """Header and samples as a satellite gets them: no ffmpeg between the entity and it."""

    async def text() -> AsyncGenerator[str]:
        yield "Hello."

    entity = hass.data["tts"].get_entity(ENTITY)
    options = {**entity.default_options, **options}
    response = await entity.async_stream_tts_audio(
        tts.entity.TTSAudioRequest(language="en", options=options, message_gen=text())
    )
    assert response.extension == "wav"
    wav = b"".join([chunk async for chunk in response.data_gen])
    return wav[20:36], samples_of(wav)


async def test_the_shape_a_satellite_asks_for(hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry) -> None:
    server.rate = 16000
    server.audio = [struct.pack("<3h", 256, -1, -32768)]
    # pipelines pass numbers, automations may pass text
    header, samples = await shaped(
        hass, preferred_sample_rate="16000", preferred_sample_channels=2, preferred_sample_bytes=2
    )
    assert struct.unpack("<HHIIHH", header) == (1, 2, 16000, 64000, 4, 16)
    assert struct.unpack("<6h", samples) == (256, 256, -1, -1, -32768, -32768)
    assert server.data("synthesize-start")[0]["context"]["cosyvoice"]["sample_rate"] == 16000

    header, samples = await shaped(hass, preferred_sample_bytes=4)
    assert struct.unpack("<HHIIHH", header) == (1, 1, 16000, 64000, 4, 32)
    assert struct.unpack("<3i", samples) == (256 << 16, -1 << 16, -32768 << 16)

    _, samples = await shaped(hass, preferred_sample_bytes=3)
    assert samples == b"\x00\x00\x01\x00\xff\xff\x00\x00\x80"

    _, samples = await shaped(hass, preferred_sample_bytes=1)
    assert list(samples) == [129, 127, 0]


async def test_a_server_that_ignores_the_rate(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    with pytest.raises(HomeAssistantError) as error:
        await shaped(hass, preferred_sample_rate=16000)
    assert error.value.translation_key == "wrong_format"


async def test_a_server_that_sends_stereo(hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry) -> None:
    server.channels = 2
    with pytest.raises(HomeAssistantError) as error:
        await shaped(hass)
    assert error.value.translation_key == "wrong_format"


async def test_whatever_changes_the_sound_changes_the_cache_key(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry
) -> None:
    def key() -> dict[str, Any]:
        return dict(hass.data["tts"].get_entity(ENTITY).default_options)

    seen = [key()]
    for change in ({"revision": "r2"}, {"options": {"voice": "other default"}}):
        server.about.update(change)
        await loaded.runtime_data.async_refresh()
        seen.append(key())
    for data in ({"language": "zh"}, {"language": "zh", "voice": "mei"}, {"language": "zh", "speed": 1.1},
                 {"language": "zh", "volume": 1.1}, {"language": "zh", "style": "calm"},
                 {"language": "zh", "sentence_silence": 1.0}):  # fmt: skip
        hass.config_entries.async_update_subentry(loaded, next(iter(loaded.subentries.values())), data=data)
        await hass.async_block_till_done()
        seen.append(key())
    assert all(first != second for i, first in enumerate(seen) for second in seen[:i])


async def test_live_numbers_do_not_change_the_cache_key(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry
) -> None:
    before = dict(hass.data["tts"].get_entity(ENTITY).default_options)
    server.about["status"]["requests"] = 1000
    await loaded.runtime_data.async_refresh()
    assert dict(hass.data["tts"].get_entity(ENTITY).default_options) == before


async def test_the_revision_can_not_be_set_by_hand(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    with pytest.raises(HomeAssistantError, match="revision"):
        await speak(hass, revision="mine")


async def test_a_profile_whose_voice_is_gone_is_unavailable(hass: HomeAssistant, server: FakeServer) -> None:
    server.program["voices"].append(voice("guest", "en"))
    entry = make_entry(server, voice="guest")
    await set_up(hass, entry)
    assert state_of(hass, ENTITY) != STATE_UNAVAILABLE
    server.program["voices"].pop()
    await entry.runtime_data.async_refresh()
    assert state_of(hass, ENTITY) == STATE_UNAVAILABLE


async def test_voices_by_language(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    entity = hass.data["tts"].get_entity(ENTITY)
    assert [(item.voice_id, item.name) for item in entity.async_get_supported_voices("en")] == [
        ("mei", "The voice mei"),
        ("tom", "The voice tom"),
    ]
    assert entity.async_get_supported_voices("ko") is None, "a voice that is not installed is not offered"

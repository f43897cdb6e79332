from __future__ import annotations

from typing import Any

import pytest
import voluptuous as vol
from homeassistant.components import tts
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.service import async_get_all_descriptions
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service
from tests.home_assistant.unit.fake_server import FakeServer, voice

ENTITY = "tts.kitchen_speech"


async def call(hass: HomeAssistant, action: str, response: bool = False, **data: Any) -> Any:
    return await hass.services.async_call(
        "cosyvoice", action, {"entity_id": ENTITY, **data}, blocking=True, return_response=response
    )


async def test_actions_exist_without_a_server(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, "cosyvoice", {})
    assert hass.services.has_service("cosyvoice", "speak")
    assert hass.services.has_service("cosyvoice", "prerender")


async def test_speak_plays_with_the_profile_and_what_the_call_overrides(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry
) -> None:
    played = async_mock_service(hass, "media_player", "play_media")
    await call(
        hass, "speak", media_player_entity_id="media_player.hall", message="Come in.", voice="tom", speed=1.2,
        style="happy", language="en", cache=False,
    )  # fmt: skip
    (play,) = played
    assert play.data["entity_id"] == ["media_player.hall"]
    media_id = play.data["media_content_id"].removeprefix("media-source://tts/")
    stream_options: Any = dict(tts.media_source.parse_media_source_id(media_id))["options"]
    assert stream_options["options"] == {"voice": "tom", "speed": 1.2, "style": "happy"}
    assert stream_options["use_file_cache"] is False


@pytest.mark.parametrize("action", ["speak", "prerender"])
async def test_a_bad_value_is_refused(hass: HomeAssistant, loaded: MockConfigEntry, action: str) -> None:
    text = {"message": "x", "media_player_entity_id": "media_player.hall"} if action == "speak" else {"messages": ["x"]}
    with pytest.raises(ServiceValidationError) as error:
        await call(hass, action, **text, speed=3)
    assert error.value.translation_key == "out_of_range"
    with pytest.raises(vol.Invalid):
        await call(hass, action, **text, speed="quick")


async def test_prerendered_phrases_need_no_server_later(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As mp3 files, which is what media players get by default, made without ffmpeg to be independent of it
    monkeypatch.setattr("homeassistant.components.tts._DEFAULT_FORMAT", "wav")
    phrases = ["Somebody is at the door.", "有人按门铃。"]
    answer = await call(hass, "prerender", response=True, messages=phrases, voice="mei")
    size = 44 + len(b"".join(server.audio))
    assert answer == {ENTITY: {"rendered": 2, "bytes": 2 * size}}
    assert server.data("synthesize-chunk") == [{"text": phrase} for phrase in phrases]

    await server.stop()
    played = async_mock_service(hass, "media_player", "play_media")
    await call(hass, "speak", media_player_entity_id="media_player.hall", message=phrases[0], voice="mei")
    media_id = played[0].data["media_content_id"].removeprefix("media-source://tts/")
    _, audio = await tts.async_get_media_source_audio(hass, media_id)
    assert len(audio) == size


async def test_prerender_tells_when_the_server_is_gone(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry
) -> None:
    server.ending = "error"
    with pytest.raises(HomeAssistantError) as error:
        await call(hass, "prerender", messages=["A phrase nobody has rendered."])
    assert error.value.translation_key == "server_error"


@pytest.mark.parametrize("messages", [[], ["x"] * 201])
async def test_prerender_takes_a_sane_number_of_phrases(
    hass: HomeAssistant, loaded: MockConfigEntry, messages: list[str]
) -> None:
    with pytest.raises(vol.Invalid):
        await call(hass, "prerender", messages=messages)


async def test_the_dialogs_offer_the_servers_voices(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry
) -> None:
    async def offered(field: str) -> list[Any]:
        fields = (await async_get_all_descriptions(hass))["cosyvoice"]["speak"]["fields"]
        options: list[Any] = fields[field]["selector"]["select"]["options"]
        return options

    assert [option["value"] for option in await offered("voice")] == ["mei", "tom", "yuki"]
    assert await offered("style") == ["happy", "calm"]
    server.program["voices"] = [voice("tom", "en")]
    await loaded.runtime_data.async_refresh()
    assert await offered("voice") == [{"value": "tom", "label": "The voice tom"}]

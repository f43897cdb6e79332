"""A day in a house with CosyVoice. The tests build on each other, in this order."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.home_assistant.real.home import Home, RefusedError
from tests.home_assistant.real.server import CosyVoice, free_port
from tests.home_assistant.real.sound import decode, hear, read_wav

SPEECH = "tts.cosyvoice_speech"
LOUDSPEAKER = "media_player.loudspeaker"
WAV = {"preferred_format": "wav"}
TONE_SECONDS = 0.08  # that the test tone lasts, for a character
LONG = "This is a long sentence that takes the slow server quite some time to speak, all the way to its end. " * 3


async def requests_so_far(cosyvoice: CosyVoice) -> int:
    """Ask the server itself how many texts it was sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", cosyvoice.port)
    writer.write(b'{"type": "describe"}\n')
    head = json.loads(await reader.readline())
    data = json.loads(await reader.readexactly(head["data_length"]))
    writer.close()
    count: int = data["tts"][0]["cosyvoice"]["status"]["requests"]
    return count


async def poll_now(home: Home) -> None:
    await home.call("homeassistant.update_entity", entity_id=SPEECH)


async def test_the_config_flow(home: Home, cosyvoice: CosyVoice) -> None:
    form = await home.start_flow("cosyvoice")
    assert form["step_id"] == "user"
    form = await home.continue_flow(form, host="127.0.0.1", port=free_port())
    assert form["errors"] == {"base": "cannot_connect"}
    form = await home.continue_flow(form, host="127.0.0.1", port=home.port)
    assert form["errors"] == {"base": "not_wyoming"}
    result = await home.continue_flow(form, host="127.0.0.1", port=cosyvoice.port)
    assert (result["type"], result["title"]) == ("create_entry", "CosyVoice")
    await home.wait_for_entity(SPEECH)
    again = await home.continue_flow(await home.start_flow("cosyvoice"), host="localhost", port=cosyvoice.port)
    assert (again["type"], again["reason"]) == ("abort", "already_configured")


async def test_tts_speak_into_a_media_player(home: Home, cosyvoice: CosyVoice) -> None:
    message = "The washing machine has finished."
    await home.call("tts.speak", entity_id=SPEECH, media_player_entity_id=LOUDSPEAKER, message=message)
    sound, told = await home.played()
    assert told == {"status": 200, "type": "audio/mpeg"}
    assert decode(sound).seconds > TONE_SECONDS * len(message) * 0.8


async def test_wav_and_mp3_by_url(home: Home, cosyvoice: CosyVoice) -> None:
    wav = read_wav(await home.fetch(await home.tts_path(SPEECH, "By address.", options=WAV)))
    assert (wav.channels, wav.rate, wav.width) == (1, 22050, 2)
    mp3 = decode(await home.fetch(await home.tts_path(SPEECH, "By address.")))
    assert abs(mp3.seconds - wav.seconds) < 0.2


async def test_what_a_satellite_asks_for(home: Home, cosyvoice: CosyVoice) -> None:
    options = {**WAV, "preferred_sample_rate": 16000, "preferred_sample_channels": 1, "preferred_sample_bytes": 2}
    sound = await home.fetch(await home.tts_path(SPEECH, "For a satellite.", options=options))
    wav = read_wav(sound)
    assert (wav.channels, wav.rate, wav.width) == (1, 16000, 2)
    assert wav.seconds > 1


async def test_the_same_text_is_not_asked_for_twice(home: Home, cosyvoice: CosyVoice) -> None:
    before = await requests_so_far(cosyvoice)
    for _ in range(2):
        await home.fetch(await home.tts_path(SPEECH, "Once is enough.", options=WAV))
    assert await requests_so_far(cosyvoice) == before + 1


async def test_a_bad_option_is_told(home: Home, cosyvoice: CosyVoice) -> None:
    with pytest.raises(RefusedError) as refused:
        await home.call(
            "tts.speak", entity_id=SPEECH, media_player_entity_id=LOUDSPEAKER, message="x", options={"speed": 9}
        )
    assert refused.value.status == 400
    with pytest.raises(RefusedError):
        await home.call(
            "cosyvoice.speak", entity_id=SPEECH, media_player_entity_id=LOUDSPEAKER, message="x", voice="nobody"
        )


async def test_a_voice_profile_in_an_assist_pipeline(home: Home, cosyvoice: CosyVoice) -> None:
    (entry,) = await home.get("/api/config/config_entries/entry?domain=cosyvoice")
    handler = [entry["entry_id"], "profile"]
    flow = await home.post("/api/config/config_entries/subentries/flow", {"handler": handler})
    values = {"name": "Bedroom", "voice": "tone_high", "language": "auto", "speed": 1.5}
    result = await home.post(f"/api/config/config_entries/subentries/flow/{flow['flow_id']}", values)
    assert result["type"] == "create_entry"
    profile = "tts.bedroom_speech"
    await home.wait_for_entity(profile)

    async with home.socket() as socket:
        listed = await socket.ask("tts/engine/voices", engine_id=profile, language="ja")
        assert {voice["voice_id"] for voice in listed["voices"]} == {"tone_low", "tone_high"}
        pipeline = await socket.ask(
            "assist_pipeline/pipeline/create",
            name="Parrot",
            language="en",
            conversation_engine="conversation.parrot",
            conversation_language="en",
            stt_engine=None,
            stt_language=None,
            tts_engine=profile,
            tts_language="en",
            tts_voice=None,
            wake_word_entity=None,
            wake_word_id=None,
        )
        answer = " ".join(f"This is sentence number {number}, and it is not the last one." for number in range(12))
        heard = await listen(home, socket, pipeline["id"], answer)
    assert heard["first_sound_while_answering"], "the answer was long and spoken while it was still being made"
    expected = TONE_SECONDS / 1.5 * len(answer)
    assert decode(heard["sound"]).seconds > expected * 0.8


async def listen(home: Home, socket: Any, pipeline: str, text: str) -> dict[str, Any]:
    """Run a pipeline and fetch what it says as a satellite does: from the moment on that it names the address."""
    answering = True
    heard: dict[str, Any] = {"sound": b"", "first_sound_while_answering": False}

    async def fetch(path: str) -> None:
        async for piece in home.stream(path):
            heard["first_sound_while_answering"] |= answering
            heard["sound"] += piece

    async with asyncio.TaskGroup() as tasks:
        async for message in socket.follow(
            "assist_pipeline/run",
            start_stage="intent",
            end_stage="tts",
            pipeline=pipeline,
            input={"text": text},
        ):
            event = message.get("event", {})
            if event.get("type") == "run-start":
                tasks.create_task(fetch(event["data"]["tts_output"]["url"]))
            elif event.get("type") == "intent-end":
                answering = False
            elif event.get("type") == "error":
                raise AssertionError(event)
            elif event.get("type") == "run-end":
                break
    return heard


async def test_prerendered_phrases_play_without_the_server(home: Home, cosyvoice: CosyVoice) -> None:
    phrases = ["Somebody is at the door.", "有人按门铃。"]
    answer = await home.post(
        "/api/services/cosyvoice/prerender?return_response", {"entity_id": SPEECH, "messages": phrases}
    )
    assert answer["service_response"][SPEECH]["rendered"] == 2
    await asyncio.sleep(0.5)  # the file is written after the answer
    cosyvoice.stop()
    for phrase in phrases:
        await home.call("cosyvoice.speak", entity_id=SPEECH, media_player_entity_id=LOUDSPEAKER, message=phrase)
        sound, told = await home.played()
        assert told["status"] == 200
        assert decode(sound).seconds > 0.3


async def test_the_server_gone_and_back(home: Home, cosyvoice: CosyVoice) -> None:
    await poll_now(home)
    await home.wait_for_state(SPEECH, lambda state: state == "unavailable")
    with pytest.raises(AssertionError, match="500"):
        await home.fetch(await home.tts_path(SPEECH, "Nobody can say this now."))
    await cosyvoice.start("tone:1.0")
    await poll_now(home)
    await home.wait_for_state(SPEECH, lambda state: state != "unavailable")


async def test_a_server_that_dies_in_mid_sentence_leaves_no_half_audio(home: Home, cosyvoice: CosyVoice) -> None:
    path = await home.tts_path(SPEECH, LONG, options=WAV)
    half = b""
    async for piece in home.stream(path):
        if not half:
            cosyvoice.stop(signal.SIGKILL)
        half += piece
    await cosyvoice.start("tone")
    await poll_now(home)
    await home.wait_for_state(SPEECH, lambda state: state != "unavailable")
    whole = read_wav(await home.fetch(await home.tts_path(SPEECH, LONG, options=WAV)))
    assert whole.seconds > TONE_SECONDS * len(LONG) * 0.8
    assert read_wav(half).seconds < whole.seconds * 0.7


async def test_reconfigure(home: Home, cosyvoice: CosyVoice) -> None:
    cosyvoice.stop()
    cosyvoice.port = free_port()
    await cosyvoice.start("tone")
    (entry,) = await home.get("/api/config/config_entries/entry?domain=cosyvoice")
    form = await home.start_flow("cosyvoice", entry_id=entry["entry_id"])
    assert form["step_id"] == "reconfigure"
    result = await home.continue_flow(form, host="127.0.0.1", port=cosyvoice.port)
    assert (result["type"], result["reason"]) == ("abort", "reconfigure_successful")
    await home.wait_for_state(SPEECH, lambda state: state != "unavailable")
    assert read_wav(await home.fetch(await home.tts_path(SPEECH, "At the new place.", options=WAV))).seconds > 1


async def test_home_assistants_own_wyoming_integration(home: Home, cosyvoice: CosyVoice) -> None:
    result = await home.continue_flow(await home.start_flow("wyoming"), host="127.0.0.1", port=cosyvoice.port)
    assert (result["type"], result["title"]) == ("create_entry", "cosyvoice")
    await home.wait_for_entity("tts.cosyvoice")
    message = "Without our integration."
    await home.call("tts.speak", entity_id="tts.cosyvoice", media_player_entity_id=LOUDSPEAKER, message=message)
    sound, told = await home.played()
    assert told["status"] == 200
    assert decode(sound).seconds > TONE_SECONDS * len(message) * 0.8


async def test_diagnostics_and_sensors(home: Home, cosyvoice: CosyVoice) -> None:
    (entry,) = await home.get("/api/config/config_entries/entry?domain=cosyvoice")
    async with home.socket() as socket:
        entities = await socket.ask("config/entity_registry/list")
        sensors = [item for item in entities if item["platform"] == "cosyvoice" and item["entity_id"][:6] == "sensor"]
        assert {item["disabled_by"] for item in sensors} == {"integration"}
        await socket.ask("config/entity_registry/update", entity_id="sensor.cosyvoice_requests", disabled_by=None)
        await socket.ask("config/entity_registry/list")
    await home.post(f"/api/config/config_entries/entry/{entry['entry_id']}/reload")
    await home.wait_for_entity("sensor.cosyvoice_requests")
    await home.wait_for_state("sensor.cosyvoice_requests", lambda state: state.replace(".", "").isdigit())
    assert float(await home.state("sensor.cosyvoice_requests")) >= 2
    told = await home.get(f"/api/diagnostics/config_entry/{entry['entry_id']}")
    assert told["data"]["server"]["status"]["requests"] >= 2
    assert told["data"]["entry"]["data"]["host"] == "**REDACTED**"


async def test_a_token_that_was_set_meanwhile_is_asked_for(home: Home, cosyvoice: CosyVoice) -> None:
    cosyvoice.stop()
    await cosyvoice.start("tone", "--http", f"127.0.0.1:{free_port()}", "--http-token", "open sesame")
    (entry,) = await home.get("/api/config/config_entries/entry?domain=cosyvoice")
    await home.post(f"/api/config/config_entries/entry/{entry['entry_id']}/reload")
    async with home.socket() as socket:
        flows = await socket.ask("config_entries/flow/progress")
    (flow,) = [flow for flow in flows if flow["handler"] == "cosyvoice"]
    assert flow["step_id"] == "reauth_confirm"
    form = await home.continue_flow(flow, token="please")
    assert form["errors"] == {"base": "invalid_auth"}
    result = await home.continue_flow(form, token="open sesame")
    assert (result["type"], result["reason"]) == ("abort", "reauth_successful")
    await home.wait_for_state(SPEECH, lambda state: state != "unavailable")
    assert read_wav(await home.fetch(await home.tts_path(SPEECH, "With a token.", options=WAV))).seconds > 0.5


async def test_it_says_what_it_was_asked_to(home: Home, cosyvoice: CosyVoice, tmp_path: Path) -> None:
    spoken = {"en": "The weather is sunny today.", "zh": "今天天气很好，我们去公园吧。"}
    cosyvoice.stop()
    await cosyvoice.start("starter", "--clause-timeout", "150")
    await poll_now(home)
    await home.wait_for_state(SPEECH, lambda state: state != "unavailable")
    sounds = []
    for language, message in spoken.items():
        await home.call("tts.speak", entity_id=SPEECH, media_player_entity_id=LOUDSPEAKER, message=message)
        sound, told = await home.played()
        assert told["status"] == 200
        sounds.append((language, message, sound))
    for answer in await asyncio.to_thread(hear, tmp_path, sounds):
        assert answer["error_rate"] <= 0.2, answer


def test_home_assistant_has_nothing_to_complain_about(home: Home) -> None:
    ours = [line for line in home.log.splitlines() if "cosyvoice" in line.lower()]
    loud = [line for line in ours if " ERROR " in line or "Detected that custom" in line or "Traceback" in line]
    # the server was stopped and killed on purpose
    expected = ("Error fetching CosyVoice data", "Error getting audio", "Error streaming tts")
    assert not [line for line in loud if not any(words in line for words in expected)]

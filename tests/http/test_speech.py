"""`POST /tts`, the OpenAI endpoint, the plan and the cache, as clients see them."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import wave
from typing import TYPE_CHECKING

import av
import httpx
import openai
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.http.conftest import Running

    Start = Callable[..., AbstractAsyncContextManager[Running]]


async def test_tts_answers_a_whole_wav(start: Start) -> None:
    async with start() as server:
        answer = (await server.speech("Hello there.", language="en")).json()
    with wave.open(io.BytesIO(base64.b64decode(answer["audio"]))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, answer["sample_rate"])
        assert file.getnframes() / file.getframerate() == pytest.approx(answer["duration"], abs=1e-3)
        assert max(file.readframes(file.getnframes())) > 0
    assert answer["voice"] == "tone_low"


async def test_speaker_id_counts_the_voices_of_the_language(start: Start) -> None:
    async with start() as server:
        voices = [(await server.speech("hi", language="en", speaker_id=i)).json()["voice"] for i in (0, 1)]
        beyond = await server.speech("hi", language="en", speaker_id=2)
        both = (await server.speech("hi", voice="tone_low", speaker_id=1)).json()
    assert voices == ["tone_low", "tone_high"]
    assert both["voice"] == "tone_low"
    assert beyond.status_code == 404
    assert "there are 2 voices" in beyond.json()["error"]["message"]


async def test_speed_and_sample_rate_are_honoured(start: Start) -> None:
    async with start() as server:
        slow, fast = [(await server.speech("abcdefgh", speed=speed)).json() for speed in (0.5, 2.0)]
        other = (await server.speech("abcdefgh", sample_rate=16000)).json()
    assert slow["duration"] > 2 * fast["duration"]
    assert other["sample_rate"] == 16000


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        ({}, 400, "bad-request", "text"),
        ({"text": 1}, 400, "bad-request", "str"),
        ({"text": "a", "speed": 9}, 400, "bad-request", "speed"),
        ({"text": "a", "sped": 1}, 400, "bad-request", "sped"),
        ({"text": "a", "voice": "nobody"}, 404, "unknown-voice", "nobody"),
        ({"text": "a", "language": "tlh"}, 400, "unsupported-language", "tlh"),
        ({"text": "a" * 101}, 413, "text-too-long", "100"),
    ],
)
async def test_every_mistake_is_told_apart(
    start: Start, body: dict[str, object], status: int, code: str, said: str
) -> None:
    async with start(max_text_length=100) as server:
        answer = await server.client.post("/tts", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert said in error["message"] + error["hint"]
    assert error["hint"]


async def test_what_is_no_json_or_too_large_or_not_there(start: Start) -> None:
    async with start(max_text_length=100) as server:
        plain = await server.client.post("/tts", content=b'{"text": "a"}', headers={"Content-Type": "text/plain"})
        broken = await server.client.post("/tts", content=b'{"text": ', headers={"Content-Type": "application/json"})
        large = await server.client.post("/tts", json={"text": "a" * 200_000})
        missing = await server.client.get("/nowhere")
        method = await server.client.get("/tts")
    answers = {answer.status_code: answer.json()["error"]["code"] for answer in (plain, broken, large, missing, method)}
    assert answers == {
        415: "media-type",
        400: "bad-request",
        413: "body-too-large",
        404: "not-found",
        405: "method-not-allowed",
    }


async def test_nothing_to_say_is_a_short_silence(start: Start) -> None:
    async with start() as server:
        answer = await server.speech("  …  ")
    assert answer.status_code == 200
    assert 0 < answer.json()["duration"] < 1


@pytest.mark.parametrize("audio_format", ["wav", "pcm", "flac", "mp3", "opus"])
async def test_the_openai_client_gets_every_format(start: Start, audio_format: str) -> None:
    async with start() as server, openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none") as client:
        answer = await client.audio.speech.create(
            model="tts-1",
            voice="alloy",
            input="Hello there.",
            response_format=audio_format,  # type: ignore[arg-type]
        )
        exact = (await server.speech("Hello there.")).json()
    content = answer.content
    if audio_format == "pcm":
        assert len(content) / 2 / exact["sample_rate"] == pytest.approx(exact["duration"], abs=0.01)
        return
    with av.open(io.BytesIO(content), "r") as container:
        seconds = sum(float(frame.samples / frame.sample_rate) for frame in container.decode(audio=0))
    assert seconds == pytest.approx(exact["duration"], abs=0.15)


async def test_the_openai_client_lists_models(start: Start) -> None:
    async with start() as server, openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none") as client:
        assert [model.id async for model in client.models.list()] == ["tone"]


async def test_a_streamed_answer_begins_before_it_ends(start: Start) -> None:
    async with start(real_time_factor=0.5) as server:
        body = {"input": "One two three. Four five six. Seven eight nine.", "response_format": "pcm"}
        async with server.client.stream("POST", "/v1/audio/speech", json=body) as answer:
            parts = answer.aiter_bytes()
            await anext(parts)
            assert server.service.status().open_streams == 1
            rest = [part async for part in parts]
    assert rest


async def test_server_sent_events_carry_the_same_audio(start: Start) -> None:
    async with start() as server:
        body = {"input": "Hello there.", "response_format": "pcm"}
        plain = await server.client.post("/v1/audio/speech", json=body)
        events = await server.client.post("/v1/audio/speech", json={**body, "stream_format": "sse"})
    assert events.headers["content-type"].startswith("text/event-stream")
    messages = [json.loads(line.removeprefix("data: ")) for line in events.text.split("\n\n") if line]
    assert messages[-1]["type"] == "speech.audio.done"
    audio = b"".join(base64.b64decode(one["audio"]) for one in messages if one["type"] == "speech.audio.delta")
    assert audio == plain.content


async def test_the_plan_of_a_text(start: Start) -> None:
    async with start() as server:
        answer = await server.client.post("/explain", json={"text": "打开 Living Room 的灯。"})
    spans = [span for clause in answer.json()["clauses"] for span in clause["spans"]]
    assert {"zh", "en"} == {span["language"] for span in spans}
    assert "Living Room" in [span["text"].strip() for span in spans]


async def test_warming_makes_the_next_request_a_cache_hit(start: Start) -> None:
    async with start() as server:
        first = (
            await server.client.post("/cache/warm", json={"texts": ["Dinner is ready.", "Dinner is ready."]})
        ).json()
        before = server.service.status().cache.hits
        await server.speech("Dinner is ready.")
        assert server.service.status().cache.hits > before
    assert first["texts"] == 2
    assert first["clauses"] == 2 * first["cached_clauses"]


async def test_a_client_that_leaves_cancels_its_work(start: Start) -> None:
    async with start(real_time_factor=1.0) as server:
        for path, field in (("/tts", "text"), ("/v1/audio/speech", "input")):
            with pytest.raises(httpx.ReadTimeout):
                await server.client.post(
                    path, json={field: "One long sentence that takes a while to say, it does."}, timeout=0.3
                )
            async with asyncio.timeout(2):
                while server.service.status().open_streams:
                    await asyncio.sleep(0.01)


async def test_a_full_queue_says_when_to_come_back(start: Start) -> None:
    async with start(real_time_factor=1.0, max_queue=1) as server:
        slow = asyncio.create_task(server.speech("This one takes the only place there is."))
        async with asyncio.timeout(2):
            while not server.service.status().open_streams:
                await asyncio.sleep(0.01)
        refused = await server.speech("No place for me.")
        slow.cancel()
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "busy")
    assert int(refused.headers["retry-after"]) >= 1


async def test_no_voice_is_503(start: Start) -> None:
    async with start() as server:
        server.service.replace_engines(type(server.service.engines)([]))
        answer = await server.speech("hello")
        ready = await server.client.get("/readyz")
    assert (answer.status_code, answer.json()["error"]["code"], ready.status_code) == (503, "no-voice", 503)

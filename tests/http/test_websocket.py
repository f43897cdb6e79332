"""`WS /ws/tts`: text in pieces in, PCM out."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
import websockets

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.http.conftest import Running

    Start = Callable[..., AbstractAsyncContextManager[Running]]


async def utterance(
    socket: websockets.ClientConnection, pieces: list[str], **fields: Any
) -> tuple[list[dict[str, Any]], bytes]:
    """Speak pieces; return the JSON messages and the audio."""
    await socket.send(json.dumps({"type": "start", **fields}))
    for piece in pieces:
        await socket.send(json.dumps({"type": "text", "text": piece}))
    await socket.send(json.dumps({"type": "end"}))
    return await answer(socket)


async def answer(socket: websockets.ClientConnection) -> tuple[list[dict[str, Any]], bytes]:
    messages: list[dict[str, Any]] = []
    audio = b""
    async with asyncio.timeout(20):
        while not messages or messages[-1]["type"] == "started":
            message = await socket.recv()
            if isinstance(message, bytes):
                audio += message
            else:
                messages.append(json.loads(message))
    return messages, audio


async def test_pieces_give_the_same_audio_as_the_whole(start: Start) -> None:
    text = "Hello there. 你好，世界。 How are you?"
    async with start() as server, websockets.connect(server.socket_url) as socket:
        messages, audio = await utterance(socket, list(text), voice="tone_high")
        whole = (await server.speech(text, voice="tone_high")).json()
        _, again = await utterance(socket, [text], voice="tone_high")
    assert [message["type"] for message in messages] == ["started", "done"]
    assert messages[0] == {
        "type": "started",
        "sample_rate": 22050,
        "voice": "tone_high",
        "encoding": "pcm_s16le",
        "channels": 1,
    }
    assert messages[1]["duration"] == pytest.approx(len(audio) / 2 / 22050, abs=1e-3)
    assert base64.b64decode(whole["audio"])[44:] == audio == again


async def test_cancel_stops_at_once_and_the_next_start_works(start: Start) -> None:
    async with start(real_time_factor=1.0) as server, websockets.connect(server.socket_url) as socket:
        await socket.send(json.dumps({"type": "start"}))
        await socket.send(json.dumps({"type": "text", "text": "A long sentence that would take its time to say. " * 5}))
        assert json.loads(await socket.recv())["type"] == "started"
        assert isinstance(await socket.recv(), bytes)
        await socket.send(json.dumps({"type": "cancel"}))
        messages, _ = await answer(socket)
        assert messages[-1]["type"] == "cancelled"
        assert server.service.status().open_streams == 0
        messages, audio = await utterance(socket, ["Hi."])
        assert messages[-1]["type"] == "done"
        assert audio


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("no json", "not JSON"),
        ('{"type": "dance"}', "dance"),
        ('{"type": "text", "text": "a"}', "Send start first"),
        ('{"type": "start", "speed": 99}', "speed"),
        ('{"type": "start", "voice": "nobody"}', "nobody"),
        (b"\x00\x01", "binary"),
    ],
)
async def test_a_mistake_is_told_and_the_connection_goes_on(start: Start, sent: str | bytes, said: str) -> None:
    async with start() as server, websockets.connect(server.socket_url) as socket:
        await socket.send(sent)
        error = json.loads(await socket.recv())
        assert error["type"] == "error"
        assert said in error["error"]["message"] + error["error"]["hint"]
        messages, audio = await utterance(socket, ["Hi."])
    assert messages[-1]["type"] == "done"
    assert audio


async def test_a_text_too_long_ends_the_utterance_with_one_error(start: Start) -> None:
    async with start(max_text_length=20) as server, websockets.connect(server.socket_url) as socket:
        messages, _ = await utterance(socket, ["0123456789"] * 5)
        assert messages[-1]["error"]["code"] == "text-too-long"
        messages, _ = await utterance(socket, ["Hi."])
    assert messages[-1]["type"] == "done"


async def test_a_client_that_leaves_cancels_its_work(start: Start) -> None:
    async with start(real_time_factor=1.0) as server:
        async with websockets.connect(server.socket_url) as socket:
            await socket.send(json.dumps({"type": "start"}))
            await socket.send(
                json.dumps({"type": "text", "text": "A long sentence that would take its time to say. " * 5})
            )
            assert json.loads(await socket.recv())["type"] == "started"
            await socket.recv()
        async with asyncio.timeout(2):
            while server.service.status().open_streams:
                await asyncio.sleep(0.01)


async def test_a_silent_connection_is_closed(start: Start) -> None:
    async with start(idle_timeout=0.2) as server, websockets.connect(server.socket_url) as socket:
        with pytest.raises(websockets.ConnectionClosedOK):
            await asyncio.wait_for(socket.recv(), 5)


async def test_clients_that_start_and_leave_at_once_give_their_places_back(start: Start) -> None:
    async with start(max_queue=4) as server:
        for number in range(12):
            socket = await websockets.connect(server.socket_url)
            await socket.send(json.dumps({"type": "start"}))
            if number % 2:
                socket.transport.abort()
            else:
                await socket.close()
        async with asyncio.timeout(20):
            while server.service.status().open_streams:
                await asyncio.sleep(0.01)
        async with websockets.connect(server.socket_url) as socket:
            messages, audio = await utterance(socket, ["Hi."])
        assert messages[-1]["type"] == "done"
        assert audio

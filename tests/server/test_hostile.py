"""Strangers at the door: whatever they send, they get an error and a clean close, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
import os
import random
from typing import TYPE_CHECKING, Any

import pytest
from wyoming.tts import Synthesize

from tests.server.harness import PATIENCE, Server, ask, describe, raw
from tests.server.test_frames import HOSTILE

if TYPE_CHECKING:
    from tests.server.conftest import StartServer

LONG = "This is a sentence that takes a while to say. " * 20


async def read_frame(reader: asyncio.StreamReader) -> dict[str, Any]:
    """Read a frame; an empty one says that the other side has closed."""
    header: dict[str, Any] = json.loads(await reader.readline() or "{}")
    if header.get("data_length"):
        header["data"] = json.loads(await reader.readexactly(header["data_length"]))
    if header.get("payload_length"):
        await reader.readexactly(header["payload_length"])
    return header


async def read_frames(reader: asyncio.StreamReader) -> list[dict[str, Any]]:
    """Read frames until the other side closes."""
    frames = []
    while frame := await read_frame(reader):
        frames.append(frame)
    return frames


@pytest.mark.parametrize("frame", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_frame_gets_an_error_and_a_clean_close(server: Server, frame: bytes) -> None:
    async with raw(server) as (reader, writer), asyncio.timeout(PATIENCE):
        writer.write(frame)
        writer.write_eof()
        frames = await read_frames(reader)  # a reset would raise
    assert [frame["type"] for frame in frames] == ["error"]
    assert frames[0]["data"]["code"] == "bad-frame"
    async with server.client() as client:
        assert (await describe(client)).tts


async def test_a_hostile_frame_during_speech_ends_the_stream_properly(server: Server) -> None:
    async with raw(server) as (reader, writer), asyncio.timeout(PATIENCE):
        writer.write(b'{"type": "synthesize-start"}\n')
        writer.write(b'{"type": "synthesize-chunk", "data": {"text": "One sentence. Another"}}\n')
        header = json.loads(await reader.readline())
        await reader.readexactly(header["data_length"])
        assert header["type"] == "audio-start"
        writer.write(b"garbage\n")
        frames = await read_frames(reader)
    kinds = [frame["type"] for frame in frames if frame["type"] != "audio-chunk"]
    assert kinds == ["error", "audio-stop", "synthesize-stopped"]


async def test_a_hostile_frame_right_behind_a_request_is_told_so(server: Server) -> None:
    request = b'{"type": "synthesize", "data": {"text": "One."}}\n'
    async with raw(server) as (reader, writer), asyncio.timeout(PATIENCE):
        writer.write(request)
        while (await read_frame(reader))["type"] != "audio-stop":
            pass
        writer.write(request + b"garbage\n")
        frames = await read_frames(reader)
    assert [frame["data"]["code"] for frame in frames if frame["type"] == "error"] == ["bad-frame"]


async def test_bytes_that_come_one_by_one(server: Server) -> None:
    async with raw(server) as (reader, writer), asyncio.timeout(PATIENCE):
        for byte in b'{"type": "synthesize", "data_length": 13}\n{"text": "a"}':
            writer.write(bytes([byte]))
            await asyncio.sleep(0.001)
        assert json.loads(await reader.readline())["type"] == "audio-start"


async def test_a_thousand_mutilated_frames(start: StartServer) -> None:
    server = start()
    chance = random.Random(7)
    good = b"".join(
        [
            b'{"type": "describe"}\n',
            b'{"type": "synthesize", "data_length": 15}\n{"text": "abc"}',
            b'{"type": "synthesize-start", "data": {"context": {"cosyvoice": {"speed": 1.5}}}}\n',
            b'{"type": "synthesize-chunk", "data": {"text": "Hello. "}}\n',
            b'{"type": "synthesize-stop", "payload_length": 4}\nabcd',
        ]
    )

    async def one(number: int) -> None:
        mutant = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            place = chance.randrange(len(mutant))
            match chance.randrange(3):
                case 0:
                    mutant[place] = chance.randrange(256)
                case 1:
                    del mutant[place : place + chance.randrange(20)]
                case _:
                    mutant[place:place] = chance.randbytes(3)
        async with raw(server) as (reader, writer):
            writer.write(mutant)
            if number % 3:
                writer.write_eof()
                await reader.read()

    for batch in range(20):
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(one(batch * 50 + number) for number in range(50)), return_exceptions=True)
    async with server.client() as client:
        assert (await ask(client, Synthesize("Still here.").event())).audio
    server.stop()


async def test_pipelining_without_end_is_refused(start: StartServer) -> None:
    server = start(model="tone:0.5")
    async with raw(server) as (reader, writer), asyncio.timeout(PATIENCE):
        writer.write(b'{"type": "synthesize", "data": {"text": "A long sentence to say."}}\n' * 500)
        frames = await read_frames(reader)
    codes = [frame["data"]["code"] for frame in frames if frame["type"] == "error"]
    assert codes == ["busy"]
    server.stop()


async def test_text_without_end_is_refused(start: StartServer) -> None:
    server = start("--max-text-length", "500")
    async with server.client() as client:
        assert client._writer is not None
        client._writer.write(b'{"type": "synthesize-start"}\n')
        client._writer.write(b'{"type": "synthesize-chunk", "data": {"text": "One more word, "}}\n' * 100)
        events = []
        while (event := await client.read_event()) is not None and event.type != "synthesize-stopped":
            events.append(event)
        assert [event.data["code"] for event in events if event.type == "error"] == ["text-too-long"]
    server.stop()


async def test_an_idle_connection_is_closed_and_one_that_waits_is_not(start: StartServer) -> None:
    server = start("--idle-timeout", "0.5", model="tone:1")
    async with raw(server) as (reader, _), asyncio.timeout(PATIENCE):
        assert await reader.read() == b""
    async with raw(server) as (reader, writer), asyncio.timeout(PATIENCE):
        writer.write(b'{"type": "desc')
        assert await reader.read() == b""
    async with raw(server) as (reader, writer), asyncio.timeout(PATIENCE):
        writer.write(b'{"type": "synthesize-start"}\n')
        kinds = [frame["type"] for frame in await read_frames(reader)]
    assert kinds == ["error", "synthesize-stopped"]
    async with server.client() as client:
        answer = await ask(client, Synthesize("This takes two seconds.").event())
    assert answer.error is None
    assert answer.seconds > 1
    server.stop()


async def test_a_client_that_does_not_read_delays_nobody_and_is_dropped(start: StartServer) -> None:
    server = start("--write-timeout", "1", "--debug")
    text = json.dumps({"type": "synthesize", "data": {"text": LONG * 10}}).encode() + b"\n"
    writers = []
    for _ in range(4):
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(text)
        writers.append(writer)
    before = server.resident_bytes
    for _ in range(5):
        async with server.client() as client, asyncio.timeout(PATIENCE):
            assert (await ask(client, Synthesize("Me too, please.").event())).audio
    await asyncio.to_thread(server.wait_for, "it has stopped reading", 4)
    assert server.resident_bytes - before < 100_000_000
    for writer in writers:
        writer.transport.abort()
    server.stop()


async def test_more_connections_than_allowed_are_refused(start: StartServer) -> None:
    server = start("--max-connections", "3")
    clients = [server.client() for _ in range(3)]
    for client in clients:
        await client.connect()
        assert (await describe(client)).tts
    async with raw(server) as (reader, _), asyncio.timeout(PATIENCE):
        frames = await read_frames(reader)
    assert [frame["data"]["code"] for frame in frames] == ["busy"]
    for client in clients:
        assert (await ask(client, Synthesize("We stay.").event())).audio
        await client.disconnect()
    async with asyncio.timeout(PATIENCE):
        while True:
            async with raw(server) as (reader, writer):
                writer.write(b'{"type": "describe"}\n')
                if json.loads(await reader.readline())["type"] == "info":
                    break
            await asyncio.sleep(0.05)
    server.stop()


async def test_two_hundred_clients_at_once(start: StartServer) -> None:
    server = start("--max-queue", "400", quick=True)

    async def one(number: int) -> bytes:
        async with server.client() as client:
            return (await ask(client, Synthesize(f"Number {number % 10}.").event())).audio

    async with asyncio.timeout(PATIENCE):
        answers = await asyncio.gather(*(one(number) for number in range(200)))
    for number, audio in enumerate(answers):
        assert audio
        assert audio == answers[number % 10]
    server.stop()


async def test_two_hundred_clients_that_just_sit_there(start: StartServer) -> None:
    server = start()
    clients = [server.client() for _ in range(200)]
    await asyncio.gather(*(client.connect() for client in clients))
    async with server.client() as client:
        assert (await ask(client, Synthesize("Is there room for me?").event())).audio
    await asyncio.gather(*(client.disconnect() for client in clients))
    server.stop()


async def test_a_full_queue_says_busy_at_once(start: StartServer) -> None:
    server = start("--max-queue", "2", "--cache-memory", "0", model="tone:0.5")

    async def one() -> str | None:
        async with server.client() as client:
            answer = await ask(client, Synthesize(f"A sentence {os.urandom(2).hex()}.").event())
            return answer.error.code if answer.error else None

    async with asyncio.timeout(PATIENCE):
        codes = await asyncio.gather(*(one() for _ in range(6)))
    assert sorted(code or "" for code in codes) == ["", "", "busy", "busy", "busy", "busy"]
    server.stop()

"""Many clients at once: nothing is lost, mixed up or blocked."""

from __future__ import annotations

import asyncio
import base64
import random
import time
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.http.conftest import Running

    Start = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.mark.slow
async def test_fifty_clients_with_slow_readers_and_leavers(start: Start) -> None:
    texts = [f"Client number {'abcdefghij'[i // 10]}{'klmnopqrst'[i % 10]} is speaking now." for i in range(50)]
    chance = random.Random(1)
    limits = httpx.Limits(max_connections=100)
    async with start(real_time_factor=0.005, max_queue=64, cache_memory=0) as server:
        expected = {text: base64.b64decode((await server.speech(text)).json()["audio"])[44:] for text in texts}
        async with httpx.AsyncClient(base_url=server.url, timeout=60, limits=limits) as client:

            async def whole(text: str) -> None:
                answer = await client.post("/tts", json={"text": text})
                assert base64.b64decode(answer.json()["audio"])[44:] == expected[text]

            async def slow(text: str) -> None:
                body = {"input": text, "response_format": "pcm"}
                audio = b""
                async with client.stream("POST", "/v1/audio/speech", json=body) as answer:
                    async for part in answer.aiter_bytes(4096):
                        audio += part
                        await asyncio.sleep(0.01)
                assert audio == expected[text]

            async def leaver(text: str) -> None:
                with pytest.raises(httpx.TimeoutException):
                    await client.post(
                        "/tts", json={"text": text * 20}, timeout=httpx.Timeout(20, read=chance.uniform(0.01, 0.1))
                    )

            async def health() -> None:
                # generous: it would be seconds if a clause were spoken on the event loop
                for _ in range(50):
                    began = time.monotonic()
                    await server.client.get("/healthz")
                    delays.append(time.monotonic() - began)
                    await asyncio.sleep(0.01)

            delays: list[float] = []
            kinds = [(whole, slow, slow, leaver, whole)[i % 5] for i in range(50)]
            await asyncio.gather(health(), *(kind(text) for kind, text in zip(kinds, texts, strict=True)))
        async with asyncio.timeout(5):
            while server.service.status().open_streams:
                await asyncio.sleep(0.01)
    assert sorted(delays)[len(delays) // 2] < 0.5


async def test_a_client_that_does_not_read_is_dropped(start: Start) -> None:
    async with start(write_timeout=0.3, max_text_length=20_000) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
        body = b'{"input": "' + b"many words. " * 1500 + b'", "response_format": "pcm"}'
        head = ["POST /v1/audio/speech HTTP/1.1", "Host: a", "Content-Type: application/json"]
        writer.write("\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body)
        await reader.readexactly(100)
        # the socket's buffers hold some megabytes; then writing stops, and the time-out must end the work
        async with asyncio.timeout(20):
            while server.service.status().open_streams:
                await asyncio.sleep(0.05)
        writer.close()
        assert (await server.speech("Others are served.")).status_code == 200

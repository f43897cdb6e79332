"""Who may do what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import websockets

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.http.conftest import Running

    Start = Callable[..., AbstractAsyncContextManager[Running]]

GUARDED = ("/voices", "/status", "/metrics", "/v1/models", "/v1/audio/voices")


async def test_with_a_token_nothing_is_said_without_it(start: Start) -> None:
    async with start(http_token="secret") as server:
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "secret"},
            {"Authorization": "Bearer"},
        ):
            answers = [await server.client.get(path, headers=headers) for path in GUARDED]
            answers.append(await server.client.post("/tts", json={"text": "a"}, headers=headers))
            assert {answer.status_code for answer in answers} == {401}
            assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}
        right = {"Authorization": "Bearer secret"}
        assert (await server.client.post("/tts", json={"text": "a"}, headers=right)).status_code == 200
        # what containers and browsers ask before anybody can type a token
        for path in ("/healthz", "/readyz", "/", "/docs", "/openapi.json"):
            assert (await server.client.get(path)).status_code == 200


async def test_the_websocket_takes_the_token_in_its_first_message(start: Start) -> None:
    async with start(http_token="secret") as server:
        for token, kind in (({}, "error"), ({"token": "wrong"}, "error"), ({"token": "secret"}, "started")):
            async with websockets.connect(server.socket_url) as socket:
                await socket.send(json.dumps({"type": "start", **token}))
                assert json.loads(await socket.recv())["type"] == kind


async def test_an_address_that_asks_too_often_is_told_to_wait(start: Start) -> None:
    async with start(http_rate_limit=3) as server:
        answers = [await server.client.get("/voices") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json()["error"]["code"] == "rate-limit"
    assert int(answers[3].headers["retry-after"]) >= 1


async def test_other_origins_get_in_only_where_they_are_named(start: Start) -> None:
    ask = {"Origin": "http://a.example", "Access-Control-Request-Method": "POST"}
    async with start() as server:
        assert "access-control-allow-origin" not in (await server.client.options("/tts", headers=ask)).headers
    async with start(http_cors="http://a.example") as server:
        headers = (await server.client.options("/tts", headers=ask)).headers
        assert headers["access-control-allow-origin"] == "http://a.example"


async def test_the_page_asks_nothing_of_other_hosts(start: Start) -> None:
    async with start() as server:
        for path in ("/", "/docs"):
            answer = await server.client.get(path)
            assert "default-src 'self'" in answer.headers["content-security-policy"]
            assert "http://" not in answer.text
            assert "https://" not in answer.text

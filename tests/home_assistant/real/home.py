"""A real Home Assistant in a process of its own, driven over its public interfaces only."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from tests.home_assistant.real.server import PATIENCE, ROOT, free_port

HOUSE = Path(__file__).with_name("house")
CLIENT_ID = "http://127.0.0.1/"


class Home:
    """Home Assistant with our integration and the test household."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._session: aiohttp.ClientSession | None = None
        self._played = 0
        shutil.copytree(HOUSE, folder)
        shutil.copytree(ROOT / "custom_components" / "cosyvoice", folder / "custom_components" / "cosyvoice")
        configuration = folder / "configuration.yaml"
        configuration.write_text(configuration.read_text().replace("@PORT@", str(self.port)))

    @property
    def log(self) -> str:
        return (self.folder / "console.log").read_text()

    async def start(self, *, alone: bool = False) -> None:
        """Start it, create the owner, finish onboarding and wait until everything runs.

        `alone` leaves out what asks the internet, which takes long where there is none.
        """
        with (self.folder / "console.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "homeassistant", "-c", str(self.folder), "--skip-pip", "--ignore-os-check"],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                # not in the repository, whose `custom_components` Python would find first
                cwd=self.folder,
            )
        self._session = aiohttp.ClientSession()
        async with asyncio.timeout(PATIENCE):
            while not await self._answers():
                assert self._process.poll() is None, self.log
                await asyncio.sleep(0.2)
            await self._create_owner()
            if not alone:
                await self._finish_onboarding()
            while (await self.get("/api/config"))["state"] != "RUNNING":
                await asyncio.sleep(0.2)
        flow = await self.start_flow("e2e")
        assert flow["type"] == "create_entry", flow
        for entity_id in ("media_player.loudspeaker", "conversation.parrot"):
            await self.wait_for_entity(entity_id)

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(self._process.wait, 30)

    async def get(self, path: str) -> Any:
        return await self._request("GET", path)

    async def post(self, path: str, body: Any = None) -> Any:
        return await self._request("POST", path, body)

    async def start_flow(self, handler: str, **data: Any) -> Any:
        return await self.post("/api/config/config_entries/flow", {"handler": handler, **data})

    async def continue_flow(self, flow: Any, **values: Any) -> Any:
        return await self.post(f"/api/config/config_entries/flow/{flow['flow_id']}", values)

    async def call(self, action: str, **data: Any) -> Any:
        domain, _, name = action.partition(".")
        return await self.post(f"/api/services/{domain}/{name}", data)

    async def state(self, entity_id: str) -> str:
        state: str = (await self.get(f"/api/states/{entity_id}"))["state"]
        return state

    async def wait_for_entity(self, entity_id: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while entity_id not in {state["entity_id"] for state in await self.get("/api/states")}:
                await asyncio.sleep(0.2)

    async def wait_for_state(self, entity_id: str, condition: Callable[[str], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition(await self.state(entity_id)):
                await asyncio.sleep(0.2)

    async def played(self) -> tuple[bytes, dict[str, Any]]:
        """Return the next sound of the loudspeaker, and what the web server told it."""
        self._played += 1
        told = self.folder / "played" / f"{self._played}.json"
        async with asyncio.timeout(PATIENCE):
            while not told.exists():
                await asyncio.sleep(0.05)
        return told.with_suffix(".sound").read_bytes(), json.loads(told.read_text())

    async def fetch(self, path: str) -> bytes:
        return b"".join([piece async for piece in self.stream(path)])

    async def stream(self, path: str) -> AsyncGenerator[bytes]:
        """Yield a sound as a loudspeaker gets it: without logging in."""
        assert self._session is not None
        async with self._session.get(f"{self.url}{path}") as response:
            assert response.status == 200, response.status
            async for piece in response.content.iter_any():
                yield piece

    async def tts_path(self, engine: str, message: str, **more: Any) -> str:
        answer = await self.post("/api/tts_get_url", {"engine_id": engine, "message": message, **more})
        path: str = answer["path"]
        return path

    @asynccontextmanager
    async def socket(self) -> AsyncGenerator[Socket]:
        assert self._session is not None
        async with self._session.ws_connect(f"{self.url}/api/websocket") as connection:
            await connection.receive_json()
            await connection.send_json({"type": "auth", "access_token": self.token})
            assert (await connection.receive_json())["type"] == "auth_ok"
            yield Socket(connection)

    async def _answers(self) -> bool:
        assert self._session is not None
        try:
            async with self._session.get(f"{self.url}/api/onboarding") as response:
                return response.status == 200
        except aiohttp.ClientConnectionError:
            return False

    async def _create_owner(self) -> None:
        self.token = ""
        owner = {"client_id": CLIENT_ID, "name": "Owner", "username": "owner", "password": "a long one"}
        code = (await self.post("/api/onboarding/users", {**owner, "language": "en"}))["auth_code"]
        form = {"client_id": CLIENT_ID, "grant_type": "authorization_code", "code": code}
        assert self._session is not None
        async with self._session.post(f"{self.url}/auth/token", data=form) as response:
            self.token = (await response.json())["access_token"]

    async def _finish_onboarding(self) -> None:
        for step in ("core_config", "analytics"):
            await self.post(f"/api/onboarding/{step}", {})
        await self.post("/api/onboarding/integration", {"client_id": CLIENT_ID, "redirect_uri": CLIENT_ID})

    async def _request(self, method: str, path: str, body: Any = None) -> Any:
        assert self._session is not None
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self._session.request(method, f"{self.url}{path}", json=body, headers=headers) as response:
            text = await response.text()
            if response.status >= 400:
                raise RefusedError(response.status, text)
            return json.loads(text)


class RefusedError(Exception):
    """Home Assistant refused a request."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text


class Socket:
    """The websocket interface of the front end."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        self._connection = connection
        self._number = 0

    async def ask(self, kind: str, **data: Any) -> Any:
        """Send a command and return its result."""
        async for message in self.follow(kind, **data):
            if message["type"] == "result":
                assert message["success"], message
                return message["result"]
        raise AssertionError("unreachable: the connection raises when it is closed")

    async def follow(self, kind: str, **data: Any) -> AsyncGenerator[dict[str, Any]]:
        """Send a command and yield everything that comes back for it."""
        self._number += 1
        number = self._number
        await self._connection.send_json({"id": number, "type": kind, **data})
        while True:
            message = await self._connection.receive_json(timeout=PATIENCE)
            if message["id"] == number:
                yield message

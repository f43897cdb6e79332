"""`GET`, `POST` and `DELETE /models`: for who has the token."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response, StreamingResponse

from wyoming_cosyvoice.server.http import schema
from wyoming_cosyvoice.server.http.body import read_json
from wyoming_cosyvoice.server.http.errors import error_body, json_response
from wyoming_cosyvoice.server.http.events import event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from wyoming_cosyvoice.server.http.context import Context
    from wyoming_cosyvoice.server.model_manager import Installation, ModelManager

_TICK = 0.5


class ModelEndpoints:
    """What an administrator may do to the models."""

    def __init__(self, context: Context, manager: ModelManager) -> None:
        self._context = context
        self._manager = manager

    async def collection(self, request: Request) -> Response:
        """Answer what is installed and what can be; on POST install a model of the catalogue.

        The answer to that is a stream of events; the installation goes on if nobody reads it.
        """
        self._context.guard.admit_admin(request)
        if request.method != "POST":
            return await self._list()
        body = await read_json(request, schema.InstallRequest, self._context.max_body)
        installation = self._manager.install(body.name)
        return StreamingResponse(_events(installation), media_type="text/event-stream")

    async def choose(self, request: Request) -> Response:
        """Have a model speak where no voice is named."""
        self._context.guard.admit_admin(request)
        await self._manager.choose(request.path_params["name"])
        return await self._list()

    async def remove(self, request: Request) -> Response:
        """Delete a model."""
        self._context.guard.admit_admin(request)
        await self._manager.remove(request.path_params["name"])
        return await self._list()

    async def _list(self) -> Response:
        return json_response(schema.ModelsResponse(await self._manager.models()))


async def _events(installation: Installation) -> AsyncIterator[bytes]:
    while not installation.finished.is_set():
        done = await asyncio.to_thread(installation.bytes_written)
        yield event({"type": "progress", "name": installation.name, "bytes": done})
        try:
            async with asyncio.timeout(_TICK):
                await installation.finished.wait()
        except TimeoutError:
            continue
    if installation.error is not None:
        yield event({"type": "error", **msgspec.to_builtins(error_body(installation.error))})
    else:
        yield event({"type": "done", "name": installation.name})

"""Work ends when its client leaves, or does not read."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send


@asynccontextmanager
async def cancelled_when_client_leaves(receive: Receive) -> AsyncIterator[None]:
    """Cancel the enclosed work when the client closes the connection, and raise ClientDisconnect.

    The request's body must have been read: what comes after it can only be the end.
    """
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("no task to cancel")
    gone = False

    async def watch() -> None:
        nonlocal gone
        while (await receive())["type"] != "http.disconnect":
            pass
        gone = True
        task.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if not gone:
            raise
        task.uncancel()
        raise ClientDisconnect from None
    finally:
        watcher.cancel()


class WriteTimeout:
    """ASGI middleware: a client that does not read for `seconds` is dropped."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application with a bound on every send."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(self._seconds):
                await send(message)

        try:
            await self._app(scope, receive, send_in_time)
        except TimeoutError:
            # the answer has begun, so no error can be told; closing without its last chunk shows that it was cut
            raise ClientDisconnect from None

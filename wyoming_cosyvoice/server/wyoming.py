"""The Wyoming server: listens, counts its connections, and sends them home when it stops."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import socket
from typing import TYPE_CHECKING

from wyoming.error import Error

from wyoming_cosyvoice.address import Address, StdioAddress, TcpAddress, UnixAddress
from wyoming_cosyvoice.errors import BusyError, StoppingError
from wyoming_cosyvoice.server.connection import LINGER, Connection, Context, close
from wyoming_cosyvoice.server.errors import ListenError
from wyoming_cosyvoice.server.frames import FrameLimits, encode
from wyoming_cosyvoice.server.stdio import open_stdio

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.speech.service import SpeechService

_LOGGER = logging.getLogger(__name__)
_BACKLOG = 512
_BUFFER = 65_536
"""Bytes of audio that wait in this process for a client; the kernel holds some more."""


class WyomingServer:
    """Accepts Wyoming clients until `stop`."""

    def __init__(self, service: SpeechService, config: Config, info: Callable[[], bytes]) -> None:
        self._context = Context(service, config, info)
        self._config = config
        self._server: asyncio.Server | None = None
        self._socket_path: Path | None = None
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self._refused: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self.ended = asyncio.Event()
        """Set when the one client of standard input has gone; never set otherwise."""

    async def listen(self, address: Address) -> Address:
        """Start to accept clients, and return the address with the port that was taken.

        Raises ListenError.
        """
        try:
            match address:
                case TcpAddress():
                    return await self._listen_tcp(address)
                case UnixAddress():
                    await self._listen_unix(address.path)
                case StdioAddress():
                    await self._listen_stdio()
        except OSError as error:
            raise ListenError(
                f"Cannot listen on {address} ({error.strerror or error})", "Choose another with --uri"
            ) from error
        return address

    async def stop(self, patience: float, hurry: asyncio.Event) -> None:
        """Accept nobody, let running requests finish for `patience` seconds or until `hurry`, then end them.

        Those that are ended get an error.
        """
        if self._server is not None:
            self._server.close()
        if self._socket_path is not None:
            self._socket_path.unlink(missing_ok=True)
        for connection in self._connections.values():
            connection.finish()
        if self._connections:
            impatience = asyncio.create_task(hurry.wait())
            everybody = asyncio.create_task(asyncio.wait(self._connections))
            await asyncio.wait((everybody, impatience), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            impatience.cancel()
            everybody.cancel()
        for connection in self._connections.values():
            connection.abort(StoppingError("The server is shutting down", "Ask again when it is back"))
        tasks = {*self._connections, *self._refused}
        if tasks:
            await asyncio.wait(tasks, timeout=LINGER + 1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen_tcp(self, address: TcpAddress) -> TcpAddress:
        self._server = await asyncio.start_server(
            self._accept, address.host, address.port, limit=self._limit, backlog=_BACKLOG
        )
        return TcpAddress(address.host, self._server.sockets[0].getsockname()[1])

    async def _listen_unix(self, path: Path) -> None:
        if await asyncio.to_thread(_is_served, path):
            raise ListenError(f"Another server listens on {path}", "Choose another path with --uri")
        self._server = await asyncio.start_unix_server(self._accept, path, limit=self._limit, backlog=_BACKLOG)
        self._socket_path = path

    async def _listen_stdio(self) -> None:
        reader, writer = await open_stdio(self._limit)
        self._serve(reader, writer, "stdio", finishes_after_end=True).add_done_callback(lambda _: self.ended.set())

    @property
    def _limit(self) -> int:
        return FrameLimits.from_config(self._config).header

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # a satellite that lost its power says no goodbye
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if len(self._connections) >= self._config.max_connections:
            self._refuse(reader, writer)
        else:
            self._serve(reader, writer, f"client {next(self._numbers)}")

    def _serve(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        name: str,
        *,
        finishes_after_end: bool = False,
    ) -> asyncio.Task[None]:
        writer.transport.set_write_buffer_limits(high=_BUFFER)
        connection = Connection(reader, writer, self._context, name, finishes_after_end=finishes_after_end)
        task = asyncio.create_task(connection.run(), name=name)
        self._connections[task] = connection
        task.add_done_callback(self._connections.pop)
        return task

    def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _LOGGER.warning("More than %d connections: one is refused", self._config.max_connections)
        if len(self._refused) >= self._config.max_connections:
            writer.transport.abort()
            return
        error = BusyError(f"{self._config.max_connections} clients are connected", "Try again later")
        writer.write(encode(Error(str(error), error.code).event()))
        task = asyncio.create_task(_close_refused(reader, writer))
        self._refused.add(task)
        task.add_done_callback(self._refused.discard)


def _is_served(path: Path) -> bool:
    """Say whether a server listens there: asyncio would take the path over even then."""
    if not path.is_socket():
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True


async def _close_refused(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        await close(reader, writer, LINGER)

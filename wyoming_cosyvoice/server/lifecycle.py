"""From start to end: load, listen, say Ready, and on SIGTERM finish what runs and leave."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import importlib
import logging
import signal
import threading
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from wyoming_cosyvoice.address import TcpAddress, parse_host_port, parse_uri
from wyoming_cosyvoice.errors import BadRequestError
from wyoming_cosyvoice.server.errors import ListenError, MissingExtraError
from wyoming_cosyvoice.server.identity import server_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.engines.registry import Engines
    from wyoming_cosyvoice.server.announce import Announcement
    from wyoming_cosyvoice.speech.service import SpeechService

_LOGGER = logging.getLogger(__name__)
T = TypeVar("T")


class HttpServer(Protocol):
    """What is expected of `server.http`, an extra."""

    async def start(self) -> int:
        """Listen; return the port. Raises OSError where the address can't be used."""

    async def stop(self) -> None:
        """Finish what runs and close."""


class Signals:
    """SIGTERM and SIGINT: the first asks to stop, the second not to wait for anybody."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.hurry = asyncio.Event()

    def install(self) -> None:
        """Take the signals over from the interpreter."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._receive, number)

    def _receive(self, number: signal.Signals) -> None:
        _LOGGER.info("%s: stopping", number.name)
        (self.hurry if self.stop.is_set() else self.stop).set()


async def serve(config: Config) -> bool:
    """Serve until a signal or the end of standard input; say whether everything came to its end.

    False means that a model was still being loaded, in a thread that can't be stopped. Raises SpeechError where the
    server can't start.
    """
    signals = Signals()
    signals.install()
    if config.zeroconf and not isinstance(parse_uri(config.uri), TcpAddress):
        raise BadRequestError(f"{config.uri} can't be announced", "Use --uri tcp://HOST:PORT with --zeroconf")
    loading = in_thread(lambda: _load(config))
    await _first(loading, signals.stop)
    if not loading.done():
        return False
    engines, identity = loading.result()
    await _run(config, engines, identity, signals)
    _LOGGER.info("Stopped")
    return True


async def _run(config: Config, engines: Engines, identity: str, signals: Signals) -> None:
    from wyoming_cosyvoice.server.info import Description  # noqa: PLC0415 - see _load
    from wyoming_cosyvoice.server.newcomers import Newcomers  # noqa: PLC0415
    from wyoming_cosyvoice.server.wyoming import WyomingServer  # noqa: PLC0415
    from wyoming_cosyvoice.speech.service import SpeechService  # noqa: PLC0415

    service = SpeechService(engines, config)
    await service.start()
    newcomers = Newcomers(service, config)
    newcomers.start()
    stops: list[Callable[[], Awaitable[None]]] = [newcomers.stop]
    http_port = None
    try:
        if config.http:
            web = _http_server(service, config, parse_host_port(config.http))
            http_port = await _listen(web, config.http)
            stops.append(web.stop)
        server = WyomingServer(service, config, Description(service, config, identity, http_port))
        address = await server.listen(parse_uri(config.uri))
        stops.append(functools.partial(server.stop, config.drain_timeout, signals.hurry))
        if config.zeroconf and isinstance(address, TcpAddress):
            announcement = _announcement(config.zeroconf, address, identity, http_port)
            announcement.start()
            stops.append(announcement.stop)
        _LOGGER.info("Listening on %s%s", address, f" and for HTTP on port {http_port}" if http_port else "")
        _LOGGER.info("Ready")
        service.measure_voices()
        await _first(server.ended, signals.stop)
    finally:
        await asyncio.gather(*(stop() for stop in stops))
        await service.stop(0)


def _load(config: Config) -> tuple[Engines, str]:
    """Import what is heavy and load the models: all that takes long, so that a signal meanwhile is heard at once."""
    for name in ("server.wyoming", "speech.service"):
        importlib.import_module(f"wyoming_cosyvoice.{name}")
    from wyoming_cosyvoice.engines.loading import load_engines  # noqa: PLC0415

    return load_engines(config), server_id(config.data_dir, config.uri)


def _http_server(service: SpeechService, config: Config, address: TcpAddress) -> HttpServer:
    try:
        runner = importlib.import_module("wyoming_cosyvoice.server.http.runner")  # an extra
    except ImportError as error:
        raise MissingExtraError(f"HTTP needs a package ({error})", "Install wyoming-cosyvoice[http]") from None
    web: HttpServer = runner.HttpServer(service, config, address.host, address.port)
    return web


def _announcement(name: str, address: TcpAddress, identity: str, http_port: int | None) -> Announcement:
    try:
        from wyoming_cosyvoice.server.announce import Announcement  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError(f"zeroconf needs a package ({error})", "Install wyoming-cosyvoice[zeroconf]") from None
    return Announcement(name, address, identity, http_port)


def in_thread(function: Callable[[], T]) -> asyncio.Future[T]:
    """Call a function in a thread of its own that need not have ended when the program does."""
    result: concurrent.futures.Future[T] = concurrent.futures.Future()
    result.set_running_or_notify_cancel()  # from here on it can't be cancelled under the thread's feet

    def work() -> None:
        try:
            result.set_result(function())
        except BaseException as error:  # noqa: BLE001 - it is raised again where the future is awaited
            result.set_exception(error)

    threading.Thread(target=work, name="loading", daemon=True).start()
    return asyncio.wrap_future(result)


async def _listen(web: HttpServer, address: str) -> int:
    try:
        return await web.start()
    except OSError as error:
        raise ListenError(
            f"Cannot listen on {address} ({error.strerror or error})", "Choose another with --http"
        ) from error


async def _first(*things: asyncio.Event | asyncio.Future[Any]) -> None:
    """Wait until one of them has happened."""
    events = [asyncio.create_task(thing.wait()) for thing in things if isinstance(thing, asyncio.Event)]
    futures = [thing for thing in things if not isinstance(thing, asyncio.Event)]
    try:
        await asyncio.wait([*events, *futures], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in events:
            task.cancel()

"""Announces the server by zeroconf, so that Home Assistant finds it."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from typing import TYPE_CHECKING

import ifaddr
from zeroconf import Error as ZeroconfError
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from wyoming_cosyvoice import __version__
from wyoming_cosyvoice.server.info import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wyoming_cosyvoice.address import TcpAddress

_LOGGER = logging.getLogger(__name__)
_SERVICE = "_wyoming._tcp.local."
_LONGEST_NAME = 60
"""Bytes of a name: 63 by RFC 6763 section 4.1.1, less what a "-2" takes when somebody has the name already."""


class Announcement:
    """Announces in the background from `start` to `stop`.

    A machine without a network is no reason not to serve: what goes wrong is logged.
    """

    def __init__(self, name: str, address: TcpAddress, server_id: str, http_port: int | None) -> None:
        self._name = name
        self._address = address
        self._server_id = server_id
        self._http_port = http_port
        self._task: asyncio.Task[None] | None = None
        self._zeroconf: AsyncZeroconf | None = None

    def start(self) -> None:
        """Begin; asking whether the name is free takes most of a second, and nobody waits for it."""
        self._task = asyncio.create_task(self._announce(), name="zeroconf")

    async def stop(self) -> None:
        """Take the announcement back."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        if self._zeroconf is not None:
            await self._zeroconf.async_unregister_all_services()
            await self._zeroconf.async_close()

    async def _announce(self) -> None:
        try:
            addresses = await _announced_addresses(self._address.host)
            self._zeroconf = _open(addresses)
            info = self._service(addresses)
            sent = await self._zeroconf.async_register_service(info, allow_name_change=True)
            _LOGGER.info("Announced as %s at %s", info.name, ", ".join(addresses))
            await sent
        except (OSError, ZeroconfError, ValueError) as error:
            _LOGGER.warning("Cannot announce the server by zeroconf: %s: %s", type(error).__name__, error)

    def _service(self, addresses: list[str]) -> AsyncServiceInfo:
        name = self._name.replace(".", "-").strip() or PROGRAM
        name = name.encode()[:_LONGEST_NAME].decode(errors="ignore")
        properties = {"program": PROGRAM, "server_id": self._server_id, "version": __version__}
        if self._http_port:
            properties["http_port"] = str(self._http_port)
        return AsyncServiceInfo(
            _SERVICE,
            f"{name}.{_SERVICE}",
            port=self._address.port,
            properties=properties,
            # a host name of our own: the machine's may be announced by avahi with other addresses
            server=f"{PROGRAM}-{self._server_id[:8]}.local.",
            parsed_addresses=addresses,
        )


async def _announced_addresses(host: str) -> list[str]:
    """Return the addresses under which others reach a server that listens on `host`.

    Raises OSError where there is none.
    """
    loop = asyncio.get_running_loop()
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        addresses = _reachable(str(entry[4][0]) for entry in found)
    else:
        if not literal.is_unspecified:
            return [host.partition("%")[0]]
        addresses = _reachable(await loop.run_in_executor(None, _interfaces))
        if literal.version == 4:
            addresses = [address for address in addresses if ":" not in address]
    if not addresses:
        raise OSError(f"{host} has no address that others could reach")
    return addresses


def _interfaces() -> list[str]:
    return [ip.ip if isinstance(ip.ip, str) else ip.ip[0] for adapter in ifaddr.get_adapters() for ip in adapter.ips]


def _reachable(addresses: Iterable[str]) -> list[str]:
    """Drop what is of no use to others; this machine's own addresses only where there is no other."""
    known = {ipaddress.ip_address(address.partition("%")[0]) for address in addresses}
    useful = {address for address in known if not (address.is_loopback or address.is_link_local)}
    chosen = useful or {address for address in known if not address.is_link_local}
    return [str(address) for address in sorted(chosen, key=lambda address: (address.version, address.packed))]


def _open(addresses: list[str]) -> AsyncZeroconf:
    """Speak IPv6 too where there is such an address to announce, and where this machine can."""
    if any(":" in address for address in addresses):
        try:
            return AsyncZeroconf(ip_version=IPVersion.All)
        except OSError as error:
            _LOGGER.debug("No zeroconf over IPv6: %s", error)
    return AsyncZeroconf(ip_version=IPVersion.V4Only)

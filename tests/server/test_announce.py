"""Zeroconf: found by others, whatever the address, and gone with the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.server.harness import PATIENCE
from tests.server.test_lifecycle import run
from wyoming_cosyvoice.address import TcpAddress

zeroconf = pytest.importorskip("zeroconf")
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf  # noqa: E402

from wyoming_cosyvoice.server.announce import Announcement  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.server.conftest import StartServer

TYPE = "_wyoming._tcp.local."
ID = "0123456789abcdef" * 2


@pytest.fixture
async def network() -> AsyncIterator[AsyncZeroconf]:
    """Somebody else on the network."""
    other = AsyncZeroconf()
    yield other
    await other.async_close()


async def look(network: AsyncZeroconf, name: str, milliseconds: int = 5000) -> AsyncServiceInfo | None:
    info = AsyncServiceInfo(TYPE, f"{name}.{TYPE}")
    return info if await info.async_request(network.zeroconf, milliseconds) else None


async def test_a_server_is_found_and_gone_when_it_stops(start: StartServer, network: AsyncZeroconf) -> None:
    server = start("--zeroconf", "Living Room 语音")
    await asyncio.to_thread(server.wait_for, "Announced as")
    found = await look(network, "Living Room 语音")
    assert found is not None
    assert (found.port, found.parsed_addresses()) == (server.port, ["127.0.0.1"])
    properties = {key.decode(): (value or b"").decode() for key, value in found.properties.items()}
    assert properties["program"] == "cosyvoice"
    assert len(properties["server_id"]) == 32
    await asyncio.to_thread(server.stop)
    network.zeroconf.cache.cache.clear()
    assert await look(network, "Living Room 语音", 1500) is None


@pytest.mark.parametrize(
    ("host", "addresses"),
    [("127.0.0.1", {"127.0.0.1"}), ("::1", {"::1"}), ("localhost", {"127.0.0.1", "::1"}), ("192.0.2.7", {"192.0.2.7"})],
)
async def test_every_kind_of_address(network: AsyncZeroconf, host: str, addresses: set[str]) -> None:
    name = f"test-{host.replace(':', '-').replace('.', '-')}"
    announcement = Announcement(name, TcpAddress(host, 12345), ID, 10201)
    announcement.start()
    try:
        found = await look(network, name)
        assert found is not None
        # a machine without IPv6 knows localhost by one address only
        assert set(found.parsed_addresses()) <= addresses
        assert found.parsed_addresses()
        assert found.properties[b"http_port"] == b"10201"
    finally:
        await announcement.stop()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
async def test_every_interface_means_addresses_that_others_can_reach(network: AsyncZeroconf, host: str) -> None:
    announcement = Announcement("everywhere", TcpAddress(host, 12345), ID, None)
    announcement.start()
    try:
        found = await look(network, "everywhere")
        assert found is not None
        assert not {"0.0.0.0", "::"} & set(found.parsed_addresses())
    finally:
        await announcement.stop()


async def test_a_name_in_use_gets_a_number(network: AsyncZeroconf) -> None:
    first = Announcement("twin", TcpAddress("127.0.0.1", 1), ID, None)
    second = Announcement("twin", TcpAddress("127.0.0.1", 2), ID[::-1], None)
    first.start()
    assert await look(network, "twin") is not None
    second.start()
    try:
        renamed = await look(network, "twin-2", 8000)
        assert renamed is not None
        assert renamed.port == 2
    finally:
        await first.stop()
        await second.stop()


@pytest.mark.parametrize("name", ["", " ", "a.b.c", "x" * 200, "语音" * 60])
async def test_any_name_will_do(caplog: pytest.LogCaptureFixture, name: str) -> None:
    caplog.set_level("INFO")
    announcement = Announcement(name, TcpAddress("127.0.0.1", 1), ID, None)
    announcement.start()
    async with asyncio.timeout(PATIENCE):
        while not caplog.records:
            await asyncio.sleep(0.02)
    await announcement.stop()
    assert "Announced as" in caplog.text


async def test_an_unknown_host_is_a_warning_and_not_the_end(caplog: pytest.LogCaptureFixture) -> None:
    announcement = Announcement("nowhere", TcpAddress("no-such-host.invalid", 1), ID, None)
    announcement.start()
    async with asyncio.timeout(PATIENCE):
        while "Cannot announce" not in caplog.text:
            await asyncio.sleep(0.05)
    await announcement.stop()


async def test_stopping_at_once_leaves_nothing_behind(network: AsyncZeroconf) -> None:
    announcement = Announcement("brief", TcpAddress("127.0.0.1", 1), ID, None)
    announcement.start()
    await asyncio.sleep(0)
    await announcement.stop()
    assert await look(network, "brief", 1000) is None


def test_only_a_port_can_be_announced() -> None:
    done = run("--model", "tone", "--uri", "stdio://", "--zeroconf")
    assert done.returncode == 1
    assert b"--uri tcp://" in done.stderr

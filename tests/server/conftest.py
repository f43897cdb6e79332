"""Servers to test against: a quick one for all, and others as tests ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from tests.server.harness import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class StartServer(Protocol):
    def __call__(self, *flags: str, uri: str = ..., model: str = ..., quick: bool = ...) -> Server: ...


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with test tones, shared by all tests that leave it as it was."""
    running = Server(tmp_path_factory.mktemp("server")).wait_until_ready()
    yield running
    running.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartServer]:
    """Start servers of the test's own; those it has not stopped are stopped after it."""
    running: list[Server] = []

    def start_one(*flags: str, uri: str = "tcp://127.0.0.1:0", model: str = "tone", quick: bool = False) -> Server:
        folder = tmp_path / f"server{len(running)}"
        folder.mkdir()
        running.append(Server(folder, *flags, uri=uri, model=model, quick=quick))
        return running[-1].wait_until_ready()

    yield start_one
    for server in running:
        if server.process.poll() is None:
            server.stop()

"""What the recogniser's tests share: Whisper, the score keeper, and a server with the starter's voices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.asr.recogniser import Recogniser, Scorer, assemble
from tests.server.harness import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wyoming_cosyvoice.store.library import Installed


@pytest.fixture(scope="session")
def recogniser(tmp_path_factory: pytest.TempPathFactory) -> Recogniser:
    return Recogniser(assemble(tmp_path_factory.mktemp("recogniser")))


@pytest.fixture(scope="session")
def scorer() -> Scorer:
    return Scorer()


@pytest.fixture(scope="session")
def speaking_server(starter: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the starter."""
    data_dir = str(starter.folder.parent.parent)
    server = Server(tmp_path_factory.mktemp("speaking"), "--data-dir", data_dir, model="starter", quick=True)
    yield server.wait_until_ready()
    server.stop()

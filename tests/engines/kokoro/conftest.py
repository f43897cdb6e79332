"""The starter, put together once for all tests of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wyoming_cosyvoice.engines.kokoro.install import install
from wyoming_cosyvoice.store.library import Library

if TYPE_CHECKING:
    from wyoming_cosyvoice.store.library import Installed


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Don't change what is in its folder: copy it."""
    return install(Library(tmp_path_factory.mktemp("starter") / "models"))

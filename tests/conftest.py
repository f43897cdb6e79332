"""What tests of several rooms share: the tiny CosyVoice checkpoint, and the bundle that is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from tqdm import tqdm

if TYPE_CHECKING:
    from wyoming_cosyvoice.store.bundle import Precision
    from wyoming_cosyvoice.store.library import Installed


# a test fails for what it finds, not for how busy the machine was
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def tiny_checkpoint() -> Path:
    """Folder with llm.pt, flow.pt, hift.pt, spk2info.pt and golden.npz; see its README."""
    return Path(__file__).parent / "data" / "cosyvoice_tiny"


@pytest.fixture(scope="session")
def tiny_bundle(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the tiny checkpoint's bundle in float32. Don't change what is in it: copy it."""
    return convert_tiny(tiny_checkpoint, tmp_path_factory.mktemp("bundles") / "tiny")


@pytest.fixture(scope="session")
def tiny_int8_bundle(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the tiny checkpoint's bundle in int8. Don't change what is in it: copy it."""
    return convert_tiny(tiny_checkpoint, tmp_path_factory.mktemp("bundles") / "tiny_int8", "int8")


def convert_tiny(checkpoint: Path, bundle: Path, precision: Precision = "float32", *, replace: bool = False) -> Path:
    """Convert without showing progress."""
    from wyoming_cosyvoice.convert.bundle import Conversion, convert  # noqa: PLC0415 - only where it is needed

    with tqdm(disable=True) as progress:
        convert(Conversion(checkpoint, bundle, precision, "tiny", replace), progress)
    return bundle


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The starter, put together once; two folders above it is a data directory. Don't change what is in it."""
    from wyoming_cosyvoice.engines.kokoro.install import install  # noqa: PLC0415 - only where it is needed
    from wyoming_cosyvoice.store.library import Library  # noqa: PLC0415

    return install(Library(tmp_path_factory.mktemp("starter") / "models"))

"""The tiny checkpoint, converted once, and what upstream made of it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from wyoming_cosyvoice.convert.bundle import Conversion, convert
from wyoming_cosyvoice.engines.cosyvoice import CosyVoice, load

TINY = Path(__file__).parents[2] / "data" / "cosyvoice_tiny"


class Quiet:
    total: float | None = None

    def update(self, n: float, /) -> None:
        """Nobody watches."""

    def set_description_str(self, desc: str, /) -> None:
        """Nobody watches."""


class Golden:
    """Arrays and facts that upstream gave for the tiny checkpoint."""

    def __init__(self, folder: Path) -> None:
        self.meta: dict[str, Any] = json.loads((folder / "golden_meta.json").read_text("utf-8"))
        with np.load(folder / "golden.npz") as arrays:
            self._arrays = {name: arrays[name] for name in arrays.files}

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._arrays[name]

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def get(self, name: str) -> NDArray[Any] | None:
        return self._arrays.get(name)


@pytest.fixture(scope="session")
def golden() -> Golden:
    return Golden(TINY)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny-sft"
    convert(Conversion(TINY, folder), Quiet())
    return folder


@pytest.fixture(scope="session")
def model(bundle: Path) -> CosyVoice:
    return load(bundle, threads=2)

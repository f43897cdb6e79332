"""The tiny bundle, loaded once, and what upstream made of its checkpoint."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from wyoming_cosyvoice.engines.cosyvoice import CosyVoice, load


class Golden:
    """Arrays and facts that upstream gave for the tiny checkpoint."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as arrays:
            self._arrays: dict[str, NDArray[Any]] = {name: arrays[name] for name in arrays.files}
        self.meta: dict[str, Any] = json.loads(str(self._arrays["meta_json"]))

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._arrays[name]

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def get(self, name: str) -> NDArray[Any] | None:
        return self._arrays.get(name)


@pytest.fixture(scope="session")
def golden(tiny_checkpoint: Path) -> Golden:
    return Golden(tiny_checkpoint / "golden.npz")


@pytest.fixture(scope="session")
def model(tiny_bundle: Path) -> CosyVoice:
    return load(tiny_bundle, threads=2)

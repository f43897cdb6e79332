"""Weights of a graph for who reads them without ONNX Runtime."""

from __future__ import annotations

import ctypes
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

CURE = "Install the model again, or convert it again"


class ListedWeights:
    """The tensors of NAME.onnx.data by name, memory-mapped, as NAME.json beside it lists them."""

    def __init__(self, folder: Path, graph: str) -> None:
        self.path = folder / f"{graph}.json"
        try:
            self._places: dict[str, dict[str, Any]] = json.loads(self.path.read_text("utf-8"))
            self._data = np.memmap(folder / f"{graph}.onnx.data", np.uint8, "r")
        except (OSError, ValueError) as error:
            raise ModelError(f"{self.path} can't be read: {error}", CURE) from error

    def only(self, ending: str) -> str:
        """Return the one name that ends so."""
        names = [name for name in self._places if name.endswith(ending)]
        if len(names) != 1:
            raise ModelError(f"{self.path} lists {len(names)} tensors named …{ending} where one is expected", CURE)
        return names[0]

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def __getitem__(self, name: str) -> NDArray[Any]:
        try:
            place = self._places[name]
            start, shape, dtype = int(place["offset"]), tuple(place["shape"]), np.dtype(place["dtype"])
            size = int(np.prod(shape)) * dtype.itemsize
            tensor: NDArray[Any] = self._data[start : start + size].view(dtype).reshape(shape)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{self.path} does not say where {name} is: {error}", CURE) from error
        return tensor

    def floats(self, name: str, shape: tuple[int, ...]) -> Floats:
        """Return a float32 tensor of a shape that is known."""
        array = self[name]
        if array.shape != shape or array.dtype != np.float32:
            raise ModelError(f"{self.path}: {name} is {list(array.shape)} where {list(shape)} is expected", CURE)
        return array


def pointer(array: NDArray[Any]) -> ctypes.c_void_p:
    """Return where an array lies; the caller keeps it alive."""
    return ctypes.c_void_p(array.ctypes.data)

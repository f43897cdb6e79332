"""A torch checkpoint as a lazy mapping from names to float32 arrays, without torch.

A checkpoint is a zip archive of uncompressed records: one pickle that says which tensors there are, and one record of
raw values a storage. Tensors are read one at a time when they are asked for, with the archive's checksums, so memory
holds one tensor and not the file (pages of a memory map would count as resident).
"""

from __future__ import annotations

import math
import zipfile
from typing import TYPE_CHECKING, Self

import numpy as np

from wyoming_cosyvoice.convert.pickled import TensorRecord, read_pickle
from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_MAX_PICKLE_BYTES = 16 << 20
_AGAIN = "Download it again"
_ITEM_BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}


class Checkpoint:
    """An open checkpoint; `tree` is its pickle with `TensorRecord`s for tensors. Raises ModelError for a bad file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
            self._size = path.stat().st_size
        except FileNotFoundError:
            raise ModelError(f"{path} is missing", "Point to a folder with the official checkpoint's files") from None
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise ModelError(f"{path} is not a complete torch checkpoint ({error})", _AGAIN) from error
        try:
            self._prefix, self.tree = self._open()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    @property
    def tensors(self) -> Mapping[str, TensorRecord]:
        """The tensors of a flat state dict by name; entries that are no tensors (`epoch`, `step`) are left out."""
        if not isinstance(self.tree, dict):
            raise ModelError(f"{self.path} holds a {type(self.tree).__name__}, not named tensors", _AGAIN)
        return {str(name): value for name, value in self.tree.items() if isinstance(value, TensorRecord)}

    def read(self, tensor: TensorRecord) -> NDArray[np.float32]:
        """Return a tensor's values as float32; ModelError if its record is missing, short, or fails its checksum."""
        storage = tensor.storage
        if storage.type not in _ITEM_BYTES:
            raise ModelError(f"{self.path} has {storage.type} values where float32 ones belong", _AGAIN)
        last = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.strides, strict=False))
        # a stride of 0 repeats values: no parameter is saved so, and a shape of any size would fit
        count = math.prod(tensor.shape)
        fits = len(tensor.shape) == len(tensor.strides) and count <= storage.count - tensor.offset
        if not fits or (count and tensor.offset + last >= storage.count):
            raise ModelError(f"{self.path} has a tensor that is larger than its values", _AGAIN)
        values = _as_float32(
            self._record(f"data/{storage.key}", storage.count * _ITEM_BYTES[storage.type]), storage.type
        )
        strides = [stride * 4 for stride in tensor.strides]
        view = np.lib.stride_tricks.as_strided(values[tensor.offset :], tensor.shape, strides, writeable=False)
        return np.ascontiguousarray(view).reshape(tensor.shape)

    def _open(self) -> tuple[str, object]:
        pickles = [name for name in self._zip.namelist() if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise ModelError(f"{self.path} is a zip archive but not a torch checkpoint", _AGAIN)
        self._prefix = pickles[0].removesuffix("data.pkl")
        if f"{self._prefix}byteorder" in self._zip.namelist() and self._record("byteorder", None) != b"little":
            raise ModelError(f"{self.path} was saved on a big-endian machine", "Save it again on a common one")
        return self._prefix, read_pickle(self._record("data.pkl", None), str(self.path))

    def _record(self, name: str, size: int | None) -> bytes:
        """Read a record that must have `size` bytes (None: any moderate number)."""
        try:
            info = self._zip.getinfo(self._prefix + name)
        except KeyError:
            raise ModelError(f"{self.path} lacks its record {name!r}", _AGAIN) from None
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            raise ModelError(f"{self.path} has a compressed record {name!r}, which torch does not write", _AGAIN)
        # looked at before reading: a directory that lies about a size must not decide how much memory is asked for
        if info.header_offset + info.file_size > self._size:
            raise ModelError(f"{self.path} ends inside its record {name!r}", _AGAIN)
        if size is None and info.file_size > _MAX_PICKLE_BYTES:
            raise ModelError(f"{self.path} has {info.file_size} bytes in {name!r}, more than any checkpoint", _AGAIN)
        if size is not None and info.file_size != size:
            raise ModelError(f"{self.path} has {info.file_size} bytes in {name!r} where {size} belong", _AGAIN)
        try:
            data = self._zip.read(info)
        except (OSError, EOFError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
            raise ModelError(f"{self.path} is damaged in its record {name!r} ({error})", _AGAIN) from error
        if len(data) != info.file_size:
            raise ModelError(f"{self.path} ends inside its record {name!r}", _AGAIN)
        return data


def _as_float32(data: bytes, kind: str) -> NDArray[np.float32]:
    if kind == "bfloat16":
        return (np.frombuffer(data, "<u2").astype("<u4") << 16).view(np.float32)
    return np.frombuffer(data, np.dtype(kind).newbyteorder("<")).astype(np.float32, copy=False)

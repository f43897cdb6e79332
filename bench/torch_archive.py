"""Writing torch checkpoints without torch: for reference models and for tests of the reader."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_STORAGES = {"float32": "FloatStorage", "float16": "HalfStorage", "float64": "DoubleStorage", "int64": "LongStorage"}


def write_archive(path: Path, tree: Mapping[str, Any], *, prefix: str = "archive") -> None:
    """Write a dict of arrays, plain values and nested dicts as `torch.save` lays them out."""
    stream = io.BytesIO()
    arrays: list[NDArray[Any]] = []
    stream.write(b"\x80\x02")
    _value(stream, tree, arrays)
    stream.write(b".")
    write_records(path, stream.getvalue(), ((str(key), array.tobytes()) for key, array in enumerate(arrays)), prefix)


def write_records(path: Path, pickled: bytes, storages: Iterable[tuple[str, bytes]], prefix: str = "archive") -> None:
    """Write the zip archive around a pickle and its storages."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{prefix}/data.pkl", pickled)
        archive.writestr(f"{prefix}/byteorder", b"little")
        for key, data in storages:
            with archive.open(f"{prefix}/data/{key}", "w", force_zip64=len(data) > 1 << 31) as record:
                record.write(data)
        archive.writestr(f"{prefix}/version", b"3\n")


def _value(stream: io.BytesIO, value: Any, arrays: list[NDArray[Any]]) -> None:
    match value:
        case dict():
            stream.write(b"}(")
            for key, item in value.items():
                _value(stream, key, arrays)
                _value(stream, item, arrays)
            stream.write(b"u")
        case bool():
            stream.write(b"\x88" if value else b"\x89")
        case int():
            stream.write(b"J" + struct.pack("<i", value))
        case float():
            stream.write(b"G" + struct.pack(">d", value))
        case str():
            data = value.encode()
            stream.write(b"X" + struct.pack("<I", len(data)) + data)
        case tuple():
            stream.write(b"(")
            for item in value:
                _value(stream, item, arrays)
            stream.write(b"t")
        case np.ndarray():
            _tensor(stream, value, arrays)
        case _:
            raise TypeError(f"no way to write {type(value).__name__}")


def _tensor(stream: io.BytesIO, array: NDArray[Any], arrays: list[NDArray[Any]]) -> None:
    array = np.ascontiguousarray(array).reshape(array.shape)
    stream.write(b"ctorch._utils\n_rebuild_tensor_v2\n(")
    stream.write(b"(")
    _value(stream, "storage", arrays)
    stream.write(b"ctorch\n" + _STORAGES[array.dtype.name].encode() + b"\n")
    storage: tuple[Any, ...] = (str(len(arrays)), "cpu", array.size)
    for item in storage:
        _value(stream, item, arrays)
    stream.write(b"tQ")
    strides = tuple(stride // array.itemsize for stride in array.strides)
    rest: tuple[Any, ...] = (0, array.shape, strides, False, {})
    for item in rest:
        _value(stream, item, arrays)
    stream.write(b"tR")
    arrays.append(array)

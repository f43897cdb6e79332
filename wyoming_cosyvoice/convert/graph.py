"""Writing an ONNX graph by hand: nodes one after another, large weights straight to disk.

Weights go to `NAME.onnx.data` the moment they are added, so a graph of a gigabyte is written with one tensor in memory,
and ONNX Runtime maps them from there.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save_model

from wyoming_cosyvoice.convert.precision import FLOAT32

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from wyoming_cosyvoice.convert.precision import Form

OPSET = 21
CONTRIB = "com.microsoft"
_IR_VERSION = 10
_ALIGNMENT = 4096
"""Of a weight in its file that fills a page: what a memory map needs."""
_VECTOR_BYTES = 64
_INLINE_BYTES = 1024
_TYPES = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64, "int32": TensorProto.INT32}


class GraphWriter:
    """One graph on its way to `folder`/NAME.onnx. Values are names; `op` returns those of its outputs."""

    def __init__(self, folder: Path, name: str, form: Form = FLOAT32, *, listed: bool = False) -> None:
        """`form` says how weights are kept; the pieces in `blocks` act on it.

        `listed` weights are all in the data file, and NAME.json says where, for who reads them without ONNX Runtime.
        """
        self.form = form
        self._all_outside = listed
        self._places: dict[str, dict[str, Any]] = {}
        self._asides = False
        self._folder, self._name = folder, name
        self._data_name = f"{name}.onnx.data"
        self._data = (folder / self._data_name).open("wb")
        self._nodes: list[Any] = []
        self._initializers: dict[str, Any] = {}
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._scope: list[str] = []
        self._counts: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._data.close()
        if kind is None:
            self._save()

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Prefix the names of what is added inside, as the specification names modules."""
        self._scope.append(name)
        try:
            yield
        finally:
            self._scope.pop()

    def input(self, name: str, shape: Sequence[int | str], dtype: str = "float32") -> str:
        """Declare an input; a text in `shape` is a dynamic size."""
        self._inputs.append(helper.make_tensor_value_info(name, _TYPES[dtype], shape))
        return name

    def output(self, value: str, name: str, shape: Sequence[int | str]) -> None:
        """Declare `value` as the float32 output `name`."""
        if value != name:
            self._nodes.append(helper.make_node("Identity", [value], [name], name=f"output_{name}"))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def weight(self, name: str, array: NDArray[Any]) -> str:
        """Add a constant under its full name; a large one is written to the data file now."""
        array = np.ascontiguousarray(array)
        name = self._unique(self._full(name))
        outside = array.nbytes > _INLINE_BYTES or self._all_outside
        tensor = numpy_helper.from_array(array[..., :0] if outside else array, name)
        if outside:
            offset = self._write(name, array, _ALIGNMENT if array.nbytes >= _ALIGNMENT else _VECTOR_BYTES)
            del tensor.dims[:]
            tensor.dims.extend(array.shape)
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            location = {"location": self._data_name, "offset": offset, "length": array.nbytes}
            for key, value in location.items():
                tensor.external_data.add(key=key, value=str(value))
        self._initializers[name] = tensor
        return name

    def aside(self, name: str, array: NDArray[Any]) -> None:
        """List an array under its full name for who reads weights without ONNX Runtime; NAME.json then says where.

        Small weights of a graph lie in its own file: what is not in the data file is written there once more.
        """
        name, array = self._full(name), np.ascontiguousarray(array)
        self._asides = True
        if name not in self._places:
            self._write(name, array, _VECTOR_BYTES)

    def shared_weight(self, name: str, array: NDArray[np.float32]) -> str:
        """Add a constant that several nodes use, kept once a graph under `name` itself."""
        if name not in self._initializers:
            scope, self._scope = self._scope, []
            self.weight(name, array)
            self._scope = scope
        return name

    def kernel(self, name: str, array: NDArray[np.float32]) -> str:
        """Add the weight of a convolution; in float16 on disk if the form says so (loading folds it to float32)."""
        if not self.form.half:
            return self.weight(name, array)
        return self.op("Cast", self.weight(name, array.astype(np.float16)), to=TensorProto.FLOAT)

    def integers(self, *values: int) -> str:
        """Return the name of a constant int64 vector, kept once a graph."""
        name = "ints_" + "_".join(str(value) for value in values)
        if name not in self._initializers:
            self._initializers[name] = numpy_helper.from_array(np.array(values, np.int64), name)
        return name

    def scalar(self, value: int) -> str:
        """Return the name of a constant int64 scalar, kept once a graph."""
        name = f"int_{value}"
        if name not in self._initializers:
            self._initializers[name] = numpy_helper.from_array(np.array(value, np.int64), name)
        return name

    def number(self, value: float) -> str:
        """Return the name of a constant float32 scalar, kept once a graph."""
        name = f"float_{value!r}"
        if name not in self._initializers:
            self._initializers[name] = numpy_helper.from_array(np.array(value, np.float32), name)
        return name

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output and return its name."""
        return self.ops(kind, *inputs, outputs=1, domain=domain, **attributes)[0]

    def ops(
        self, kind: str, *inputs: str, outputs: int | Sequence[str], domain: str = "", **attributes: Any
    ) -> list[str]:
        """Add a node with several outputs (a number of new ones, or given names) and return their names."""
        name = self._unique(self._full(kind))
        names = [f"{name}_{index}" for index in range(outputs)] if isinstance(outputs, int) else list(outputs)
        self._nodes.append(helper.make_node(kind, list(inputs), names, name=name, domain=domain, **attributes))
        return names

    def _write(self, name: str, array: NDArray[Any], alignment: int) -> int:
        """Append an array to the data file, list it, and return where it begins."""
        self._data.write(b"\0" * (-self._data.tell() % alignment))
        offset, dtype = self._data.tell(), array.dtype.newbyteorder("<").str
        self._places[name] = {"offset": offset, "shape": list(array.shape), "dtype": dtype}
        self._data.write(array.data)
        return offset

    def _full(self, name: str) -> str:
        return ".".join([*self._scope, name])

    def _unique(self, name: str) -> str:
        count = self._counts.get(name, 0)
        self._counts[name] = count + 1
        return f"{name}~{count}" if count else name

    def _save(self) -> None:
        graph = helper.make_graph(
            self._nodes, self._name, self._inputs, self._outputs, list(self._initializers.values())
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="wyoming-cosyvoice"
        )
        path = self._folder / f"{self._name}.onnx"
        save_model(model, path)
        if self._asides or self._all_outside:
            (self._folder / f"{self._name}.json").write_text(json.dumps(self._places, indent=1) + "\n", "utf-8")
        if not (self._folder / self._data_name).stat().st_size:
            (self._folder / self._data_name).unlink()
        checker.check_model(str(path))

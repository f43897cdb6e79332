"""Writing nodes and constants of a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import NodeProto, TensorProto

CONTRIBUTED = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""


class Writer:
    """Collects nodes and constants, each constant once."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, TensorProto] = {}
        self._shared: set[str] = set()

    def take_nodes(self) -> list[NodeProto]:
        """Return the nodes written since the last call."""
        nodes, self.nodes = self.nodes, []
        return nodes

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """Return the name of a constant tensor."""
        name = f"fast/{name}"
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(value, name)
        return name

    def scalar(self, value: float) -> str:
        """Return the name of a float32 scalar."""
        return self.constant(f"scalar {value!r}", np.array(value, np.float32))

    def shape(self, *values: int) -> str:
        """Return the name of an int64 vector: a shape, axes, bounds."""
        return self.constant(f"shape {values}", np.array(values, np.int64))

    def add(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Write a node with one output, which also names it."""
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def share(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Write a node as `add` does, unless it was shared before: several readers of one tensor ask for it."""
        if output not in self._shared:
            self._shared.add(output)
            self.add(operator, inputs, output, **attributes)
        return output

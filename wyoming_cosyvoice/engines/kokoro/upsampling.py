"""The generator's two transposed convolutions as matrix products.

ONNX Runtime's ConvTranspose multiplies and then adds the overlapping columns one by one on one thread. With a kernel of
twice the step each output sample hangs on two neighbouring inputs only: so a row of step times O outputs is the product
of those two, side by side, with the weights put in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from onnx import helper

from wyoming_cosyvoice.engines.kokoro.convolutions import WEIGHT_LIMIT
from wyoming_cosyvoice.engines.kokoro.sites import GENERATOR, GraphIndex
from wyoming_cosyvoice.engines.kokoro.writer import CONTRIBUTED
from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import GraphProto

    from wyoming_cosyvoice.engines.kokoro.writer import Writer


@dataclass(frozen=True, slots=True)
class Upsampling:
    """A transposed convolution `[1, C, T]` to `[1, O, T step]`: `weight` `[C, O, 2 step]`, `bias` `[O]`."""

    source: str
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    step: int
    padding: int
    output: str


def find(graph: GraphProto) -> list[Upsampling]:
    """Return both in graph order; raises ModelError if they are others than known."""
    index = GraphIndex(graph)
    found = []
    for node in graph.node:
        if node.op_type == "ConvTranspose" and node.name.startswith(f"{GENERATOR}/ups."):
            values = {item.name: helper.get_attribute_value(item) for item in node.attribute}
            weight, step = index.constant(node.input[1]), values["strides"][0]
            if weight.shape[2] != 2 * step:
                raise ModelError(
                    f"{node.name} is another one", "Install the starter's packages in their pinned version"
                )
            bias = index.constant(node.input[2])
            found.append(Upsampling(node.input[0], weight, bias, step, values["pads"][0], node.output[0]))
    return found


def write(writer: Writer, layer: Upsampling, *, in_bytes: bool) -> None:
    """Write it, in float32 or in bytes; the input's scale is found at run time then."""
    name, step = layer.output, layer.step
    outputs = len(layer.bias)
    rows = writer.add("Transpose", [layer.source], f"{name}/rows", perm=[0, 2, 1])
    padded = writer.add("Pad", [rows, writer.shape(1, 1), writer.scalar(0.0), writer.shape(1)], f"{name}/padded")
    bounds = {"later": (1, np.iinfo(np.int64).max), "earlier": (0, -1)}
    pair = [
        writer.add("Slice", [padded, writer.shape(start), writer.shape(end), writer.shape(1)], f"{name}/{which}")
        for which, (start, end) in bounds.items()
    ]
    both = writer.add("Concat", pair, f"{name}/both", axis=2)
    # row t of the product holds samples t step ... (t + 1) step, which hang on inputs t and t - 1
    halves = layer.weight[:, :, :step], layer.weight[:, :, step:]
    matrix = np.concatenate([half.transpose(0, 2, 1).reshape(len(half), -1) for half in halves])
    product = _product_of_bytes(writer, name, both, matrix) if in_bytes else _product(writer, name, both, matrix)
    samples = writer.add("Reshape", [product, writer.shape(1, -1, outputs)], f"{name}/samples")
    ends = writer.shape(layer.padding), writer.shape(-layer.padding), writer.shape(1)
    kept = writer.add("Slice", [samples, *ends], f"{name}/kept")
    biased = writer.add("Add", [kept, writer.constant(f"{name}/bias", layer.bias)], f"{name}/biased")
    writer.add("Transpose", [biased], name, perm=[0, 2, 1])


def _product(writer: Writer, name: str, rows: str, matrix: NDArray[np.float32]) -> str:
    return writer.add("MatMul", [rows, writer.constant(f"{name}/weight", matrix)], f"{name}/product")


def _product_of_bytes(writer: Writer, name: str, rows: str, matrix: NDArray[np.float32]) -> str:
    step = np.maximum(np.abs(matrix).max(0) / WEIGHT_LIMIT, 1e-12)
    whole = np.round(matrix / step).astype(np.int8)
    quantised = [f"{name}/{kind}" for kind in ("bytes", "step", "zero")]
    writer.nodes.append(helper.make_node("DynamicQuantizeLinear", [rows], quantised, name=f"{name}/bytes"))
    inputs = [
        quantised[0],
        writer.constant(f"{name}/weight", whole),
        quantised[1],
        writer.constant(f"{name}/weight step", step.astype(np.float32)),
        quantised[2],
        writer.constant(f"zero weights {len(step)}", np.zeros(len(step), np.int8)),
    ]
    return writer.add("MatMulIntegerToFloat", inputs, f"{name}/product", domain=CONTRIBUTED)

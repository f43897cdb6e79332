"""The convolutions outside the generator's blocks as matrix products.

They stay as they were exported: the input in bytes with a scale found at run time, weights in bytes. But ONNX Runtime's
ConvInteger multiplies unsigned weights, for which processors have no instruction; the product of unsigned bytes with
signed weights is three times as fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import helper

from wyoming_cosyvoice.engines.kokoro.sites import GENERATOR, GraphIndex
from wyoming_cosyvoice.engines.kokoro.writer import CONTRIBUTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from onnx import GraphProto, NodeProto

    from wyoming_cosyvoice.engines.kokoro.writer import Writer

_LIMIT = 64  # 255 x 64 x 2 fits 16 bits, in which processors without VNNI add two products
_FEWEST_OUTPUTS = 64


@dataclass(frozen=True, slots=True)
class Convolution:
    """A ConvInteger with what surrounds it.

    `bytes`, `step` and `zero` are the tensors of the quantised input `[1, C, T]`; `weight` `[O, C, K]` is whole
    numbers, to be multiplied by `weight_step`; `bias` is `[O]` or None; `output` is the float32 tensor `[1, O, T]`.
    """

    bytes: str
    step: str
    zero: str
    weight: NDArray[np.int32]
    weight_step: float
    bias: NDArray[np.float32] | None
    output: str


def find(graph: GraphProto) -> list[Convolution]:
    """Return those of one step at a time and many channels, in graph order."""
    index = GraphIndex(graph)
    found = []
    for node in graph.node:
        if node.op_type == "ConvInteger" and not node.name.startswith(GENERATOR) and _suits(node):
            convolution = read(index, node)
            if len(convolution.weight) >= _FEWEST_OUTPUTS:
                found.append(convolution)
    return found


def write(writer: Writer, convolution: Convolution) -> None:
    """Write the product of the input's neighbouring columns, side by side, with the weights."""
    name = convolution.output
    outputs, _, size = convolution.weight.shape
    rows = writer.add("Transpose", [convolution.bytes], f"{name}/rows", perm=[0, 2, 1])
    if size > 1:
        rows = _neighbours(writer, name, rows, convolution.zero, size)
    largest = np.abs(convolution.weight).max(axis=(1, 2))
    factor = np.maximum(largest / _LIMIT, 1)
    whole = np.round(convolution.weight / factor[:, None, None]).astype(np.int8)
    matrix = np.ascontiguousarray(whole.transpose(2, 1, 0).reshape(-1, outputs))
    step = (convolution.weight_step * factor).astype(np.float32)
    inputs = [
        rows,
        writer.constant(f"{name}/weight", matrix),
        convolution.step,
        writer.constant(f"{name}/weight step", step),
        convolution.zero,
        writer.constant(f"zero weights {outputs}", np.zeros(outputs, np.int8)),
    ]
    if convolution.bias is not None:
        inputs.append(writer.constant(f"{name}/bias", convolution.bias))
    product = writer.add("MatMulIntegerToFloat", inputs, f"{name}/product", domain=CONTRIBUTED)
    writer.add("Transpose", [product], name, perm=[0, 2, 1])


def _neighbours(writer: Writer, name: str, rows: str, zero: str, size: int) -> str:
    """Write `[1, T, C]` as `[1, T, K C]`: each row with those before and after it, zeros beyond the ends."""
    reach = size // 2
    padded = writer.add("Pad", [rows, writer.shape(reach, reach), zero, writer.shape(1)], f"{name}/padded")
    shifted = [
        writer.add(
            "Slice",
            [padded, writer.shape(shift), writer.shape(shift - 2 * reach or np.iinfo(np.int64).max), writer.shape(1)],
            f"{name}/shifted {shift}",
        )
        for shift in range(size)
    ]
    return writer.add("Concat", shifted, f"{name}/neighbours", axis=2)


def _suits(node: NodeProto) -> bool:
    values: Mapping[str, Any] = {item.name: helper.get_attribute_value(item) for item in node.attribute}
    (size,) = values["kernel_shape"]
    plain: bool = values["strides"] == [1] and values["dilations"] == [1] and values["group"] == 1
    centred: bool = size % 2 == 1 and values["pads"] == [size // 2, size // 2]
    return plain and centred


def read(index: GraphIndex, node: NodeProto) -> Convolution:
    """Return a ConvInteger with what surrounds it."""
    output = node.name.removesuffix("_quant") + "_output_0"
    cast, scale = index.producer(output).input
    summed = index.producer(index.producer(cast).input[0])
    bias = None
    if summed.op_type == "Add":  # the bias in steps: Reshape of Cast of Floor of Div
        rounded = index.producer(index.producer(index.producer(summed.input[1]).input[0]).input[0])
        bias = index.constant(index.producer(rounded.input[0]).input[0]).astype(np.float32)
    source, weight, zero, weight_zero = node.input
    step, weight_step = index.producer(scale).input
    return Convolution(
        bytes=source,
        step=step,
        zero=zero,
        weight=index.constant(weight).astype(np.int32) - index.constant(weight_zero).astype(np.int32),
        weight_step=float(index.constant(weight_step)),
        bias=bias,
        output=output,
    )

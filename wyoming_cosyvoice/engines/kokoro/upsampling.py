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
    """A transposed convolution `[1, C, T]` to `[1, O, T step]`: `weight` `[C, O, 2 step]`, `bias` `[O]`.

    `reflected` says that the output has one sample more, before the first: a copy of the second.
    """

    source: str
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    step: int
    padding: int
    output: str
    reflected: bool


def find(graph: GraphProto) -> list[Upsampling]:
    """Return both in graph order; raises ModelError if they are others than known."""
    index = GraphIndex(graph)
    pads = {node.input[0]: node.output[0] for node in graph.node if node.op_type == "Pad"}
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
            output = pads.get(node.output[0], node.output[0])
            reflected = output != node.output[0]
            found.append(Upsampling(node.input[0], weight, bias, step, values["pads"][0], output, reflected))
    return found


def write(writer: Writer, layer: Upsampling, *, in_bytes: bool, shift: str | None = None) -> None:
    """Write it, in float32 or in bytes; the input's scale is found at run time then.

    Adds `shift` `[O]` to the output.
    """
    name, step = layer.output, layer.step
    # row t of the product holds samples t step ... (t + 1) step, which hang on inputs t and t - 1
    halves = layer.weight[:, :, :step], layer.weight[:, :, step:]
    matrix = np.concatenate([half.transpose(0, 2, 1).reshape(len(half), -1) for half in halves])
    bias = writer.constant(f"{name}/bias", np.tile(layer.bias, step))
    if shift is not None:
        repeated = writer.add("Tile", [shift, writer.shape(step)], f"{name}/shift")
        bias = writer.add("Add", [bias, repeated], f"{name}/biases")
    if in_bytes:
        product = _product_of_bytes(writer, layer, matrix, bias)
    else:
        both = _pairs(writer, name, layer.source, writer.scalar(0.0))
        weight = writer.constant(f"{name}/weight", matrix)
        product = writer.add("Add", [writer.add("MatMul", [both, weight], f"{name}/unbiased"), bias], f"{name}/product")
    samples = writer.add("Reshape", [product, writer.shape(1, -1, len(layer.bias))], f"{name}/samples")
    if layer.reflected:
        kept = writer.add("Gather", [samples, _reflected_rows(writer, layer, samples)], f"{name}/kept", axis=1)
    else:
        ends = writer.shape(layer.padding), writer.shape(-layer.padding), writer.shape(1)
        kept = writer.add("Slice", [samples, *ends], f"{name}/kept")
    writer.add("Transpose", [kept], name, perm=[0, 2, 1])


def _pairs(writer: Writer, name: str, source: str, zero: str) -> str:
    """Write `[1, C, T]` as `[1, T + 1, 2 C]`: each input and the one before it, `zero` beyond the ends."""
    rows = writer.add("Transpose", [source], f"{name}/rows", perm=[0, 2, 1])
    padded = writer.add("Pad", [rows, writer.shape(1, 1), zero, writer.shape(1)], f"{name}/padded")
    bounds = {"later": (1, np.iinfo(np.int64).max), "earlier": (0, -1)}
    pair = [
        writer.add("Slice", [padded, writer.shape(start), writer.shape(end), writer.shape(1)], f"{name}/{which}")
        for which, (start, end) in bounds.items()
    ]
    return writer.add("Concat", pair, f"{name}/both", axis=2)


def _reflected_rows(writer: Writer, layer: Upsampling, samples: str) -> str:
    """Write which of the samples `[1, N, O]` to take: without the padding, the second in front.

    Cutting and then padding would move all of them twice.
    """
    name = layer.output
    first = writer.constant(f"{name}/first", np.array(layer.padding))
    length = writer.add("Squeeze", [writer.add("Shape", [samples], f"{name}/shape", start=1, end=2)], f"{name}/length")
    end = writer.add("Sub", [length, first], f"{name}/end")
    rows = writer.add("Range", [first, end, writer.constant("one", np.array(1))], f"{name}/inner")
    return writer.add("Concat", [writer.shape(layer.padding + 1), rows], f"{name}/reflected", axis=0)


def _product_of_bytes(writer: Writer, layer: Upsampling, matrix: NDArray[np.float32], bias: str) -> str:
    """Write the product; the input becomes bytes before it is laid out in pairs, so that less is moved."""
    name = layer.output
    step = np.maximum(np.abs(matrix).max(0) / WEIGHT_LIMIT, 1e-12)
    whole = np.round(matrix / step).astype(np.int8)
    quantised = [f"{name}/{kind}" for kind in ("bytes", "step", "zero")]
    writer.nodes.append(helper.make_node("DynamicQuantizeLinear", [layer.source], quantised, name=f"{name}/bytes"))
    inputs = [
        _pairs(writer, name, quantised[0], quantised[2]),
        writer.constant(f"{name}/weight", whole),
        quantised[1],
        writer.constant(f"{name}/weight step", step.astype(np.float32)),
        quantised[2],
        writer.constant(f"zero weights {len(step)}", np.zeros(len(step), np.int8)),
        bias,
    ]
    return writer.add("MatMulIntegerToFloat", inputs, f"{name}/product", domain=CONTRIBUTED)

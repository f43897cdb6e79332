"""Pieces that several graphs share.

Time comes before channels, so a convolution is a matrix product over shifted copies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.convert.graph import CONTRIB
from wyoming_cosyvoice.convert.layout import MELS
from wyoming_cosyvoice.convert.quantize import SAFE_WEIGHT, quantize, quantize_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wyoming_cosyvoice.convert.graph import GraphWriter
    from wyoming_cosyvoice.convert.quantize import Blocks
    from wyoming_cosyvoice.convert.weights import Weights

NORM_EPSILON = 1e-5
_SMALLEST_QUANTIZED = 32
"""Of a matrix's sides."""
LAYER_EPSILON = 1e-12
"""Of the norms inside an encoder layer; all others have `NORM_EPSILON`."""


def linear(g: GraphWriter, name: str, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32] | None) -> str:
    """Return x @ weight.T + bias in the graph's form; `weight` is `[out, in]`."""
    # what makes mel channels is cheap and close to the output
    large = min(weight.shape) >= _SMALLEST_QUANTIZED and len(weight) != MELS
    with g.scope(name):
        if g.form.blocks and large:
            return _block_product(g, x, weight, bias, g.form.blocks)
        if g.form.dynamic and large:
            return _dynamic_product(g, x, weight, bias)
        y = g.op("MatMul", x, g.weight("weight", weight.T))
        return y if bias is None else g.op("Add", y, g.weight("bias", bias))


def _block_product(
    g: GraphWriter, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32] | None, blocks: Blocks
) -> str:
    codes, scales = quantize(weight, blocks)
    inputs = [x, g.weight("codes", codes), g.weight("scales", scales)]
    if bias is not None:
        inputs += ["", "", g.weight("bias", bias)]
    outputs, width = weight.shape
    sizes = {"N": outputs, "K": width, "bits": blocks.bits, "block_size": blocks.size}
    # accuracy level 4: activations in 8 bits too, which is what makes it fast
    return g.op("MatMulNBits", *inputs, domain=CONTRIB, accuracy_level=4, **sizes)


def _dynamic_product(g: GraphWriter, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32] | None) -> str:
    codes, scales = quantize_rows(weight, SAFE_WEIGHT)
    inputs = [x, g.weight("codes", codes.T), g.weight("scales", scales[:, 0]), ""]
    if bias is not None:
        inputs.append(g.weight("bias", bias))
    return g.op("DynamicQuantizeMatMul", *inputs, domain=CONTRIB)


def lookup(g: GraphWriter, name: str, table: NDArray[np.float32], ids: str) -> str:
    """Return the rows of `table` that `ids` name."""
    with g.scope(name):
        if not g.form.compact:
            return g.op("Gather", g.weight("weight", table), ids)
        codes, scales = quantize_rows(table)
        rows = g.op("Cast", g.op("Gather", g.weight("codes", codes), ids), to=1)
        return g.op("Mul", rows, g.op("Gather", g.weight("scales", scales), ids))


def linear_of(g: GraphWriter, weights: Weights, name: str, x: str) -> str:
    """Return the checkpoint's linear layer `name` of x."""
    bias = weights[f"{name}.bias"] if f"{name}.bias" in weights.shapes else None
    return linear(g, name, x, weights[f"{name}.weight"], bias)


def layer_norm(g: GraphWriter, weights: Weights, name: str, x: str, epsilon: float = NORM_EPSILON) -> str:
    """Return the checkpoint's layer norm `name` over the last axis of x."""
    with g.scope(name):
        scale, bias = g.weight("weight", weights[f"{name}.weight"]), g.weight("bias", weights[f"{name}.bias"])
        return g.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=epsilon)


def sum_and_norm(
    g: GraphWriter, weights: Weights, name: str, terms: tuple[str, str], epsilon: float = NORM_EPSILON
) -> tuple[str, str]:
    """Return the sum of two terms and the checkpoint's layer norm `name` of it, in one operator."""
    with g.scope(name):
        scale, bias = g.weight("weight", weights[f"{name}.weight"]), g.weight("bias", weights[f"{name}.bias"])
        outputs = [f"{name}.norm", "", "", f"{name}.sum"]
        g.ops("SkipLayerNormalization", *terms, scale, bias, outputs=outputs, domain=CONTRIB, epsilon=epsilon)
    return outputs[3], outputs[0]


def slice_axis(g: GraphWriter, x: str, axis: int, start: int, end: int, *, step: int = 1) -> str:
    """Return x[start:end:step] along `axis`, with Python's meaning of negative numbers."""
    return g.op("Slice", x, g.integers(start), g.integers(end), g.integers(axis), g.integers(step))


END = 2**62
"""As the `end` of a slice: to the last one."""


def mish(g: GraphWriter, x: str) -> str:
    """Return x tanh(log(1 + exp x)).

    With s = 1 / (1 + exp x) the tanh is (1 - s^2) / (1 + s^2): one fast operator instead of two slow ones.
    """
    s = g.op("Sigmoid", g.op("Neg", x))
    square, one = g.op("Mul", s, s), g.number(1.0)
    ratio = g.op("Div", g.op("Sub", one, square), g.op("Add", square, one))
    return g.op("Mul", x, ratio)


def silu(g: GraphWriter, x: str) -> str:
    """Return x sigmoid(x)."""
    return g.op("QuickGelu", x, domain=CONTRIB, alpha=1.0)


def gelu(g: GraphWriter, x: str) -> str:
    """Return x times the share of a standard normal distribution below it.

    By way of a tanh where products are in 8 bits: it is 5e-4 off, far below their error, and takes half the time.
    """
    return g.op("FastGelu", x, domain=CONTRIB) if g.form.dynamic else g.op("Gelu", x)


def shifted(g: GraphWriter, x: str, kernel: int, stride: int = 1) -> str:
    """Return `[B, T', kernel * C]`: next to each frame of x `[B, T, C]` its neighbours, zeros beyond the ends."""
    side = kernel // 2
    padded = g.op("Pad", x, g.integers(0, side, 0, 0, side, 0))
    ends = [offset - 2 * side or END for offset in range(kernel)]
    parts = [slice_axis(g, padded, 1, offset, end, step=stride) for offset, end in enumerate(ends)]
    return g.op("Concat", *parts, axis=-1)


def convolution(g: GraphWriter, weights: Weights, name: str, x: str, stride: int = 1) -> str:
    """Return the checkpoint's convolution `name` (odd kernel, same padding) of x `[B, T, C]`."""
    weight = weights[f"{name}.weight"]
    outputs, inputs, kernel = weight.shape
    if kernel > 1:
        x = shifted(g, x, kernel, stride)
    matrix = weight.transpose(0, 2, 1).reshape(outputs, kernel * inputs)
    return linear(g, name, x, matrix, weights[f"{name}.bias"])


def group_norm(g: GraphWriter, weights: Weights, name: str, x: str, groups: int) -> str:
    """Return the checkpoint's group norm `name` of x `[B, T, C]`.

    Its statistics are over all frames and the channels of a group.
    """
    scale, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    width = scale.size // groups
    # means over time, then over the channels of a group, spread back to channels by one small matrix
    matrix = np.kron(np.eye(groups), np.full((width, width), 1 / width)).astype(np.float32)
    spread = g.shared_weight(f"group_means_{groups}_{width}", matrix)
    with g.scope(name):
        mean = g.op("MatMul", g.op("ReduceMean", x, g.integers(1), keepdims=1), spread)
        centred = g.op("Sub", x, mean)
        square = g.op("ReduceMean", g.op("Mul", centred, centred), g.integers(1), keepdims=1)
        deviation = g.op("Sqrt", g.op("Add", g.op("MatMul", square, spread), g.number(NORM_EPSILON)))
        factor = g.op("Div", g.weight("weight", scale), deviation)
        return g.op("Add", g.op("Mul", centred, factor), g.weight("bias", bias))


def split_heads(g: GraphWriter, x: str, heads: int, order: tuple[int, int, int] = (1, 0, 2)) -> str:
    """Return x `[T, D]` as `[heads, T, D / heads]` (or in another order of T, head, width)."""
    return g.op("Transpose", g.op("Reshape", x, g.integers(0, heads, -1)), perm=list(order))

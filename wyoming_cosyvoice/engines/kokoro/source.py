"""The generator's source: sines at multiples of the pitch, and what the generator is told of their spectrum.

The export does at 24 kHz what changes once a frame only, and turns arrays around for the sake of the next operator.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto, helper

from wyoming_cosyvoice.engines.kokoro import dense
from wyoming_cosyvoice.engines.kokoro.sites import GENERATOR, GraphIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import GraphProto, NodeProto

    from wyoming_cosyvoice.engines.kokoro.writer import Writer

_PITCH = "/decoder/decoder/Unsqueeze_output_0"
_SUMMED = f"{GENERATOR}/m_source/l_linear/Add_output_0"
_PHASE = f"{GENERATOR}/Where_1_output_0"
_CONVOLUTION = re.compile(GENERATOR + r"/noise_convs\.[01]/Conv_quant")
_GEOMETRY = {"pads", "strides"}
_FRAME = 300
_RATE = 24000.0
_LEAST_PITCH = 10.0
_AMPLITUDE = 0.1


def write(writer: Writer, graph: GraphProto, *, centred: bool) -> dict[str, list[NodeProto]]:
    """Return nodes in place of those that make the tensors which name them; raises ModelError if one is not there.

    `centred` has each channel of the convolutions of the spectrum lie around 0, without its `shift`.
    """
    index = GraphIndex(graph)
    _write_sines(writer, index)
    replacements = {_SUMMED: writer.take_nodes()}
    _write_phase(writer, index)
    replacements[_PHASE] = writer.take_nodes()
    for node in graph.node:
        if _CONVOLUTION.fullmatch(node.name):
            output = _write_convolution(writer, index, node, centred=centred)
            replacements[output] = writer.take_nodes()
    return replacements


def _write_sines(writer: Writer, index: GraphIndex) -> None:
    """Write the weighted sum `[1, 300 F, 1]` of the harmonics of a pitch `[1, 1, F]` in hertz.

    The phase is added up a frame at a time, then drawn in straight lines between the middles of frames: of each frame's
    300 samples the first half hangs on the frame before it, the second on the one after. As sin(n p) is sin(p) times a
    polynomial of cos(p), one of each will do: ONNX Runtime's take as long as fifteen additions.
    """
    bias, product = index.producer(_SUMMED).input
    weight = index.constant(index.producer(product).input[1])
    turns = writer.add("Div", [_PITCH, writer.scalar(_RATE)], "source/turns")
    summed = writer.add("CumSum", [turns, writer.constant("source/axis", np.array(2))], "source/summed")
    phase = writer.add("Mul", [summed, writer.scalar(float(np.float32(2 * np.pi)) * _FRAME)], "source/frame phase")
    beyond = writer.constant("source/beyond", np.array([0, 0, 1, 0, 0, 1]))
    padded = writer.add("Pad", [phase, beyond], "source/padded", mode="edge")
    bounds = {"before": (0, -2), "after": (2, np.iinfo(np.int64).max)}
    around = [
        writer.add("Slice", [padded, writer.shape(start), writer.shape(end), writer.shape(2)], f"source/{which}")
        for which, (start, end) in bounds.items()
    ]
    three = [
        writer.add("Unsqueeze", [item, writer.shape(3)], f"{item}/column") for item in (around[0], phase, around[1])
    ]
    knots = writer.add("Concat", three, "source/knots", axis=3)
    lines = writer.add("MatMul", [knots, writer.constant("source/lines", _lines())], "source/phase")
    cosine = writer.add("Cos", [lines], "source/cosine")
    *lower, highest = _polynomial(weight.reshape(-1) * _AMPLITUDE)
    factor = writer.scalar(highest)
    for power, coefficient in reversed(list(enumerate(lower))):
        scaled = writer.add("Mul", [factor, cosine], f"source/cosine {power}")
        factor = writer.add("Add", [scaled, writer.scalar(coefficient)], f"source/factor {power}")
    voices = writer.add("Mul", [writer.add("Sin", [lines], "source/sine"), factor], "source/sum")
    frames = writer.add("Reshape", [voices, writer.shape(1, -1, _FRAME)], "source/frames")
    voiced = writer.add("Greater", [_PITCH, writer.scalar(_LEAST_PITCH)], "source/voiced")
    mask = writer.add("Cast", [voiced], "source/mask", to=TensorProto.FLOAT)
    column = writer.add("Reshape", [mask, writer.shape(1, -1, 1)], "source/mask column")
    heard = writer.add("Mul", [frames, column], "source/heard")
    biased = writer.add("Add", [heard, writer.scalar(index.constant(bias).item())], "source/biased")
    writer.add("Reshape", [biased, writer.shape(1, -1, 1)], _SUMMED)


def _polynomial(weight: NDArray[np.float32]) -> list[float]:
    """Return the coefficients, lowest power first, of p with `sin(x) p(cos x)` = the sum of `weight[n - 1] sin(n x)`.

    Chebyshev's polynomials of the second kind: sin(n x) = sin(x) U[n - 1](cos x).
    """
    before, this = np.polynomial.Polynomial([0.0]), np.polynomial.Polynomial([1.0])
    total = np.polynomial.Polynomial([0.0])
    for share in weight.astype(np.float64):
        total += share * this
        before, this = this, np.polynomial.Polynomial([0.0, 2.0]) * this - before
    return [float(value) for value in total.coef]


def _lines() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Return shares `[3, 300]` of the frame before, this one and the one after in each sample of a frame."""
    place = (np.arange(_FRAME) + 0.5) / _FRAME - 0.5
    return np.stack([np.maximum(-place, 0), 1 - np.abs(place), np.maximum(place, 0)]).astype(np.float32)


def _write_phase(writer: Writer, index: GraphIndex) -> None:
    """Write the angle of a complex number: its arc tangent, and half a turn to the imaginary part's side if left of 0.

    The export chose with two Where, which took 4 ms of half a million numbers.
    """
    chosen = index.producer(_PHASE)
    left, sides, tangent = chosen.input
    above = index.producer(sides).input[0]
    up = writer.add("Cast", [above], "phase/up", to=TensorProto.FLOAT)
    half = float(np.float32(np.pi))
    turn = writer.add("Mul", [up, writer.scalar(2 * half)], "phase/turn")
    side = writer.add("Sub", [turn, writer.scalar(half)], "phase/side")
    apart = writer.add("Cast", [left], "phase/left", to=TensorProto.FLOAT)
    writer.add("Add", [tangent, writer.add("Mul", [side, apart], "phase/added")], _PHASE)


def _write_convolution(writer: Writer, index: GraphIndex, node: NodeProto, *, centred: bool) -> str:
    """Write a convolution of the 22 channels of the spectrum in float32; returns its output.

    In 8 bits most of its time goes into the scale, the bias and the casts of the channels that it leaves.
    """
    convolution = dense.read(index, node)
    weight = convolution.weight.astype(np.float32) * np.float32(convolution.weight_step)
    bias = convolution.bias if convolution.bias is not None else np.zeros(len(weight), np.float32)
    name, source = convolution.output, index.producer(convolution.bytes).input[0]
    bias_name = writer.constant(f"{name}/bias", bias)
    if centred:
        bias_name = _write_centre(writer, name, source, weight, bias_name)
    inputs = [source, writer.constant(f"{name}/weight", weight), bias_name]
    geometry = {item.name: helper.get_attribute_value(item) for item in node.attribute if item.name in _GEOMETRY}
    return writer.add("Conv", inputs, name, **geometry)


def _write_centre(writer: Writer, name: str, source: str, weight: NDArray[np.float32], bias: str) -> str:
    """Write the bias `[O]` with which a convolution's channels lie around 0, and what that leaves out as its `shift`.

    Steps and ends make the mean inexact, which doesn't matter: what is left out is added later.
    """
    mean = writer.share("ReduceMean", [source, writer.shape(2)], f"{source}/mean", keepdims=0)
    sums = writer.constant(f"{name}/sums", np.ascontiguousarray(weight.sum(2).T))
    level = writer.add("MatMul", [mean, sums], f"{name}/level row")
    level = writer.add("Reshape", [level, writer.shape(-1)], f"{name}/level")
    writer.add("Add", [level, bias], f"{name}/shift")
    return writer.add("Neg", [level], f"{name}/centring bias")


def shift(number: int) -> str:
    """Return the name of what the convolution of that number leaves out `[O]`."""
    return f"{GENERATOR}/noise_convs.{number}/Conv_output_0/shift"

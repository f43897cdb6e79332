"""Convolutions of the vocoder in 8 bits with scales that were measured beforehand.

One scale a tensor ruins a vocoder: its channels differ in level by orders of magnitude. So each channel has its own
scale on both sides. The convolution operator knows one scale a tensor on its input and output; those are set to 1 and
the channels' scales are kept outside: the input's are folded into the weights, the output's into the step back to
float32. Weights keep to 7 bits (`SAFE_WEIGHT`).

The vocoder's transposed convolutions stay as they are: in 8 bits they cost 5 dB of signal-to-noise ratio (16.9 instead
of 21.8, on random weights) for a twentieth of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime as ort

from wyoming_cosyvoice.convert.quantize import SAFE_WEIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from wyoming_cosyvoice.convert.graph import GraphWriter

    Floats = NDArray[np.float32]

_OUTLIERS = 0.01
"""Percent of the values that may lie beyond a range at either end."""
_MIDDLE = 128


@dataclass(frozen=True, slots=True)
class Ranges:
    """Of one convolution, a value a channel: the largest input magnitude, the lowest and the highest output."""

    magnitude: Floats
    low: Floats
    high: Floats

    def joined(self, other: Ranges) -> Ranges:
        """Return the ranges that hold both."""
        magnitude, high = np.maximum(self.magnitude, other.magnitude), np.maximum(self.high, other.high)
        return Ranges(magnitude, np.minimum(self.low, other.low), high)


def calibrate(graph: Path, names: Sequence[str], inputs: Sequence[Mapping[str, Floats]]) -> dict[str, Ranges]:
    """Return the ranges of the named convolutions of a float32 graph over several inputs."""
    model = onnx.load(str(graph), load_external_data=False)
    nodes = {node.name: node for node in model.graph.node}
    wanted = {name: nodes[f"{name}.Conv"] for name in names}
    values = sorted({value for node in wanted.values() for value in (node.input[0], node.output[0])})
    model.graph.output.extend(onnx.ValueInfoProto(name=value) for value in values)
    probe = graph.with_name("probe.onnx")  # beside the graph, whose weights it shares
    onnx.save(model, str(probe))
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(str(probe), options)
    ranges: dict[str, Ranges] = {}
    for feed in inputs:
        seen = dict(zip(values, session.run(values, dict(feed)), strict=True))
        for name, node in wanted.items():
            found = _ranges(seen[node.input[0]][0], seen[node.output[0]][0])
            ranges[name] = ranges[name].joined(found) if name in ranges else found
    probe.unlink()
    return ranges


def convolution(
    g: GraphWriter,
    x: str,
    weight: Floats,
    bias: Floats,
    ranges: Ranges,
    *,
    units: Floats | float = 1,
    gains: Floats | float = 1,
    **attributes: Any,
) -> str:
    """Add a convolution `[out, in, k]` of x `[1, in, T]` in 8 bits and return its float32 output.

    x comes multiplied by `units`, the output is returned multiplied by `gains`, both a value a channel: such factors
    cost nothing here.
    """
    input_scale = np.maximum(ranges.magnitude, 1e-6).astype(np.float32) / np.float32(127)
    low, high = ranges.low, ranges.high
    output_scale = np.maximum((high - low) / np.float32(254.9), 1e-8).astype(np.float32)
    # the operator's range is centred, a channel's is not: its centre is taken from the bias and added afterwards
    centre = ((low + high) / 2).astype(np.float32)
    folded = weight * input_scale[:, None]
    largest = np.abs(folded).max(axis=(1, 2))
    # a row of zeros still has a bias to add
    weight_scale = np.where(largest > 0, largest / SAFE_WEIGHT, output_scale).astype(np.float32)
    codes = np.rint(folded / weight_scale[:, None, None]).astype(np.int8)
    for part, array in (("rows", weight_scale), ("columns", 1 / input_scale), ("plain_bias", bias)):
        g.aside(part, array.astype(np.float32))
    one, middle = g.number(1.0), g.weight("middle", np.array(_MIDDLE, np.uint8))
    # scales a channel in QuantizeLinear itself become the slow path once ONNX Runtime turns to channels-last
    factors = (1 / (input_scale * units)).astype(np.float32)
    steps = g.op("QuantizeLinear", g.op("Mul", x, g.weight("input_scale", factors[:, None])), one, middle)
    scales = g.weight("weight_scale", (weight_scale / output_scale).astype(np.float32))
    nothing = g.weight("weight_zero", np.zeros(len(codes), np.int8))
    added = g.weight("bias", np.rint((bias - centre) / weight_scale).clip(-(2**31) + 1, 2**31 - 1).astype(np.int32))
    kernel = [g.weight("codes", codes), scales, nothing]
    g.aside("codes", codes)
    y = g.op("QLinearConv", steps, one, middle, *kernel, one, middle, added, **attributes)
    return _scaled(g, g.op("DequantizeLinear", y, one, middle), output_scale * gains, centre * gains)


def _scaled(g: GraphWriter, x: str, factor: Floats, addend: Floats) -> str:
    """Return x `[1, C, T]` times a factor a channel plus an addend; a norm (mean 0, variance 1) does so in one pass."""
    nothing = g.shared_weight(f"zeros_{factor.size}", np.zeros(factor.size, np.float32))
    one = g.shared_weight(f"ones_{factor.size}", np.ones(factor.size, np.float32))
    scale, bias = g.weight("output_scale", factor.astype(np.float32)), g.weight("centre", addend.astype(np.float32))
    return g.op("BatchNormalization", x, scale, bias, nothing, one, epsilon=0.0)


def _ranges(x: Floats, y: Floats) -> Ranges:
    low, high = np.percentile(y, [_OUTLIERS, 100 - _OUTLIERS], axis=1).astype(np.float32)
    return Ranges(np.percentile(np.abs(x), 100 - _OUTLIERS, axis=1).astype(np.float32), low, high)

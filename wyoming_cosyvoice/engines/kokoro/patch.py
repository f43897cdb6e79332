"""A faster graph made of the starter's: what it computes stays, how it does so changes.

* Norm and snake of the generator become one norm and nine cheap passes. With u = 2 a h the snake is
  (u + 1 - cos u) / 2a, and the factors 2a go into the norm before and the weights behind. ONNX Runtime's Cos takes as
  long as fifteen additions and runs on one thread, so with v = u / 2pi the cosine is a polynomial of v - floor(v).
* The convolutions get fixed scales, one a channel on both sides: that of the input is folded into the weights, that of
  the output into DequantizeLinear. Weights keep 7 bits, so that processors without VNNI can't overflow.
* The Fourier transform of the source becomes a convolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from wyoming_cosyvoice.engines.kokoro.sites import GENERATOR, Site, find_sites

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from onnx import GraphProto, ModelProto, NodeProto

VERSION = 1
"""Changes with the recipe, so that an older patched graph is made again."""

EPSILON = 1e-5
_PRODUCER = "wyoming-cosyvoice"
# sin(pi t) for t in [0, 1) as w (A + B w) with w = t - t²; least largest error 7.4e-4
_SINE = (3.10930261, 3.55102142)
_WEIGHT_LIMIT = 63
_TINY = 1e-12
_REAL, _IMAGINARY = f"{GENERATOR}/Gather_4_output_0", f"{GENERATOR}/Gather_5_output_0"


@dataclass(frozen=True, slots=True)
class SiteScale:
    """What calibration found at one site: `[C]` largest snake output, `[O]` lowest and highest convolution output."""

    amplitude: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]


def read_scales(path: Path) -> dict[str, SiteScale]:
    """Read calibration.npz: `block:convolution:what` is a float16 array for each site."""
    with np.load(path, allow_pickle=False) as file:
        names = sorted({name.rpartition(":")[0] for name in file})
        return {
            name.replace(":", "/"): SiteScale(
                *(file[f"{name}:{kind}"].astype(np.float32) for kind in ("amplitude", "low", "high"))
            )
            for name in names
        }


class _Writer:
    """Collects nodes and constants, each constant once."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, TensorProto] = {}

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        name = f"fast/{name}"
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(value, name)
        return name

    def scalar(self, value: float) -> str:
        return self.constant(f"scalar {value!r}", np.array(value, np.float32))

    def shape(self, *values: int) -> str:
        return self.constant(f"shape {values}", np.array(values, np.int64))

    def add(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output


def patch(model: ModelProto, scales: Mapping[str, SiteScale] | None) -> None:
    """Change the graph in place; without `scales` the convolutions become float32 ones.

    The same graph and scales give the same bytes on every machine. Raises ModelError if the graph is another one.
    """
    graph = model.graph
    replacements: dict[str, list[NodeProto]] = {}
    writer = _Writer()
    for site in find_sites(graph):
        writer.nodes = []
        if scales is None:
            _float_convolution(writer, site, _activations(writer, site, None))
        else:
            scale = scales[site.name]
            steps = _input_steps(scale)
            _fixed_convolution(writer, site, scale, steps, _activations(writer, site, steps))
        replacements[site.output] = writer.nodes
    writer.nodes = []
    replacements |= {_spectrum(writer): writer.nodes, _IMAGINARY: []}
    _replace(graph, replacements)
    graph.initializer.extend(writer.constants.values())
    _prune(graph)
    model.producer_name, model.producer_version = _PRODUCER, str(VERSION)


def _input_steps(scale: SiteScale) -> NDArray[np.float32]:
    """Quantisation step of each input channel: symmetric around 0, which the padding needs."""
    return np.maximum(scale.amplitude.astype(np.float64) / 127, 1e-6).astype(np.float32)


def _activations(writer: _Writer, site: Site, steps: NDArray[np.float32] | None) -> str:
    """Write norm and snake; returns the activation, quantised where there are steps."""
    channels = len(site.alpha)
    factor = writer.constant(
        f"{site.name}/factor", (site.alpha.astype(np.float64) / np.pi).astype(np.float32).reshape(1, channels, 1)
    )
    style = []
    for kind, tensor in (("gain", site.gain), ("offset", site.offset)):
        scaled = writer.add("Mul", [tensor, factor], f"{site.name}/{kind}")
        style.append(writer.add("Reshape", [scaled, writer.shape(-1)], f"{scaled}/flat"))
    turns = writer.add("InstanceNormalization", [site.source, *style], f"{site.name}/turns", epsilon=EPSILON)
    snake = _snake(writer, turns, site.name)
    if steps is None:
        return snake
    zero = writer.constant(f"zeros {channels}", np.full(channels, 128, np.uint8))
    return writer.add(
        "QuantizeLinear", [snake, writer.constant(f"{site.name}/input step", steps), zero], f"{site.name}/input", axis=1
    )


def _snake(writer: _Writer, turns: str, prefix: str) -> str:
    """Write v + sin²(pi v) / pi for v in turns (u = 2 pi v)."""
    low, high = (coefficient / np.sqrt(np.pi) for coefficient in _SINE)
    whole = writer.add("Floor", [turns], f"{prefix}/whole")
    part = writer.add("Sub", [turns, whole], f"{prefix}/part")
    square = writer.add("Mul", [part, part], f"{prefix}/square")
    arch = writer.add("Sub", [part, square], f"{prefix}/arch")
    slope = writer.add("Mul", [arch, writer.scalar(float(high))], f"{prefix}/slope")
    line = writer.add("Add", [slope, writer.scalar(float(low))], f"{prefix}/line")
    sine = writer.add("Mul", [line, arch], f"{prefix}/sine")
    squared = writer.add("Mul", [sine, sine], f"{prefix}/squared")
    return writer.add("Add", [squared, turns], f"{prefix}/snake")


def _folded_weight(site: Site) -> NDArray[np.float64]:
    """Weights that read the activation in turns: h + sin²(a h) / a = (pi / a) (v + sin²(pi v) / pi)."""
    return site.weight.astype(np.float64) * (np.pi / site.alpha.astype(np.float64))[None, :, None]


def _float_convolution(writer: _Writer, site: Site, activation: str) -> None:
    """Write a float32 convolution of height 1, which ONNX Runtime runs faster than one of one dimension."""
    weight = _folded_weight(site).astype(np.float32)[:, :, None, :]
    tall = writer.add("Unsqueeze", [activation, writer.shape(2)], f"{site.name}/tall")
    done = writer.add(
        "Conv",
        [tall, writer.constant(f"{site.name}/weight", weight), writer.constant(f"{site.name}/bias", site.bias)],
        f"{site.name}/convolved",
        dilations=[1, site.dilation],
        pads=[0, site.padding[0], 0, site.padding[1]],
    )
    writer.add("Squeeze", [done, writer.shape(2)], site.output)


def _fixed_convolution(
    writer: _Writer, site: Site, scale: SiteScale, steps: NDArray[np.float32], activation: str
) -> None:
    """Write QLinearConv between per-channel scales."""
    weight = _folded_weight(site) * steps.astype(np.float64)[None, :, None]
    low, high = scale.low.astype(np.float64), scale.high.astype(np.float64)
    if not site.normalised_after:
        low, high = np.minimum(low, 0), np.maximum(high, 0)
    step = np.maximum((high - low) / 254.9, 1e-6).astype(np.float32).astype(np.float64)
    centre = low + 128 * step
    zero = np.full(len(step), 128.0)
    if not site.normalised_after:
        zero = np.clip(np.round(128 - centre / step), 0, 255)
        centre = step * (128 - zero)
    largest = np.abs(weight).max(axis=(1, 2))
    # a channel whose weights are all 0 still has its bias, which needs a step of the output's size
    weight_step = np.where(largest > 0, largest / _WEIGHT_LIMIT, step)
    whole = np.clip(np.round(weight / weight_step[:, None, None]), -_WEIGHT_LIMIT, _WEIGHT_LIMIT).astype(np.int8)
    bias = np.round((site.bias.astype(np.float64) - centre) / weight_step).astype(np.int32)
    one, middle = writer.scalar(1.0), writer.constant("middle", np.array(128, np.uint8))
    convolved = writer.add(
        "QLinearConv",
        [
            activation,
            one,
            middle,
            writer.constant(f"{site.name}/weight", whole),
            writer.constant(f"{site.name}/weight step", (weight_step / step).astype(np.float32)),
            writer.constant(f"zero weights {len(step)}", np.zeros(len(step), np.int8)),
            one,
            middle,
            writer.constant(f"{site.name}/bias", bias),
        ],
        f"{site.name}/convolved",
        dilations=[site.dilation],
        pads=list(site.padding),
        kernel_shape=[site.weight.shape[2]],
    )
    writer.add(
        "DequantizeLinear",
        [
            convolved,
            writer.constant(f"{site.name}/step", step.astype(np.float32)),
            writer.constant(f"{site.name}/zero", zero.astype(np.uint8)),
        ],
        site.output,
        axis=1,
    )


def _spectrum(writer: _Writer) -> str:
    """Write the source's short-time Fourier transform (20 samples, step 5, Hann) as a convolution.

    At 0 Hz and at the highest frequency the imaginary part is 0; the operator that was there returned rounding errors,
    positive at 0 Hz and mostly negative at the other end, and the phase of a negative real part (+pi or -pi) hangs on
    that sign. The generator was trained with such a sign, so it is kept.
    """
    size, step = 20, 5
    time = np.arange(size)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * time / size)
    angle = 2 * np.pi * np.outer(np.arange(size // 2 + 1), time) / size
    real, imaginary = window * np.cos(angle), -window * np.sin(angle)
    imaginary[0], imaginary[-1] = 0, 0
    kernel = np.concatenate([real, imaginary]).round(9).astype(np.float32)[:, None, :]
    bias = np.zeros(2 * (size // 2 + 1), np.float32)
    bias[size // 2 + 1], bias[-1] = _TINY, -_TINY
    tall = writer.add("Unsqueeze", [f"{GENERATOR}/Reshape_3_output_0", writer.shape(1)], "source/tall")
    both = writer.add(
        "Conv",
        [tall, writer.constant("spectrum/kernel", kernel), writer.constant("spectrum/bias", bias)],
        "source/spectrum",
        strides=[step],
        kernel_shape=[size],
    )
    halves = writer.shape(size // 2 + 1, size // 2 + 1)
    writer.nodes.append(helper.make_node("Split", [both, halves], [_REAL, _IMAGINARY], name="source/split", axis=1))
    return _REAL


def _replace(graph: GraphProto, replacements: Mapping[str, list[NodeProto]]) -> None:
    """Put nodes in the place of the node that made the tensor which names them."""
    nodes: list[NodeProto] = []
    for node in graph.node:
        key = next((output for output in node.output if output in replacements), None)
        nodes.extend([node] if key is None else replacements[key])
    del graph.node[:]
    graph.node.extend(nodes)


def _prune(graph: GraphProto) -> None:
    """Drop what no longer leads to an output."""
    needed = {output.name for output in graph.output}
    kept: list[NodeProto] = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    constants = [item for item in graph.initializer if item.name in needed]
    for field, items in ((graph.node, kept[::-1]), (graph.initializer, constants), (graph.value_info, [])):
        copies = list(items)
        del field[:]
        field.extend(copies)

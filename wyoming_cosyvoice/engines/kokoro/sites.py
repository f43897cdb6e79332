"""The generator's 48 convolutions in the graph as exported, and what surrounds each of them.

Every residual block of Kokoro's generator (the iSTFTNet of StyleTTS 2) is three times two of: adaptive instance norm,
snake activation `h + sin²(a h) / a`, convolution. The export writes the norm and the snake as eleven nodes and the
convolution as ConvInteger with a scale found at run time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from onnx import helper, numpy_helper

from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from onnx import GraphProto, NodeProto, TensorProto

GENERATOR = "/decoder/decoder/generator"
_CONVOLUTION = re.compile(GENERATOR + r"/((?:resblocks\.[0-5]|noise_res\.[01])/convs([12])\.[0-2])/Conv_quant")


@dataclass(frozen=True, slots=True)
class Site:
    """One convolution with its norm and activation.

    `source` is the tensor that the norm reads, `gain` (1 + gamma) and `offset` (beta) are the style's `[1, C, 1]`
    tensors, `alpha` `[C]` the snake's, `weight` `[O, C, K]` and `bias` `[O]` the convolution's in float32, `output` the
    tensor that the rest of the graph reads. `normalised_after` says that another norm reads the output, so that a
    constant a channel doesn't matter. `channels` are those of the style that a slim site's norm has; None means all.
    """

    name: str
    source: str
    gain: str
    offset: str
    alpha: NDArray[np.float32]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    dilation: int
    padding: tuple[int, int]
    output: str
    normalised_after: bool
    channels: NDArray[np.int64] | None = None


class GraphIndex:
    """Nodes by output and constants by name."""

    def __init__(self, graph: GraphProto) -> None:
        self._producers: dict[str, NodeProto] = {output: node for node in graph.node for output in node.output}
        self._constants: dict[str, TensorProto] = {item.name: item for item in graph.initializer}

    def producer(self, tensor: str) -> NodeProto:
        """Return the node that makes a tensor."""
        if tensor not in self._producers:
            raise ModelError(
                f"The starter's graph lacks {tensor}", "Install the starter's packages in their pinned version"
            )
        return self._producers[tensor]

    def constant(self, tensor: str) -> NDArray[np.float32]:
        """Return a constant of the graph."""
        if tensor not in self._constants:
            raise ModelError(
                f"The starter's graph lacks the constant {tensor}",
                "Install the starter's packages in their pinned version",
            )
        return np.asarray(numpy_helper.to_array(self._constants[tensor]))


def find_sites(graph: GraphProto) -> list[Site]:
    """Return all 48 sites in graph order; raises ModelError if the graph is another one."""
    index = GraphIndex(graph)
    found = []
    for node in graph.node:
        match = _CONVOLUTION.fullmatch(node.name)
        if match:
            found.append(_site(index, node, match[1], normalised_after=match[2] == "1"))
    if len(found) != 48:
        raise ModelError(
            f"The starter's graph has {len(found)} generator convolutions, expected 48",
            "Install the starter's packages in their pinned version",
        )
    return found


def _site(index: GraphIndex, node: NodeProto, name: str, *, normalised_after: bool) -> Site:
    snake = index.producer(index.producer(node.input[0]).input[0])  # Add(h, sin²(a h) / a)
    hidden = snake.input[0]
    sine = index.producer(index.producer(index.producer(snake.input[1]).input[1]).input[0])
    alpha = index.constant(index.producer(sine.input[0]).input[0])
    scaled, offset = index.producer(hidden).input  # gain * normalised + beta
    gain, normalised = index.producer(scaled).input
    source = index.producer(index.producer(normalised).input[0]).input[0]
    parameter = "decoder.decoder.generator." + name.replace("/", ".")
    quantised = index.constant(node.input[1]).astype(np.float32)
    zero = index.constant(node.input[3]).astype(np.float32)
    scale = index.constant(index.producer(f"{parameter}.bias_scale").input[1])
    attributes: Mapping[str, list[int]] = {
        item.name: helper.get_attribute_value(item) for item in node.attribute if item.name in {"dilations", "pads"}
    }
    pads = attributes["pads"]
    return Site(
        name=name,
        source=source,
        gain=gain,
        offset=offset,
        alpha=alpha.reshape(-1).astype(np.float32),
        weight=((quantised - zero) * scale).astype(np.float32),
        bias=index.constant(f"{parameter}.bias").astype(np.float32),
        dilation=attributes["dilations"][0],
        padding=(pads[0], pads[1]),
        output=f"{GENERATOR}/{name}/Conv_output_0",
        normalised_after=normalised_after,
    )

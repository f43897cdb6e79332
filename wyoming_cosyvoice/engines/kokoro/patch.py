"""A faster graph made of the starter's: what it computes stays, how it does so changes.

The parts: `convolutions` with their `snake`, 48 of them in the generator, and the `tables` that stand for it in 8 bits;
its `source` and the source's `spectrum`; `dense`, the other convolutions as matrix products, and `upsampling`, the
transposed ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnx import TensorProto, helper

from wyoming_cosyvoice.engines.kokoro import convolutions, dense, source, spectrum, upsampling
from wyoming_cosyvoice.engines.kokoro.session import DURATIONS
from wyoming_cosyvoice.engines.kokoro.sites import find_sites
from wyoming_cosyvoice.engines.kokoro.slim import slim
from wyoming_cosyvoice.engines.kokoro.writer import Writer
from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnx import GraphProto, ModelProto, NodeProto

    from wyoming_cosyvoice.engines.kokoro.scales import SiteScale
    from wyoming_cosyvoice.engines.kokoro.slim import SlimPair

VERSION = 7
"""Changes with the recipe, so that an older patched graph is made again."""

_PRODUCER = "wyoming-cosyvoice"
_FRAMES = "/encoder/Gather_output_0"


def patch(
    model: ModelProto, scales: Mapping[str, SiteScale] | None, slim_pairs: Mapping[str, SlimPair] | None = None
) -> None:
    """Change the graph in place; without `scales` the generator's convolutions become float32 ones.

    With them, the pairs of convolutions in `slim_pairs` keep some of their hidden channels only.

    The same graph and scales give the same bytes on every machine. Raises ModelError if the graph is another one.
    """
    graph = model.graph
    replacements: dict[str, list[NodeProto]] = {}
    writer = Writer()
    sites = find_sites(graph)
    if scales is not None:
        sites, scales = slim(sites, scales, slim_pairs or {})
    firsts = {site.output: site.name for site in sites if site.normalised_after}
    for site in sites:
        if scales is None:
            convolutions.write_float(writer, site)
        else:
            convolutions.write_fixed(writer, site, scales[site.name], scales.get(firsts.get(site.source, "")))
        replacements[site.output] = writer.take_nodes()
    if scales is not None:
        for convolution in dense.find(graph):
            dense.write(writer, convolution)
            replacements[convolution.output] = writer.take_nodes()
    for number, layer in enumerate(upsampling.find(graph)):
        shift = None if scales is None else _shift(writer, number, scales)
        upsampling.write(writer, layer, in_bytes=scales is not None, shift=shift)
        replacements[layer.output] = writer.take_nodes()
    spectrum.write(writer)
    replacements |= {spectrum.REAL: writer.take_nodes(), spectrum.IMAGINARY: []}
    replacements |= source.write(writer, graph, centred=scales is not None)
    _replace(graph, replacements)
    graph.initializer.extend(writer.constants.values())
    _tell_durations(graph)
    _prune(graph)
    model.producer_name, model.producer_version = _PRODUCER, str(VERSION)


def _shift(writer: Writer, number: int, scales: Mapping[str, SiteScale]) -> str:
    """Write what the source lacks `[O]` where the generator adds it."""
    left_out = writer.constant(f"left out {number}", convolutions.left_out(scales, number))
    return writer.add("Add", [source.shift(number), left_out], f"shift {number}")


def _replace(graph: GraphProto, replacements: Mapping[str, list[NodeProto]]) -> None:
    """Put nodes in the place of the node that made the tensor which names them."""
    nodes: list[NodeProto] = []
    for node in graph.node:
        key = next((output for output in node.output if output in replacements), None)
        nodes.extend([node] if key is None else replacements[key])
    del graph.node[:]
    graph.node.extend(nodes)


def _tell_durations(graph: GraphProto) -> None:
    """Give the frames that each symbol takes as a second output."""
    if not any(_FRAMES in node.output for node in graph.node):
        raise ModelError(f"The graph has no {_FRAMES}", "Install the starter's packages again")
    graph.node.append(helper.make_node("Identity", [_FRAMES], [DURATIONS], name=DURATIONS))
    graph.output.append(helper.make_tensor_value_info(DURATIONS, TensorProto.INT64, ["symbols"]))


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

"""The parts of the patched graph, each against what it stands for, on small graphs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from wyoming_cosyvoice.engines.kokoro import convolutions, dense, source, upsampling
from wyoming_cosyvoice.engines.kokoro.scales import SiteScale
from wyoming_cosyvoice.engines.kokoro.sites import GENERATOR, Site
from wyoming_cosyvoice.engines.kokoro.slim import read_pairs, slim
from wyoming_cosyvoice.engines.kokoro.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from onnx import GraphProto, NodeProto
    from onnx import TensorProto as Tensor

    Array = NDArray[Any]

RANDOM = np.random.default_rng(1)
SUMMED = f"{GENERATOR}/m_source/l_linear/Add_output_0"
PHASE = f"{GENERATOR}/Where_1_output_0"
STAND_INS = (
    helper.make_node("MatMul", ["hummed", "ones"], ["product"]),
    helper.make_node("Add", ["one", "product"], [SUMMED]),
    helper.make_node("Greater", ["im", "nothing"], ["above"]),
    helper.make_node("Where", ["above", "more", "less"], ["sides"]),
    helper.make_node("Where", ["left", "sides", "tangent"], [PHASE]),
)
"""What the source's other parts are found by, where a test looks at one of them."""


@pytest.fixture(autouse=True)
def _the_same_numbers_in_any_order() -> None:
    """Begin each test with the same random numbers, whichever were run before it."""
    RANDOM.bit_generator.state = np.random.default_rng(1).bit_generator.state


def graph_of(
    nodes: Sequence[NodeProto], constants: Sequence[Tensor], inputs: dict[str, Array], output: str
) -> GraphProto:
    kinds = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.uint8): TensorProto.UINT8}
    return helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, kinds[value.dtype], value.shape) for name, value in inputs.items()],
        [helper.make_empty_tensor_value_info(output)],
        constants,
    )


def run(graph: GraphProto, inputs: dict[str, Array]) -> Array:
    domains = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=domains, ir_version=9)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, inputs)[0])


def written(writer: Writer, inputs: dict[str, Array], output: str) -> Array:
    return run(graph_of(writer.take_nodes(), list(writer.constants.values()), inputs, output), inputs)


@pytest.mark.parametrize(("step", "padding", "length"), [(10, 5, 7), (6, 3, 1)])
@pytest.mark.parametrize("in_bytes", [False, True])
@pytest.mark.parametrize("reflected", [False, True])
def test_upsampling_is_the_transposed_convolution(
    step: int, padding: int, length: int, in_bytes: bool, reflected: bool
) -> None:
    weight = RANDOM.normal(size=(12, 5, 2 * step)).astype(np.float32)
    bias = RANDOM.normal(size=5).astype(np.float32)
    inputs: dict[str, Array] = {"x": RANDOM.normal(size=(1, 12, length)).astype(np.float32)}
    node = helper.make_node(
        "ConvTranspose",
        ["x", "w", "b"],
        ["y"],
        name=f"{GENERATOR}/ups.0/ConvTranspose",
        strides=[step],
        pads=[padding, padding],
        kernel_shape=[2 * step],
    )
    constants = [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(bias, "b")]
    nodes = [node]
    if reflected:
        constants.append(numpy_helper.from_array(np.array([0, 0, 1, 0, 0, 0]), "pads"))
        nodes.append(helper.make_node("Pad", ["y", "pads"], ["z"], mode="reflect"))
    graph = graph_of(nodes, constants, inputs, nodes[-1].output[0])
    (layer,) = upsampling.find(graph)
    writer = Writer()
    lacking = np.arange(5, dtype=np.float32) * in_bytes
    upsampling.write(writer, layer, in_bytes=in_bytes, shift=writer.constant("lacking", lacking) if in_bytes else None)
    found = written(writer, inputs, nodes[-1].output[0])
    wanted = run(graph, inputs) + lacking[:, None]
    np.testing.assert_allclose(found, wanted, atol=0.3 if in_bytes else 1e-4)


def quantised_convolution(weight: Array, zero: int, bias: Array | None) -> tuple[list[NodeProto], list[Tensor]]:
    """The nodes of a convolution as the starter's graph has them."""
    make = helper.make_node
    size = weight.shape[2]
    nodes = [
        make("DynamicQuantizeLinear", ["x"], ["x_bytes", "x_step", "x_zero"]),
        make(
            "ConvInteger",
            ["x_bytes", "w", "x_zero", "w_zero"],
            ["sum"],
            name="/block/Conv_quant",
            kernel_shape=[size],
            pads=[size // 2, size // 2],
            strides=[1],
            dilations=[1],
            group=1,
        ),
        make("Mul", ["x_step", "w_step"], ["step"]),
    ]
    constants = [
        numpy_helper.from_array(weight, "w"),
        numpy_helper.from_array(np.array(zero, np.uint8), "w_zero"),
        numpy_helper.from_array(np.array(0.01, np.float32), "w_step"),
    ]
    total = "sum"
    if bias is not None:
        constants += [
            numpy_helper.from_array(bias, "b"),
            numpy_helper.from_array(np.array([1, -1, 1], np.int64), "column"),
        ]
        nodes += [
            make("Div", ["b", "step"], ["b_steps"]),
            make("Floor", ["b_steps"], ["b_floor"]),
            make("Cast", ["b_floor"], ["b_whole"], to=TensorProto.INT32),
            make("Reshape", ["b_whole", "column"], ["b_column"]),
            make("Add", ["sum", "b_column"], ["total"]),
        ]
        total = "total"
    nodes += [
        make("Cast", [total], ["float"], to=TensorProto.FLOAT),
        make("Mul", ["float", "step"], ["/block/Conv_output_0"]),
    ]
    return nodes, constants


@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("biased", [True, False])
def test_a_matrix_product_is_the_convolution_of_bytes(size: int, biased: bool) -> None:
    weight = RANDOM.integers(0, 120, (64, 20, size)).astype(np.uint8)
    weight[32:, 0, 0] = 150  # 90 more than the zero: such outputs lose their last bit, the others nothing
    bias = RANDOM.normal(size=64).astype(np.float32) if biased else None
    source = {"x": RANDOM.normal(size=(1, 20, 9)).astype(np.float32)}
    graph = graph_of(*quantised_convolution(weight, 60, bias), source, "/block/Conv_output_0")
    (convolution,) = dense.find(graph)
    writer = Writer()
    dense.write(writer, convolution)
    head = helper.make_node("DynamicQuantizeLinear", ["x"], ["x_bytes", "x_step", "x_zero"])
    nodes = [head, *writer.take_nodes()]
    found = run(graph_of(nodes, list(writer.constants.values()), source, "/block/Conv_output_0"), source)
    wanted = run(graph, source)
    assert np.abs(found - wanted).max() < 0.02 * np.abs(wanted).max()
    # the export rounds the bias down to a step of the sum, 0.01 times that of the input
    np.testing.assert_allclose(found[:, :32], wanted[:, :32], atol=4e-4 if biased else 1e-5)


def site(name: str, source: str, output: str, *, first: bool) -> Site:
    return Site(
        name=name,
        source=source,
        gain=f"{name} gain",
        offset=f"{name} offset",
        alpha=RANDOM.uniform(0.5, 4, 8).astype(np.float32),
        weight=RANDOM.normal(size=(8, 8, 3)).astype(np.float32),
        bias=RANDOM.normal(size=8).astype(np.float32),
        dilation=2,
        padding=(2, 2),
        output=output,
        normalised_after=first,
    )


def activation(site: Site, source: Array, style: dict[str, Array]) -> Array:
    """Norm and snake as the paper has them, in float64."""
    centred = source.astype(np.float64) - source.mean(2, keepdims=True)
    normal = centred / np.sqrt((centred**2).mean(2, keepdims=True) + 1e-5)
    hidden = style[site.gain] * normal + style[site.offset]
    alpha = site.alpha.astype(np.float64)[:, None]
    return np.asarray(hidden + np.sin(alpha * hidden) ** 2 / alpha)


def convolution(site: Site, hidden: Array) -> Array:
    padded = np.pad(hidden[0], ((0, 0), site.padding))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 5, axis=1)[:, :, :: site.dilation]
    return np.asarray(np.einsum("ctk,ock->ot", windows, site.weight) + site.bias[:, None])[None]


def said_by(first: Site, second: Site, source: Array, style: dict[str, Array]) -> tuple[Array, Array, Array, Array]:
    """Return what each convolution of a pair reads and gives, exactly."""
    hidden = activation(first, source, style)
    between = convolution(first, hidden)
    hidden_between = activation(second, between, style)
    return hidden, between, hidden_between, convolution(second, hidden_between)


def scale_of(site: Site, hidden: Array, output: Array) -> SiteScale:
    turns = np.abs(hidden[0] * site.alpha[:, None] / np.pi).max(1)
    low, high = output[0].min(1), output[0].max(1)
    return SiteScale(*(item.astype(np.float32) for item in (turns, low, high)))


def style_of(*sites: Site) -> dict[str, Array]:
    """A gain of either sign, as the model has."""
    signs = np.where(np.arange(8) % 3, 1, -1)[None, :, None]
    gains = {item.gain: (signs * RANDOM.uniform(0.5, 2, (1, 8, 1))).astype(np.float32) for item in sites}
    return gains | {item.offset: RANDOM.uniform(0.5, 2, (1, 8, 1)).astype(np.float32) for item in sites}


@pytest.mark.parametrize("block", ["resblocks.0", "noise_res.0"])
def test_a_pair_of_convolutions_in_bytes_is_near_the_exact_one(block: str) -> None:
    first = site(f"{block}/convs1.0", "x", "between", first=True)
    second = site(f"{block}/convs2.0", "between", "y", first=False)
    # long, for a seventh of the samples stands for all of them
    inputs: dict[str, Array] = {"x": RANDOM.normal(2, 3, (1, 8, 20_000)).astype(np.float32)}
    style = style_of(first, second)
    hidden, between, hidden_between, wanted = said_by(first, second, inputs["x"], style)
    scale = scale_of(first, hidden, between)
    writer = Writer()
    convolutions.write_fixed(writer, first, scale, None)
    scales = {second.name: scale_of(second, hidden_between, wanted)}
    convolutions.write_fixed(writer, second, scales[second.name], scale)
    found = written(writer, inputs | style, "y")
    if block == "noise_res.0":
        nothing = SiteScale(*(np.array(values, np.float32).repeat(8) for values in ([1], [-128], [126.9])))
        scales |= {f"{block}/convs2.{pair}": nothing for pair in (1, 2)}
        found += convolutions.left_out(scales, 0)[:, None]
    assert np.std(found - wanted) < 0.03 * np.std(wanted)
    assert np.abs((found - wanted).mean(2)).max() < 0.05 * np.std(wanted)


def test_a_slim_pair_is_the_pair_without_what_it_leaves_out(tmp_path: Path) -> None:
    first = site("a/convs1.0", "x", "between", first=True)
    second = site("a/convs2.0", "between", "y", first=False)
    other = site("b/convs2.0", "elsewhere", "z", first=False)
    kept = [0, 3, 4, 6]
    for lost in {*range(8)}.difference(kept):
        second.weight[:, lost] = 0
    inputs: dict[str, Array] = {"x": RANDOM.normal(2, 3, (1, 8, 20_000)).astype(np.float32)}
    style = style_of(first, second)
    hidden, between, hidden_between, wanted = said_by(first, second, inputs["x"], style)
    scales = {
        first.name: scale_of(first, hidden, between),
        second.name: scale_of(second, hidden_between, wanted),
        other.name: scale_of(other, hidden_between, wanted),
    }
    step = np.abs(second.weight).max((1, 2)) / 127
    stored = {
        "channels": np.array(kept, np.uint8),
        "weight": np.round(second.weight[:, kept] / step[:, None, None]).astype(np.int8),
        "step": step,
        "bias": second.bias,
    }
    np.savez(tmp_path / "slim.npz", allow_pickle=False, **{f"a:convs2.0:{key}": item for key, item in stored.items()})
    slender = replace(second, weight=np.zeros_like(second.weight), bias=np.zeros_like(second.bias))  # not what counts

    (one, two, same), slim_scales = slim([first, slender, other], scales, read_pairs(tmp_path / "slim.npz"))

    assert same is other
    assert one.weight.shape == (4, 8, 3)
    assert two.weight.shape == (8, 4, 3)
    writer = Writer()
    convolutions.write_fixed(writer, one, slim_scales[first.name], None)
    convolutions.write_fixed(writer, two, slim_scales[second.name], slim_scales[first.name])
    found = written(writer, inputs | style, "y")
    assert np.std(found - wanted) < 0.04 * np.std(wanted)  # four channels, and weights that were rounded before


def test_two_blocks_in_bytes_may_read_the_same_source() -> None:
    sites = [site(name, "x", f"{name} out", first=False) for name in ("one", "other")]
    inputs: dict[str, Array] = {"x": RANDOM.normal(1, 3, (1, 8, 500)).astype(np.float32)}
    style = style_of(*sites)
    writer, wanted = Writer(), []
    for item in sites:
        hidden = activation(item, inputs["x"], style)
        wanted.append(convolution(item, hidden))
        convolutions.write_fixed(writer, item, scale_of(item, hidden, wanted[-1]), None)
    names = [item.output for item in sites]
    assert sum("/bytes" in node.name for node in writer.nodes) == 1
    found = written(writer, inputs | style, writer.add("Concat", names, "both", axis=1))
    both = np.concatenate(wanted, 1)
    assert np.std(found - both) < 0.03 * np.std(both)


def test_a_convolution_in_float_is_the_exact_one() -> None:
    alone = site("alone", "x", "y", first=False)
    inputs: dict[str, Array] = {"x": RANDOM.normal(2, 3, (1, 8, 200)).astype(np.float32)}
    style = {f"alone {kind}": RANDOM.uniform(0.5, 2, (1, 8, 1)).astype(np.float32) for kind in ("gain", "offset")}
    wanted = convolution(alone, activation(alone, inputs["x"], style))
    writer = Writer()
    convolutions.write_float(writer, alone)
    found = written(writer, inputs | style, "y")
    assert np.abs(found - wanted).max() < 2e-3 * np.abs(wanted).max()  # the cosine is a polynomial


def test_the_source_hums_the_pitch_and_its_multiples() -> None:
    pitch = np.array([120, 130, 150, 0, -3, 0, 200, 210], np.float32)
    weight = RANDOM.normal(size=(9, 1)).astype(np.float32)
    graph = helper.make_graph(
        STAND_INS,
        "source",
        [],
        [],
        [numpy_helper.from_array(weight, "ones"), numpy_helper.from_array(np.array([0.3], np.float32), "one")],
    )
    nodes = source.write(writer := Writer(), graph, centred=False)[SUMMED]
    name = "/decoder/decoder/Unsqueeze_output_0"
    inputs = {name: pitch.reshape(1, 1, -1)}
    found = run(graph_of(nodes, list(writer.constants.values()), inputs, SUMMED), inputs)

    harmonics = np.arange(1, 10)[:, None]
    turns = np.cumsum((pitch * harmonics / 24000) % 1, axis=1) * 300
    middles, places = np.arange(8) * 300 + 149.5, np.arange(8 * 300)
    sines = np.sin(2 * np.pi * np.stack([np.interp(places, middles, row) for row in turns]))
    voiced = np.repeat(pitch > 10, 300)
    wanted = 0.1 * voiced * (weight[:, 0] @ sines) + 0.3
    np.testing.assert_allclose(found[0, :, 0], wanted, atol=1e-3)  # phases in float32


def test_the_phase_is_that_of_the_export() -> None:
    real, imaginary = (RANDOM.normal(size=(1, 11, 40)).astype(np.float32) for _ in range(2))
    imaginary[0, 0], imaginary[0, -1] = 1e-12, -1e-12
    make = helper.make_node
    nodes = [
        make("Div", ["im", "re"], ["ratio"]),
        make("Atan", ["ratio"], ["tangent"]),
        make("Greater", ["im", "nothing"], ["above"]),
        make("Less", ["re", "nothing"], ["left"]),
        make("Add", ["tangent", "pi"], ["more"]),
        make("Sub", ["tangent", "pi"], ["less"]),
        make("Where", ["above", "more", "less"], ["sides"]),
        make("Where", ["left", "sides", "tangent"], [PHASE]),
        make("MatMul", ["re", "w"], ["product"]),
        make("Add", ["b", "product"], [SUMMED]),
    ]
    values = {"nothing": 0.0, "pi": np.pi, "w": np.ones((40, 1)), "b": np.ones(1)}
    constants = [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in values.items()]
    inputs = {"re": real, "im": imaginary}
    graph = graph_of(nodes, constants, inputs, PHASE)
    writer = Writer()
    new = [*nodes[:4], *source.write(writer, graph, centred=False)[PHASE]]
    found = run(graph_of(new, [*constants, *writer.constants.values()], inputs, PHASE), inputs)
    np.testing.assert_array_equal(found, run(graph, inputs))


@pytest.mark.parametrize("centred", [False, True])
def test_a_convolution_of_the_spectrum_is_the_exact_one(centred: bool) -> None:
    name = f"{GENERATOR}/noise_convs.0/Conv"
    weight = RANDOM.integers(0, 120, (6, 4, 5)).astype(np.uint8)
    nodes, constants = quantised_convolution(weight, 60, RANDOM.normal(size=6).astype(np.float32))
    for node in nodes:
        node.name = node.name.replace("/block/Conv", name)
        node.output[:] = [item.replace("/block/Conv", name) for item in node.output]
    inputs: dict[str, Array] = {"x": RANDOM.normal(1, 1, (1, 4, 30)).astype(np.float32)}
    graph = graph_of([*nodes, *STAND_INS], constants, inputs, f"{name}_output_0")
    wanted = run(graph_of(nodes, constants, inputs, f"{name}_output_0"), inputs)
    graph.initializer.append(numpy_helper.from_array(np.ones((1, 1), np.float32), "ones"))
    graph.initializer.append(numpy_helper.from_array(np.ones(1, np.float32), "one"))
    writer = Writer()
    new = source.write(writer, graph, centred=centred)[f"{name}_output_0"]
    constants = list(writer.constants.values())
    found = run(graph_of(new, constants, inputs, f"{name}_output_0"), inputs)
    if centred:
        assert np.abs(found.mean(2)).max() < 0.1 * np.abs(wanted.mean(2)).max()
        found += run(graph_of(new, constants, inputs, source.shift(0)), inputs)[:, None]
    assert np.abs(found - wanted).max() < 0.02 * np.abs(wanted).max()  # the export rounds the input to bytes

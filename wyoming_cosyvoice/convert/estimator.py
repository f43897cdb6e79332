"""flow_time.onnx and flow_estimator.onnx: the velocity of the ODE at one point (specification section 8).

What depends on time alone is a graph of its own: it is run once a schedule, and the estimator is handed one row of it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.convert.blocks import (
    convolution,
    gelu,
    group_norm,
    layer_norm,
    linear,
    linear_of,
    mish,
    shifted,
    silu,
    slice_axis,
)
from wyoming_cosyvoice.convert.graph import CONTRIB, GraphWriter
from wyoming_cosyvoice.convert.layout import MELS

if TYPE_CHECKING:
    from pathlib import Path

    from wyoming_cosyvoice.convert.layout import EstimatorSizes
    from wyoming_cosyvoice.convert.precision import Form
    from wyoming_cosyvoice.convert.weights import Weights

_PREFIX = "decoder.estimator."
_GROUPS = 8


def stages(sizes: EstimatorSizes) -> list[str]:
    """Return the names of the stages in order; each has its slice of a time row."""
    middle = [f"mid_blocks.{index}." for index in range(sizes.middle)]
    return ["down_blocks.0.", "down_blocks.1.", *middle, "up_blocks.0.", "up_blocks.1."]


def time_width(sizes: EstimatorSizes) -> int:
    """Return the width of a time row: a slice a stage."""
    return len(stages(sizes)) * sizes.channels


def write_flow_time(folder: Path, weights: Weights, sizes: EstimatorSizes, form: Form) -> None:
    """Write the graph: t `[K]` -> time `[K, width]`."""
    half = 2 * MELS
    steps = np.exp(np.arange(half, dtype=np.float32) * np.float32(-math.log(10000.0) / (half - 1)))
    with GraphWriter(folder, "flow_time", form) as g:
        t = g.op("Unsqueeze", g.input("t", ["K"]), g.integers(1))
        angles = g.op("Mul", g.op("Mul", t, g.number(1000.0)), g.weight("frequencies", steps))
        x = g.op("Concat", g.op("Sin", angles), g.op("Cos", angles), axis=1)
        x = silu(g, linear_of(g, weights, f"{_PREFIX}time_mlp.linear_1", x))
        x = mish(g, linear_of(g, weights, f"{_PREFIX}time_mlp.linear_2", x))
        names = [f"{_PREFIX}{stage}0.mlp.1" for stage in stages(sizes)]
        matrix = np.concatenate([weights[f"{name}.weight"] for name in names])
        bias = np.concatenate([weights[f"{name}.bias"] for name in names])
        g.output(linear(g, "mlp", x, matrix, bias), "time", ["K", time_width(sizes)])


def write_flow_estimator(folder: Path, weights: Weights, sizes: EstimatorSizes, head_width: int, form: Form) -> None:
    """Write the graph: x, mu, cond `[B, T, 80]`, speaker `[B, 80]`, time `[1, width]` -> velocity `[B, T, 80]`."""
    (folder / "flow_estimator.json").unlink(missing_ok=True)  # of a form that did not pass
    with GraphWriter(folder, "flow_estimator", form, listed=form.dynamic) as g:
        estimator = _Estimator(g, weights, sizes, head_width)
        frames: list[int | str] = ["B", "T", MELS]
        x, mu = g.input("x", frames), g.input("mu", frames)
        speaker, cond = g.input("speaker", ["B", MELS]), g.input("cond", frames)
        estimator.time = g.input("time", ["R", time_width(sizes)])
        spread = g.op("Expand", g.op("Unsqueeze", speaker, g.integers(1)), g.op("Shape", x))
        g.output(estimator.velocity(g.op("Concat", x, mu, spread, cond, axis=-1)), "velocity", frames)
        if form.dynamic:
            # what no shape of the weights tells
            g.aside("head_width", np.array([head_width], np.int32))


class _Estimator:
    """The U-Net over frames `[B, T, C]`, written module by module under the checkpoint's names."""

    time: str

    def __init__(self, g: GraphWriter, weights: Weights, sizes: EstimatorSizes, head_width: int) -> None:
        self._g, self._weights, self._sizes = g, weights, sizes
        self._heads = sizes.inner // head_width
        self._order = stages(sizes)

    def velocity(self, x: str) -> str:
        """Return the velocity for the stacked inputs `[B, T, 320]`."""
        g = self._g
        skip = x = self._stage("down_blocks.0.", x)
        x = convolution(g, self._weights, f"{_PREFIX}down_blocks.0.2.conv", x, stride=2)
        half = x = self._stage("down_blocks.1.", x)
        x = convolution(g, self._weights, f"{_PREFIX}down_blocks.1.2", x)
        for index in range(self._sizes.middle):
            x = self._stage(f"mid_blocks.{index}.", x)
        x = self._stage("up_blocks.0.", g.op("Concat", x, half, axis=-1))
        x = self._upsample(f"{_PREFIX}up_blocks.0.2.conv", x)
        # of an odd number of frames the half has one more than needed
        x = g.op("Slice", x, g.integers(0), g.op("Shape", skip, start=1, end=2), g.integers(1))
        x = self._stage("up_blocks.1.", g.op("Concat", x, skip, axis=-1))
        x = convolution(g, self._weights, f"{_PREFIX}up_blocks.1.2", x)
        x = self._block(f"{_PREFIX}final_block.block", x)
        return convolution(g, self._weights, f"{_PREFIX}final_proj", x)

    def _stage(self, stage: str, x: str) -> str:
        x = self._resnet(stage, x)
        for index in range(self._sizes.blocks):
            x = self._transformer(f"{_PREFIX}{stage}1.{index}.", x)
        return x

    def _resnet(self, stage: str, x: str) -> str:
        g, name, width = self._g, f"{_PREFIX}{stage}0.", self._sizes.channels
        start = self._order.index(stage) * width
        row = g.op("Unsqueeze", slice_axis(g, self.time, 1, start, start + width), g.integers(1))
        y = g.op("Add", self._block(f"{name}block1.block", x), row)
        y = self._block(f"{name}block2.block", y)
        return g.op("Add", y, convolution(g, self._weights, f"{name}res_conv", x))

    def _block(self, name: str, x: str) -> str:
        g = self._g
        x = convolution(g, self._weights, f"{name}.0", x)
        return mish(g, group_norm(g, self._weights, f"{name}.1", x, _GROUPS))

    def _transformer(self, name: str, x: str) -> str:
        g, weights = self._g, self._weights
        y = layer_norm(g, weights, f"{name}norm1", x)
        matrix = np.concatenate([weights[f"{name}attn1.to_{part}.weight"] for part in "qkv"])
        packed = linear(g, f"{name}attn1.to_qkv", y, matrix, None)
        with g.scope(f"{name}attn1"):
            query, key, value = g.ops("Split", packed, outputs=3, axis=-1, num_outputs=3)
            mixed = g.op("MultiHeadAttention", query, key, value, domain=CONTRIB, num_heads=self._heads)
        x = g.op("Add", x, linear_of(g, weights, f"{name}attn1.to_out.0", mixed))
        y = linear_of(g, weights, f"{name}ff.net.0.proj", layer_norm(g, weights, f"{name}norm3", x))
        return g.op("Add", x, linear_of(g, weights, f"{name}ff.net.2", gelu(g, y)))

    def _upsample(self, name: str, x: str) -> str:
        """Transposed convolution, kernel 4, stride 2, padding 1: frame i and its neighbours make frames 2i and 2i+1."""
        weight = self._weights[f"{name}.weight"]
        inputs, outputs, _ = weight.shape
        nothing = np.zeros((inputs, outputs), np.float32)
        before, here, after = (
            np.concatenate(pair, axis=1)
            for pair in (
                (weight[..., 3], nothing),
                (weight[..., 1], weight[..., 2]),
                (nothing, weight[..., 0]),
            )
        )
        bias = np.tile(self._weights[f"{name}.bias"], 2)
        g = self._g
        y = linear(g, name, shifted(g, x, 3), np.concatenate([before, here, after]).T, bias)
        return g.op("Reshape", y, g.op("Concat", g.op("Shape", x, end=1), g.integers(-1, outputs), axis=0))

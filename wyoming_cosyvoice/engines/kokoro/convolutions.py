"""The generator's convolutions in int8 with fixed scales, one a channel on both sides, or in float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.engines.kokoro import snake, tables
from wyoming_cosyvoice.engines.kokoro.writer import CONTRIBUTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.kokoro.scales import SiteScale
    from wyoming_cosyvoice.engines.kokoro.sites import Site
    from wyoming_cosyvoice.engines.kokoro.writer import Writer

SOURCE_BLOCK = "noise_res."
WEIGHT_LIMIT = 63
"""Weights keep 7 bits, so that processors without VNNI, which add two products in 16 bits, can't overflow."""


@dataclass(frozen=True, slots=True)
class _Output:
    """Bytes of a convolution's output: value = step (byte - zero) + shift, `[O]` each; the bias loses the shift."""

    step: NDArray[np.float64]
    zero: NDArray[np.float64]
    shift: NDArray[np.float64]


def write_float(writer: Writer, site: Site) -> None:
    """Write a float32 convolution of height 1, which ONNX Runtime runs faster than one of one dimension."""
    activation = snake.write_float(writer, site)
    weight = snake.folded_weight(site).astype(np.float32)[:, :, None, :]
    tall = writer.add("Unsqueeze", [activation, writer.shape(2)], f"{site.name}/tall")
    done = writer.add(
        "Conv",
        [tall, writer.constant(f"{site.name}/weight", weight), writer.constant(f"{site.name}/bias", site.bias)],
        f"{site.name}/convolved",
        dilations=[1, site.dilation],
        pads=[0, site.padding[0], 0, site.padding[1]],
    )
    writer.add("Squeeze", [done, writer.shape(2)], site.output)


def write_fixed(writer: Writer, site: Site, scale: SiteScale, source: SiteScale | None) -> None:
    """Write the convolution in int8; ONNX Runtime's takes channels last.

    The first convolution of a pair reads float32 `[1, C, T]` and leaves its output in bytes `[1, T, O]`. The second has
    the first's scale as `source`, and leaves float32 `[1, O, T]`; in a source's block without what `left_out` says.
    """
    if source is not None:
        source_step = _centred_output(source).step.astype(np.float32)
        activation = tables.write_of_bytes(writer, site, scale.input_step, source_step)
    else:
        activation = tables.write(writer, site, scale.input_step)
    if site.normalised_after:
        _convolution(writer, site, scale.input_step, _centred_output(scale), activation, name=site.output)
        return
    output = _centred_output(scale) if site.name.startswith(SOURCE_BLOCK) else _whole_output(scale)
    convolved = _convolution(writer, site, scale.input_step, output, activation, name=f"{site.name}/convolved")
    turned = writer.add("Transpose", [convolved], f"{site.name}/turned", perm=[0, 2, 1])
    # the Transpose would be moved behind DequantizeLinear, where scales a channel take three times as long
    held = writer.add("Reshape", [turned, writer.shape(1, len(output.step), -1)], f"{site.name}/held")
    step = writer.constant(f"{site.name}/step", output.step.astype(np.float32))
    zero = writer.constant(f"{site.name}/zero", output.zero.astype(np.uint8))
    writer.add("DequantizeLinear", [held, step, zero], site.output, axis=1)


def left_out(scales: Mapping[str, SiteScale], number: int) -> NDArray[np.float32]:
    """Return what the output `[O]` of a block of the source lacks, so that it lies around 0."""
    pairs = (scales[f"{SOURCE_BLOCK}{number}/convs2.{pair}"] for pair in range(3))
    total: NDArray[np.float64] = np.sum([_centred_output(scale).shift for scale in pairs], axis=0)
    return total.astype(np.float32)


def _centred_output(scale: SiteScale) -> _Output:
    """Return bytes whose shift is left out: a norm reads them, for which it doesn't matter, or it is added later."""
    low, high = scale.low.astype(np.float64), scale.high.astype(np.float64)
    step = _step(low, high)
    return _Output(step, np.full(len(step), 128.0), low + 128 * step)


def _whole_output(scale: SiteScale) -> _Output:
    low, high = np.minimum(scale.low.astype(np.float64), 0), np.maximum(scale.high.astype(np.float64), 0)
    step = _step(low, high)
    zero = np.clip(np.round(128 - (low + 128 * step) / step), 0, 255)
    return _Output(step, zero, step * (128 - zero))


def _step(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum((high - low) / 254.9, 1e-6).astype(np.float32).astype(np.float64)


def _convolution(
    writer: Writer, site: Site, input_step: NDArray[np.float32], output: _Output, activation: str, *, name: str
) -> str:
    """Write the convolution from bytes `[1, T, C]` to bytes `[1, T, O]`."""
    weight = snake.folded_weight(site) * input_step.astype(np.float64)[None, :, None]
    largest = np.abs(weight).max(axis=(1, 2))
    # a channel whose weights are all 0 still has its bias, which needs a step of the output's size
    weight_step = np.where(largest > 0, largest / WEIGHT_LIMIT, output.step)
    whole = np.clip(np.round(weight / weight_step[:, None, None]), -WEIGHT_LIMIT, WEIGHT_LIMIT).astype(np.int8)
    bias = np.round((site.bias.astype(np.float64) - output.shift) / weight_step).astype(np.int32)
    one, middle = writer.scalar(1.0), writer.constant("middle", np.array(128, np.uint8))
    return writer.add(
        "QLinearConv",
        [
            activation,
            one,
            middle,
            writer.constant(f"{site.name}/weight", whole),
            writer.constant(f"{site.name}/weight step", (weight_step / output.step).astype(np.float32)),
            writer.constant(f"zero weights {len(bias)}", np.zeros(len(bias), np.int8)),
            one,
            middle,
            writer.constant(f"{site.name}/bias", bias),
        ],
        name,
        domain=CONTRIBUTED,
        channels_last=1,
        dilations=[site.dilation],
        pads=list(site.padding),
        kernel_shape=[site.weight.shape[2]],
    )

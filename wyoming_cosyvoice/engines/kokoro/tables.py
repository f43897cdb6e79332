"""Norm and snake activation as tables of 256 bytes a channel, made in each run.

Of a source in bytes, norm, snake and rounding together are a function of one byte, which hangs on mean and variance
alone. A float32 source is rounded to bytes between its lowest and highest value for this; what is added to it behind
the convolution stays float32. InstanceNormalization runs on one thread, and clips and casts of float32 move four times
the memory; none of that is needed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto

from wyoming_cosyvoice.engines.kokoro.snake import EPSILON
from wyoming_cosyvoice.engines.kokoro.writer import CONTRIBUTED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.kokoro.sites import Site
    from wyoming_cosyvoice.engines.kokoro.writer import Writer

_STRIDE = 7
"""One in so many samples tells mean and variance. It shares no factor with the steps of the upsampling before, 10 and
6: with 4, which sees half of a pattern that comes back every 6 samples, the sound is 1.7 dB worse."""


def write(writer: Writer, site: Site, step: NDArray[np.float32]) -> str:
    """Write the activation of a float32 source `[1, C, T]` in bytes `[1, T, C]` of `step`, 128 being 0.

    Blocks that read the same source share its statistics and its bytes. The source's values must lie around 0, for its
    bytes must have one that is 0: so it suits no source whose mean is many deviations away.
    """
    source = site.source
    mean, variance = _statistics(writer, source, source)
    least = writer.share("Add", [variance, writer.scalar(EPSILON)], f"{source}/padded")
    deviation = writer.share("Sqrt", [least], f"{source}/deviation")
    byte_step, zero = _range(writer, source)
    flat = [writer.share("Reshape", [item, writer.shape(-1)], f"{item}/flat") for item in (byte_step, zero)]
    flat[1] = writer.share("Cast", [flat[1]], f"{zero}/whole", to=TensorProto.UINT8)
    found = writer.share("QuantizeLinear", [source, *flat], f"{source}/bytes", axis=1)
    # each reader has an index of its own: kept for three blocks it would be 24 MB more at the peak of ten seconds
    index = writer.add("Cast", [found], f"{site.name}/index", to=TensorProto.INT32)
    levels = writer.constant("levels", np.arange(256, dtype=np.float32).reshape(1, 1, 256))
    above = writer.share("Sub", [levels, zero], f"{source}/above")
    values = writer.share("Mul", [above, byte_step], f"{source}/values")
    distance = writer.share("Sub", [values, mean], f"{source}/distance")
    table = _table(writer, site, distance, deviation, step)
    looked_up = writer.add("GatherElements", [table, index], f"{site.name}/found", axis=2)
    return writer.add("Transpose", [looked_up], f"{site.name}/input", perm=[0, 2, 1])


def write_of_bytes(writer: Writer, site: Site, step: NDArray[np.float32], source_step: NDArray[np.float32]) -> str:
    """Write the activation of a source in bytes `[1, T, C]` of `source_step`, in bytes `[1, T, C]` of `step`.

    Looking up takes longer with channels last, but not as long as two Transpose and looking up.
    """
    name, source = site.name, site.source
    mean, variance = _statistics(writer, name, _some(writer, site, len(source_step)))
    least = (EPSILON / source_step.astype(np.float64) ** 2).astype(np.float32).reshape(1, -1, 1)
    padded = writer.add("Add", [variance, writer.constant(f"{name}/least", least)], f"{name}/padded")
    deviation = writer.add("Sqrt", [padded], f"{name}/deviation")
    levels = writer.constant("levels around 0", (np.arange(256, dtype=np.float32) - 128).reshape(1, 1, 256))
    distance = writer.add("Sub", [levels, mean], f"{name}/distance")
    table = _table(writer, site, distance, deviation, step)
    turned = writer.add("Transpose", [table], f"{table}/turned", perm=[0, 2, 1])
    index = writer.add("Cast", [source], f"{name}/index", to=TensorProto.INT32)
    return writer.add("GatherElements", [turned, index], f"{name}/input", axis=1)


def _some(writer: Writer, site: Site, channels: int) -> str:
    """Write some samples of the bytes `[1, T, C]` as float32 `[1, C, T / stride]`."""
    name = site.name
    bounds = writer.shape(0), writer.shape(np.iinfo(np.int64).max), writer.shape(1), writer.shape(_STRIDE)
    some = writer.add("Slice", [site.source, *bounds], f"{name}/some")
    turned = writer.add("Transpose", [some], f"{name}/some turned", perm=[0, 2, 1])
    # or the Transpose is moved behind ReduceMean, which takes 20 times as long over the middle axis
    held = writer.add("Reshape", [turned, writer.shape(1, channels, -1)], f"{name}/some held")
    middle = writer.constant("middle", np.array(128, np.uint8))
    return writer.add("DequantizeLinear", [held, writer.scalar(1.0), middle], f"{name}/some centred")


def _statistics(writer: Writer, name: str, values: str) -> tuple[str, str]:
    """Write mean and variance `[1, C, 1]` of `[1, C, T]`.

    The mean square is a row times itself, which takes a third of squaring and adding.
    """
    mean = writer.share("ReduceMean", [values, writer.shape(2)], f"{name}/mean", keepdims=1)
    rows = writer.share("Reshape", [values, writer.shape(-1, 1, 0)], f"{name}/rows")
    length = writer.share("Shape", [values], f"{name}/length", start=2)
    count = writer.share("Cast", [length], f"{name}/count", to=TensorProto.FLOAT)
    products = writer.share("FusedMatMul", [rows, rows], f"{name}/products", domain=CONTRIBUTED, transB=1)
    energy = writer.share("Reshape", [products, writer.shape(1, -1, 1)], f"{name}/energy")
    power = writer.share("Div", [energy, count], f"{name}/power")
    square = writer.share("Mul", [mean, mean], f"{name}/mean²")
    return mean, writer.share("Sub", [power, square], f"{name}/variance")


def _range(writer: Writer, source: str) -> tuple[str, str]:
    """Write step and zero `[1, C, 1]` of bytes that hold all values of `[1, C, T]` and 0."""
    nothing = writer.scalar(0.0)
    lowest = writer.share("ReduceMin", [source, writer.shape(2)], f"{source}/lowest", keepdims=1)
    highest = writer.share("ReduceMax", [source, writer.shape(2)], f"{source}/highest", keepdims=1)
    low = writer.share("Min", [lowest, nothing], f"{source}/low")
    high = writer.share("Max", [highest, nothing], f"{source}/high")
    width = writer.share("Sub", [high, low], f"{source}/width")
    exact = writer.share("Div", [width, writer.scalar(255.0)], f"{source}/exact step")
    step = writer.share("Max", [exact, writer.scalar(1e-9)], f"{source}/step")
    below = writer.share("Neg", [writer.share("Div", [low, step], f"{source}/low steps")], f"{source}/below")
    return step, writer.share("Round", [below], f"{source}/zero")


def _table(writer: Writer, site: Site, distance: str, deviation: str, step: NDArray[np.float32]) -> str:
    """Write the bytes `[1, C, 256]` for values that have such a `distance` from their mean."""
    name = site.name
    turns = writer.constant(f"{name}/factor", (site.alpha / np.pi).astype(np.float32).reshape(1, -1, 1))
    gain = writer.add("Mul", [_styled(writer, site, site.gain, "gain"), turns], f"{name}/gain")
    offset = writer.add("Mul", [_styled(writer, site, site.offset, "offset"), turns], f"{name}/offset")
    slope = writer.add("Div", [gain, deviation], f"{name}/slope")
    scaled = writer.add("Mul", [distance, slope], f"{name}/scaled")
    place = writer.add("Add", [scaled, offset], f"{name}/turns")
    sine = writer.add("Sin", [writer.add("Mul", [place, writer.scalar(float(np.pi))], f"{name}/angle")], f"{name}/sine")
    squared = writer.add("Mul", [sine, sine], f"{name}/sine²")
    bulge = writer.add("Mul", [squared, writer.scalar(float(1 / np.pi))], f"{name}/bulge")
    snake = writer.add("Add", [place, bulge], f"{name}/snake")
    zeros = writer.constant(f"zeros {len(step)}", np.full(len(step), 128, np.uint8))
    steps = writer.constant(f"{name}/input step", step)
    return writer.add("QuantizeLinear", [snake, steps, zeros], f"{name}/table", axis=1)


def _styled(writer: Writer, site: Site, tensor: str, kind: str) -> str:
    """Write the style's gain or offset `[1, C, 1]` for the channels that the site has."""
    if site.channels is None:
        return tensor
    channels = writer.constant(f"{site.name}/channels", site.channels)
    return writer.add("Gather", [tensor, channels], f"{site.name}/{kind} of channels", axis=1)

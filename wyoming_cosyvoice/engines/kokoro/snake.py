"""Norm and snake activation of the generator, written so that ONNX Runtime is quick with them.

A site computes h + sin²(a h) / a of an adaptive instance norm h. With v = a h / pi in turns that is (pi / a) times
v + sin²(pi v) / pi; the factors go into the norm before and into the weights behind. A convolution in int8 reads one
byte of it, so the snake and its rounding are a table of bytes for each channel: looking up takes a third of the time
that computing takes. Here the table is fixed and the norm comes before it; `tables` has those that take in the norm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.kokoro.sites import Site
    from wyoming_cosyvoice.engines.kokoro.writer import Writer

EPSILON = 1e-5
# sin(pi t) for t in [0, 1) as w (A + B w) with w = t - t²; least largest error 7.4e-4
_SINE = (3.10930261, 3.55102142)
_ENTRIES = 1024  # eight of them a step of the output, so that looking up adds next to nothing to its rounding


def folded_weight(site: Site) -> NDArray[np.float64]:
    """Weights that read the activation in turns: h + sin²(a h) / a = (pi / a) (v + sin²(pi v) / pi)."""
    return site.weight.astype(np.float64) * (np.pi / site.alpha.astype(np.float64))[None, :, None]


def write_float(writer: Writer, site: Site) -> str:
    """Write the activation `[1, C, T]` in float32.

    Cos takes as long as fifteen additions and runs on one thread: so it is a polynomial of v - floor(v).
    """
    style = [
        _styled(writer, site, kind, tensor, site.alpha.astype(np.float64) / np.pi)
        for kind, tensor in (("gain", site.gain), ("offset", site.offset))
    ]
    turns = writer.add("InstanceNormalization", [site.source, *style], f"{site.name}/turns", epsilon=EPSILON)
    low, high = (coefficient / np.sqrt(np.pi) for coefficient in _SINE)
    whole = writer.add("Floor", [turns], f"{site.name}/whole")
    part = writer.add("Sub", [turns, whole], f"{site.name}/part")
    square = writer.add("Mul", [part, part], f"{site.name}/square")
    arch = writer.add("Sub", [part, square], f"{site.name}/arch")
    slope = writer.add("Mul", [arch, writer.scalar(float(high))], f"{site.name}/slope")
    line = writer.add("Add", [slope, writer.scalar(float(low))], f"{site.name}/line")
    sine = writer.add("Mul", [line, arch], f"{site.name}/sine")
    squared = writer.add("Mul", [sine, sine], f"{site.name}/squared")
    return writer.add("Add", [squared, turns], f"{site.name}/snake")


def write_bytes(writer: Writer, site: Site, step: NDArray[np.float32]) -> str:
    """Write the activation of a float32 `[1, C, T]` source in bytes `[1, T, C]` of that step, 128 being 0."""
    reach = step.astype(np.float64) * 128
    # y(v) lies in [v, v + 1/pi], so beyond these bounds it is out of the bytes' reach
    low, high = -reach - 1 / np.pi, reach
    density = _ENTRIES / (high - low)
    middles = low[:, None] + (np.arange(_ENTRIES) + 0.5) / density[:, None]
    snake = (middles + np.sin(np.pi * middles) ** 2 / np.pi) / step[:, None]
    table = np.clip(np.floor(snake + 128.5), 0, 255).astype(np.uint8)[None]

    gain = _styled(writer, site, "gain", site.gain, site.alpha / np.pi * density)
    offset = _styled(writer, site, "offset", site.offset, site.alpha / np.pi * density)
    start = writer.constant(f"{site.name}/start", (-low * density).astype(np.float32))
    offset = writer.add("Add", [offset, start], f"{site.name}/offset from start")
    place = writer.add("InstanceNormalization", [site.source, gain, offset], f"{site.name}/place", epsilon=EPSILON)
    kept = writer.add("Clip", [place, writer.scalar(0.0), writer.scalar(_ENTRIES - 0.5)], f"{site.name}/kept")
    index = writer.add("Cast", [kept], f"{site.name}/index", to=TensorProto.INT32)
    found = writer.add(
        "GatherElements", [writer.constant(f"{site.name}/table", table), index], f"{site.name}/found", axis=2
    )
    return writer.add("Transpose", [found], f"{site.name}/input", perm=[0, 2, 1])


def _styled(writer: Writer, site: Site, kind: str, tensor: str, factor: NDArray[np.floating]) -> str:
    """Write the style's gain or offset `[C]` times a factor `[C]`."""
    constant = writer.constant(f"{site.name}/{kind} factor", factor.astype(np.float32).reshape(1, -1, 1))
    scaled = writer.add("Mul", [tensor, constant], f"{site.name}/{kind}")
    return writer.add("Reshape", [scaled, writer.shape(-1)], f"{scaled}/flat")

"""Norm and snake activation of the generator, written so that ONNX Runtime is quick with them.

A site computes h + sin²(a h) / a of an adaptive instance norm h. With v = a h / pi in turns that is (pi / a) times
v + sin²(pi v) / pi; the factors go into the norm before and into the weights behind. Here it is float32; a convolution
in int8 reads one byte of it, so there it is one of the `tables`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.kokoro.sites import Site
    from wyoming_cosyvoice.engines.kokoro.writer import Writer

EPSILON = 1e-5
# sin(pi t) for t in [0, 1) as w (A + B w) with w = t - t²; least largest error 7.4e-4
_SINE = (3.10930261, 3.55102142)


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


def _styled(writer: Writer, site: Site, kind: str, tensor: str, factor: NDArray[np.floating]) -> str:
    """Write the style's gain or offset `[C]` times a factor `[C]`."""
    constant = writer.constant(f"{site.name}/{kind} factor", factor.astype(np.float32).reshape(1, -1, 1))
    scaled = writer.add("Mul", [tensor, constant], f"{site.name}/{kind}")
    return writer.add("Reshape", [scaled, writer.shape(-1)], f"{scaled}/flat")

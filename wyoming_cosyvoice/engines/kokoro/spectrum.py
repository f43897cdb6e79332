"""The short-time Fourier transform of the generator's source as a convolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import helper

from wyoming_cosyvoice.engines.kokoro.sites import GENERATOR

if TYPE_CHECKING:
    from wyoming_cosyvoice.engines.kokoro.writer import Writer

REAL, IMAGINARY = f"{GENERATOR}/Gather_4_output_0", f"{GENERATOR}/Gather_5_output_0"
_TINY = 1e-12


def write(writer: Writer) -> None:
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
    writer.nodes.append(helper.make_node("Split", [both, halves], [REAL, IMAGINARY], name="source/split", axis=1))

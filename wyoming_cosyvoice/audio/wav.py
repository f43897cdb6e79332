"""WAV (RIFF, 16-bit PCM, mono): a whole file, or the header before a stream of unknown length.

Source of the layout: Microsoft/IBM "Multimedia Programming Interface and Data Specifications 1.0", 1991.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from wyoming_cosyvoice.audio.pcm import Pcm

HEADER_BYTES = 44
_AFTER_SIZE = HEADER_BYTES - 8
_UNKNOWN = 0xFFFFFFFF


def encode_wav(samples: Pcm, rate: int) -> bytes:
    """Make a WAV file of mono int16 samples.

    Raises ValueError where it would be longer than the format's 4 GiB.
    """
    data = samples.astype("<i2", copy=False).tobytes()
    return _header(rate, _AFTER_SIZE + len(data), len(data)) + data


def stream_header(rate: int, size: Literal["zero", "maximum"]) -> bytes:
    """Make the header before samples whose number is not known yet.

    `zero` is what Home Assistant writes itself and its players take; `maximum` (0xFFFFFFFF) is what browsers play to
    the end. Neither fits both: Home Assistant's satellite overflows on the maximum, browsers play nothing of a zero.
    """
    return _header(rate, _AFTER_SIZE, 0) if size == "zero" else _header(rate, _UNKNOWN, _UNKNOWN)


def _header(rate: int, riff_size: int, data_size: int) -> bytes:
    if riff_size > _UNKNOWN:
        raise ValueError(f"a WAV file holds at most 4 GiB, not {riff_size} bytes")
    channels, width = 1, 2
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * width, channels * width, 8 * width)
    chunks = struct.pack("<4sI4s4sI", b"RIFF", riff_size, b"WAVE", b"fmt ", len(form)) + form
    return chunks + struct.pack("<4sI", b"data", data_size)

"""WAV framing of 16-bit mono samples, and the shapes of samples that satellites ask for."""

from __future__ import annotations

import struct
from dataclasses import dataclass

# "Unknown": the length is not known while streaming. Not 0, which readers take literally.
_UNKNOWN_SIZE = 0xFFFFFFFF
_PCM = 1
_FLIP_SIGN = bytes((value + 128) % 256 for value in range(256))


@dataclass(frozen=True, slots=True)
class PcmShape:
    """Rate in hertz (None: the server's own), channels, and bytes a sample (1 is unsigned, wider ones are signed)."""

    rate: int | None = None
    channels: int = 1
    width: int = 2


def wav_header(rate: int, shape: PcmShape) -> bytes:
    """Return the 44 bytes that precede samples of unknown number."""
    frame = shape.channels * shape.width
    fields = (_PCM, shape.channels, rate, rate * frame, frame, 8 * shape.width)
    return (
        b"RIFF"
        + struct.pack("<I", _UNKNOWN_SIZE)
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, *fields)
        + b"data"
        + struct.pack("<I", _UNKNOWN_SIZE)
    )


def reshape(samples: bytes, shape: PcmShape) -> bytes:
    """Turn little-endian 16-bit mono samples into the channels and width of `shape`."""
    if shape.channels == 1 and shape.width == 2:
        return samples
    low, high = samples[0::2], samples[1::2]
    frame = shape.channels * shape.width
    result = bytearray(len(high) * frame)
    for end in range(shape.width, frame + 1, shape.width):
        if shape.width == 1:
            result[end - 1 :: frame] = high.translate(_FLIP_SIGN)
        else:
            # the bytes below the two that carry the sample stay zero
            result[end - 1 :: frame] = high
            result[end - 2 :: frame] = low
    return bytes(result)

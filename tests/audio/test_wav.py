"""WAV headers, read back by the standard library."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest

from wyoming_cosyvoice.audio.wav import HEADER_BYTES, encode_wav, stream_header

SAMPLES = np.arange(-500, 500, dtype=np.int16)


def test_a_file_is_read_back_exactly() -> None:
    content = encode_wav(SAMPLES, 24000)
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24000)
        assert file.readframes(10_000) == SAMPLES.astype("<i2").tobytes()
    assert struct.unpack("<I", content[4:8])[0] == len(content) - 8


def test_a_file_without_samples_is_a_file() -> None:
    with wave.open(io.BytesIO(encode_wav(SAMPLES[:0], 8000))) as file:
        assert file.getnframes() == 0


@pytest.mark.parametrize(("size", "field"), [("zero", 0), ("maximum", 0xFFFFFFFF)])
def test_a_streams_header_says_the_size_that_its_players_take(size: str, field: int) -> None:
    header = stream_header(22050, size)  # type: ignore[arg-type]
    assert len(header) == HEADER_BYTES
    assert struct.unpack("<I", header[40:44])[0] == field
    assert struct.unpack("<I", header[24:28])[0] == 22050


def test_home_assistants_reader_takes_the_header_with_zero() -> None:
    with wave.open(io.BytesIO(stream_header(22050, "zero"))) as file:
        assert (file.getnframes(), file.getframerate()) == (0, 22050)

"""Encoders: what comes out block by block is a file that players read to its end."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from wyoming_cosyvoice.audio.compress import FORMATS, open_encoder

if TYPE_CHECKING:
    from wyoming_cosyvoice.audio.compress import Format
    from wyoming_cosyvoice.audio.pcm import Pcm


def sweep(rate: int, seconds: float) -> Pcm:
    time = np.arange(int(rate * seconds)) / rate
    return (12000 * np.sin(2 * np.pi * (200 + 150 * time) * time)).astype(np.int16)


def encoded(audio_format: Format, samples: Pcm, rate: int, block: int) -> bytes:
    encoder = open_encoder(audio_format, rate)
    parts = [encoder.encode(samples[at : at + block]) for at in range(0, len(samples), block)]
    return b"".join(parts) + encoder.finish()


def decoded(data: bytes) -> tuple[Pcm, int]:
    """Decode a file as a player does that reads it to its end."""
    with av.open(io.BytesIO(data), "r") as container:
        rate = container.streams.audio[0].rate
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
        frames = [ready for frame in container.decode(audio=0) for ready in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]), rate


def level(samples: Pcm) -> float:
    return float(np.std(samples.astype(float)))


@pytest.mark.parametrize("rate", [22050, 24000])
@pytest.mark.parametrize("audio_format", [one for one in FORMATS if one != "pcm"])
def test_a_file_made_in_blocks_holds_the_sound(audio_format: Format, rate: int) -> None:
    samples = sweep(rate, 2.0)
    data, read_rate = decoded(encoded(audio_format, samples, rate, 1000))
    # FFmpeg decodes Opus at 48 kHz, whatever went in
    assert read_rate == (48000 if audio_format == "opus" else rate)
    assert len(data) / read_rate == pytest.approx(2.0, abs=0.12)
    # the same energy and the same pitch half way, whatever the codec's delay
    assert level(data[read_rate // 2 : -read_rate // 2]) == pytest.approx(level(samples), rel=0.05)
    middle = data[read_rate - 2048 : read_rate + 2048] * np.hanning(4096)
    peak = np.argmax(np.abs(np.fft.rfft(middle))) * read_rate / 4096
    assert peak == pytest.approx(200 + 2 * 150, abs=25)


def test_pcm_is_the_samples() -> None:
    samples = sweep(24000, 0.3)
    assert encoded("pcm", samples, 24000, 999) == samples.tobytes()


def test_flac_and_wav_lose_nothing() -> None:
    samples = sweep(24000, 0.5)
    for audio_format in ("flac", "wav"):
        data, _ = decoded(encoded(audio_format, samples, 24000, 1024))
        np.testing.assert_array_equal(data, samples)


def test_a_streamed_wav_says_that_its_length_is_not_known() -> None:
    head = encoded("wav", sweep(24000, 0.1), 24000, 100)[:44]
    assert head[4:8] == head[40:44] == b"\xff\xff\xff\xff"


def test_players_know_the_length_of_a_streamed_mp3() -> None:
    with av.open(io.BytesIO(encoded("mp3", sweep(24000, 4.0), 24000, 1000)), "r") as container:
        assert (container.duration or 0) / av.time_base == pytest.approx(4.0, abs=0.2)


@pytest.mark.parametrize("audio_format", FORMATS)
def test_nothing_in_is_no_error(audio_format: Format) -> None:
    data = open_encoder(audio_format, 24000).finish()
    assert data[:4] == {"wav": b"RIFF", "opus": b"OggS"}.get(audio_format, data[:4])
    assert len(data) < 10_000

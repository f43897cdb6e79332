"""PCM, blocks, resampling, loudness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.audio.blocks import BlockCutter
from wyoming_cosyvoice.audio.loudness import loudness
from wyoming_cosyvoice.audio.pcm import Floats, decibels, from_decibels, silence, soft_limit, to_float, to_int16
from wyoming_cosyvoice.audio.resample import Resampler


def sine(hertz: float, rate: int, seconds: float = 1.0, level: float = 1.0) -> Floats:
    return (level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def test_full_scale_does_not_wrap() -> None:
    samples = np.array([-9.0, -1.0, 0.0, 1.0, 9.0], dtype=np.float32)
    assert to_int16(samples).tolist() == [-32767, -32767, 0, 32767, 32767]


def test_int16_survives_the_way_through_float() -> None:
    every = np.arange(-32767, 32768, dtype=np.int16)
    np.testing.assert_array_equal(to_int16(to_float(every)), every)


def test_the_limiter_leaves_what_is_soft_and_never_exceeds_full_scale() -> None:
    samples = np.linspace(-8, 8, 4001, dtype=np.float32)
    limited = soft_limit(samples)
    soft = np.abs(samples) <= 0.8
    np.testing.assert_array_equal(limited[soft], samples[soft])
    assert np.abs(limited).max() <= 1.0
    assert np.all(np.diff(limited) >= 0)
    assert soft_limit(samples[:0]).size == 0


def test_decibels_and_back() -> None:
    assert decibels(0.5) == pytest.approx(-6.02, abs=0.01)
    assert from_decibels(decibels(0.3)) == pytest.approx(0.3)
    assert decibels(0.0) == float("-inf")
    assert silence(0.1, 24000).size == 2400


@given(st.lists(st.integers(0, 50), max_size=20), st.integers(1, 40))
def test_blocks_have_one_length_and_lose_nothing(sizes: list[int], length: int) -> None:
    cutter = BlockCutter(length)
    signal = np.arange(sum(sizes), dtype=np.int16)
    blocks = []
    for piece in np.split(signal, np.cumsum(sizes)[:-1].astype(int)) if sizes else []:
        cutter.push(piece)
        while (block := cutter.pop()) is not None:
            blocks.append(block)
    while (block := cutter.pop(last=True)) is not None:
        blocks.append(block)
    assert all(block.size == length for block in blocks[:-1])
    np.testing.assert_array_equal(np.concatenate([signal[:0], *blocks]), signal)


@pytest.mark.parametrize(("source", "target"), [(24000, 22050), (22050, 48000), (24000, 8000), (16000, 24000)])
def test_resampling_does_not_depend_on_the_cutting(source: int, target: int) -> None:
    signal = np.random.default_rng(0).standard_normal(source).astype(np.float32)

    def resample(step: int) -> Floats:
        resampler = Resampler(source, target)
        pieces = [resampler.push(signal[begin : begin + step]) for begin in range(0, signal.size, step)]
        return np.concatenate([*pieces, resampler.finish()])

    whole = resample(signal.size)
    assert whole.size == pytest.approx(target, abs=1)
    for step in (1, 333, 4096):
        np.testing.assert_array_equal(resample(step), whole)


def test_resampling_keeps_the_tone_and_adds_none() -> None:
    resampler = Resampler(24000, 22050)
    out = np.concatenate((resampler.push(sine(1000, 24000)), resampler.finish()))[2000:18000]
    window = np.kaiser(out.size, 20)
    spectrum = np.abs(np.fft.rfft(out * window)) / window.sum() * 2
    peak = int(spectrum.argmax())
    assert peak * 22050 / out.size == pytest.approx(1000, abs=2)
    assert spectrum[peak] == pytest.approx(1.0, abs=0.05)
    spectrum[peak - 10 : peak + 11] = 0
    assert decibels(spectrum.max()) < -90


@pytest.mark.parametrize("rate", [16000, 22050, 24000, 48000])
def test_loudness_of_the_standards_reference_tone(rate: int) -> None:
    """BS.1770: a sine of 997 Hz at full scale on one channel reads -3.01 LKFS."""
    assert loudness(sine(997, rate, 5.0), rate) == pytest.approx(-3.01, abs=0.06)
    assert loudness(sine(997, rate, 5.0, 0.1), rate) == pytest.approx(-23.01, abs=0.06)


def test_loudness_does_not_count_pauses() -> None:
    speech = sine(500, 16000, 2.0, 0.1)
    pause = np.zeros(16000 * 4, dtype=np.float32)
    assert loudness(np.concatenate((speech, pause)), 16000) == pytest.approx(loudness(speech, 16000), abs=0.6)


def test_loudness_weighs_low_notes_less() -> None:
    assert loudness(sine(50, 48000), 48000) < loudness(sine(3000, 48000), 48000) - 4


def test_loudness_of_silence_and_of_very_little() -> None:
    assert loudness(np.zeros(16000, dtype=np.float32), 16000) == float("-inf")
    assert loudness(np.zeros(0, dtype=np.float32), 16000) == float("-inf")
    assert loudness(sine(997, 16000, 0.1), 16000) == pytest.approx(-3.01, abs=0.5)

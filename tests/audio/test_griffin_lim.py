"""Log-mels and their inversion."""

import numpy as np
import pytest
from numpy.typing import NDArray

from wyoming_cosyvoice.audio.griffin_lim import GriffinLim
from wyoming_cosyvoice.audio.mel import MelScale

DECIBEL = 20 / np.log(10)


def vowel(frames: int = 120) -> NDArray[np.float32]:
    """A gliding voice with two formants and a little breath."""
    time = np.arange(256 * frames) / 22050
    pitch = 120 + 30 * np.sin(2 * np.pi * 1.5 * time)
    angle = 2 * np.pi * np.cumsum(pitch) / 22050
    wave = np.zeros_like(time)
    for k in range(1, 40):
        formants = np.exp(-(((k * pitch - 700) / 500) ** 2)) + 0.5 * np.exp(-(((k * pitch - 1800) / 400) ** 2)) + 0.02
        wave += 0.1 * formants * np.sin(k * angle)
    return (wave + 0.003 * np.random.RandomState(0).standard_normal(len(time))).astype(np.float32)


def test_a_frame_of_mel_is_256_samples() -> None:
    scale = MelScale()
    assert scale.log_mel(vowel(7)).shape == (80, 7)
    assert GriffinLim(iterations=2)(scale.log_mel(vowel(7))).shape == (256 * 7,)


def test_silence_lies_on_the_floor_and_comes_back_silent() -> None:
    mel = MelScale().log_mel(np.zeros(256 * 10, np.float32))
    np.testing.assert_allclose(mel, np.log(1e-5), rtol=1e-6)
    assert np.abs(GriffinLim()(mel)).max() < 1e-3


def test_bands_are_triangles_of_unit_area() -> None:
    scale = MelScale()
    hertz_a_bin = scale.sample_rate / scale.n_fft
    assert scale.basis.shape == (80, 513)
    np.testing.assert_allclose(scale.basis[60:].sum(1) * hertz_a_bin, 1, atol=0.02)
    assert scale.basis[:, int(8000 / hertz_a_bin) + 1 :].max() == 0
    centres = scale.basis.argmax(1) * hertz_a_bin
    assert (np.diff(centres) >= 0).all()
    assert centres[0] == pytest.approx(37, abs=hertz_a_bin)


def test_magnitudes_are_non_negative_and_have_the_mel() -> None:
    scale = MelScale()
    mel = scale.log_mel(vowel())
    magnitude = GriffinLim().magnitudes(mel)
    assert magnitude.min() >= 0
    assert np.abs(np.log(scale.basis @ magnitude.T) - mel).mean() * DECIBEL < 0.1


def test_the_samples_have_the_mel_they_were_made_from() -> None:
    scale = MelScale()
    wave = vowel()
    mel = scale.log_mel(wave)
    rebuilt = GriffinLim()(mel)
    error = np.abs(scale.log_mel(rebuilt) - mel).mean() * DECIBEL
    rough = np.abs(scale.log_mel(GriffinLim(iterations=0)(mel)) - mel).mean() * DECIBEL
    assert error < 1.2
    assert error < rough / 3
    assert rebuilt.std() == pytest.approx(wave.std(), rel=0.15)
    np.testing.assert_array_equal(GriffinLim()(mel), rebuilt)

"""Source signal, lengths and stretching."""

import numpy as np
import pytest

from wyoming_cosyvoice.engines.cosyvoice.lengths import at_speed, frames_of, stretch, token_limits
from wyoming_cosyvoice.engines.cosyvoice.source import SourceSignal

WEIGHT = np.array([1, 0.5, 0.25, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], np.float32)
SILENT_NOISE = np.zeros((9, 256 * 40), np.float32)


def test_a_steady_pitch_is_a_harmonic_tone() -> None:
    tone = SourceSignal(WEIGHT, 0.0)(np.full(40, 441.0, np.float32), np.zeros(9, np.float32), SILENT_NOISE)
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone))))
    peaks = np.argsort(spectrum)[-1] * 22050 / len(tone)
    assert tone.shape == (256 * 40,)
    assert peaks == pytest.approx(441, abs=3)


def test_an_unvoiced_frame_is_noise_alone() -> None:
    noise = np.random.RandomState(3).standard_normal((9, 256 * 40)).astype(np.float32)
    hiss = SourceSignal(WEIGHT, 0.25)(np.full(40, 9.9, np.float32), np.ones(9, np.float32), noise)
    expected = np.tanh(WEIGHT @ noise * np.float32(0.1 / 3) + 0.25)
    np.testing.assert_allclose(hiss, expected, atol=1e-5)


def test_the_phase_does_not_drift_over_minutes() -> None:
    frames = 22050 * 120 // 256
    f0 = np.full(frames, 220.5, np.float32)  # one cycle is exactly 100 samples
    only_first = np.eye(9, dtype=np.float32)[0]
    noise = np.zeros((9, 256 * frames), np.float32)
    tone = SourceSignal(only_first, 0.0)(f0, np.zeros(9, np.float32), noise)
    angle = 2 * np.pi * 0.01 * (np.arange(len(tone)) + 1)
    assert np.abs(tone[-5000:] - np.tanh(0.1 * np.sin(angle[-5000:]))).max() < 0.005


def test_the_offset_of_the_fundamental_is_ignored() -> None:
    f0 = np.full(40, 200.0, np.float32)
    signal = SourceSignal(np.eye(9, dtype=np.float32)[0], 0.0)
    shifted = np.full(9, 2.0, np.float32)
    np.testing.assert_array_equal(signal(f0, shifted, SILENT_NOISE), signal(f0, np.zeros(9, np.float32), SILENT_NOISE))


@pytest.mark.parametrize(("tokens", "frames"), [(0, 0), (1, 1), (20, 34), (90, 155), (120, 206), (250, 430)])
def test_frames_are_truncated_as_upstream_does(tokens: int, frames: int) -> None:
    assert frames_of(tokens) == frames


def test_limits_follow_the_text() -> None:
    assert token_limits(11) == (22, 220)


def test_stretching_keeps_a_ramp() -> None:
    ramp = np.arange(10, dtype=np.float32)[None]
    doubled = stretch(ramp, 20)[0]
    np.testing.assert_allclose(doubled[1:-1], np.arange(18) * 0.5 + 0.25, atol=1e-6)
    np.testing.assert_array_equal(stretch(ramp, 10), ramp)
    assert at_speed(ramp, 1.25).shape == (1, 8)
    assert at_speed(ramp, 0.5).shape == (1, 20)
    assert at_speed(ramp[:, :1], 2.0).shape == (1, 1)

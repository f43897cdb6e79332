"""Utterances begin and end without silence and without a click, however they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.audio.edges import EdgeTrimmer

if TYPE_CHECKING:
    from wyoming_cosyvoice.audio.pcm import Floats

RATE = 16000


def trim(signal: Floats, cuts: list[int] | None = None, rate: int = RATE) -> Floats:
    trimmer = EdgeTrimmer(rate)
    pieces = np.split(signal, sorted(cut % (signal.size + 1) for cut in cuts or []))
    return np.concatenate([*(trimmer.push(piece) for piece in pieces), trimmer.finish()])


def tone(seconds: float, level: float = 0.3, rate: int = RATE) -> Floats:
    return (level * np.cos(2 * np.pi * 220 * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def quiet(seconds: float, rate: int = RATE) -> Floats:
    noise = np.random.default_rng(1).standard_normal(int(seconds * rate))
    return (1e-4 * noise).astype(np.float32)


def test_silence_before_and_after_is_cut_to_what_consonants_need() -> None:
    signal = np.concatenate((quiet(0.5), tone(1.0), quiet(0.7)))
    trimmed = trim(signal)
    assert trimmed.size / RATE == pytest.approx(1.07, abs=0.02)
    middle = trimmed[RATE // 2 : RATE // 2 + 100]
    assert np.any(np.lib.stride_tricks.sliding_window_view(signal, 100)[::1].__eq__(middle).all(axis=1))


def test_silence_inside_is_kept() -> None:
    assert trim(np.concatenate((tone(0.2), quiet(1.0), tone(0.2)))).size == pytest.approx(1.4 * RATE, abs=RATE // 50)


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.5])
def test_nothing_but_silence_becomes_nothing(seconds: float) -> None:
    assert trim(quiet(seconds)).size == 0


def test_a_signal_without_any_silence_is_kept_whole() -> None:
    assert trim(tone(0.5)).size == tone(0.5).size


@pytest.mark.parametrize("signal", [tone(0.5), tone(0.013), tone(0.0004, rate=48000), -tone(0.5)])
def test_both_ends_touch_zero_without_a_step(signal: Floats) -> None:
    trimmed = trim(signal)
    step = 10 ** (-50 / 20)
    assert abs(trimmed[0]) < step
    assert abs(trimmed[-1]) < step


def test_a_join_of_two_utterances_has_no_click() -> None:
    """A click is energy far above the signal's own frequencies; measured against the same tone without a join."""
    joined = np.concatenate((trim(tone(0.5)), trim(tone(0.5))))
    around = joined[RATE // 2 - 512 : RATE // 2 + 512] * np.hanning(1024)
    inside = joined[RATE // 4 - 512 : RATE // 4 + 512] * np.hanning(1024)
    high = slice(4000 * 1024 // RATE, None)
    click = np.abs(np.fft.rfft(around))[high].max() / 256
    assert 20 * np.log10(click) < -50
    assert 20 * np.log10(click) < 20 * np.log10(np.abs(np.fft.rfft(inside))[high].max() / 256 + 1e-9) + 40


@given(
    parts=st.lists(st.tuples(st.booleans(), st.integers(1, 3000)), max_size=6),
    cuts=st.lists(st.integers(0, 20_000), max_size=8),
)
def test_any_cutting_gives_the_same(parts: list[tuple[bool, int]], cuts: list[int]) -> None:
    pieces = [tone(count / RATE) if loud else quiet(count / RATE) for loud, count in parts]
    signal = np.concatenate([np.zeros(0, dtype=np.float32), *pieces])
    np.testing.assert_array_equal(trim(signal, cuts), trim(signal))


def test_samples_come_out_while_others_still_arrive() -> None:
    trimmer = EdgeTrimmer(RATE)
    out = sum(trimmer.push(block).size for block in np.split(tone(1.0), 20))
    assert out > 0.9 * RATE

"""Cross-fades, speed in chunks, and when a chunk is made."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from wyoming_cosyvoice.engines.cosyvoice import load
from wyoming_cosyvoice.engines.cosyvoice.chunking import EARLY, SWIFT, UPSTREAM, WHOLE
from wyoming_cosyvoice.engines.cosyvoice.fade import complementary_window, fade_in, hamming_window
from wyoming_cosyvoice.engines.cosyvoice.lengths import at_speed
from wyoming_cosyvoice.engines.cosyvoice.streaming import MelStretcher, SeamWaveStream, SeededRandomness
from wyoming_cosyvoice.engines.cosyvoice.vocoder import Vocoder

Floats = NDArray[np.float32]


@given(st.integers(1, 3000))
def test_the_halves_of_a_fade_sum_to_one(half: int) -> None:
    window = complementary_window(2 * half)
    np.testing.assert_allclose(window[:half] + window[half:], 1, atol=1e-12)


def test_upstreams_window_raises_the_level() -> None:
    window = hamming_window(68)
    assert (window[:34] + window[34:]).max() == pytest.approx(1.08, abs=0.01)


def test_a_fade_of_equal_chunks_changes_nothing() -> None:
    new = np.random.RandomState(0).standard_normal((3, 50)).astype(np.float32)
    np.testing.assert_allclose(fade_in(new, new[:, :20], complementary_window), new, atol=1e-6)
    shorter = new[:, :10]
    assert fade_in(shorter, new[:, :20], complementary_window).shape == shorter.shape


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=6),
    st.sampled_from([0.5, 0.77, 0.8, 1.0, 1.25, 1.9, 2.0]),
)
def test_speed_is_the_same_in_chunks(sizes: list[int], speed: float) -> None:
    frames = sum(sizes)
    ramp = np.tile(np.arange(frames, dtype=np.float32), (80, 1))
    stretcher = MelStretcher(speed)
    cuts = np.cumsum([0, *sizes])
    parts = [stretcher.push(ramp[:, a:b], last=b == frames) for a, b in itertools.pairwise(cuts)]
    joined = np.concatenate(parts, axis=1)[0]
    assert abs(len(joined) - frames / speed) <= 1
    expected = np.clip((np.arange(len(joined)) + 0.5) * speed - 0.5, 0, frames - 1)
    # upstream scales by T / int(T / speed), so an utterance in one piece differs by up to a frame at its end
    np.testing.assert_allclose(joined, expected, atol=1e-3 if len(sizes) > 1 else 1.0 * speed)


def test_one_piece_at_a_speed_is_upstreams() -> None:
    mel = np.random.RandomState(0).standard_normal((80, 37)).astype(np.float32)
    np.testing.assert_array_equal(MelStretcher(1.25).push(mel, last=True), at_speed(mel, 1.25))


@given(st.sampled_from([0.5, 0.8, 1.0, 1.25, 2.0]), st.integers(1, 30), st.integers(0, 20))
def test_a_preview_changes_nothing(speed: float, frames: int, more: int) -> None:
    mel = np.random.RandomState(frames).standard_normal((80, frames + more)).astype(np.float32)
    looked, blind = MelStretcher(speed), MelStretcher(speed)
    first = looked.push(mel[:, :frames], last=False)
    seen = looked.preview(mel[:, frames:])
    np.testing.assert_array_equal(first, blind.push(mel[:, :frames], last=False))
    if more:
        np.testing.assert_array_equal(seen, blind.push(mel[:, frames:], last=True))
        np.testing.assert_array_equal(seen, looked.push(mel[:, frames:], last=True))
    else:
        assert seen.shape == (80, 0)


class Silent:
    """A vocoder without excitation, so that its samples depend on the mel alone."""

    def __init__(self, vocoder: Vocoder) -> None:
        self._vocoder = vocoder

    def f0(self, mel: Floats, **_: object) -> Floats:
        return np.zeros(mel.shape[1], np.float32)

    def source(self, f0: Floats, *_: object) -> Floats:
        return np.zeros(256 * len(f0), np.float32)

    def wave(self, mel: Floats, source: Floats, **_: object) -> Floats:
        return self._vocoder.wave(mel, source)


def in_pieces(vocoder: Silent, mel: Floats, cuts: list[int], guess: Callable[[Floats], Floats]) -> list[Floats]:
    """Return the samples of each piece of a mel, where what comes next is guessed."""
    waves, edges = SeamWaveStream(cast("Vocoder", vocoder), SeededRandomness(0)), [0, *cuts, mel.shape[1]]
    return [waves.push(mel[:, a:b], guess(mel[:, b : b + 34])) for a, b in itertools.pairwise(edges)]


@pytest.fixture(scope="module")
def silent(tiny_bundle: Path) -> Silent:
    return Silent(load(tiny_bundle).vocoder)


@pytest.mark.parametrize("cuts", [[40], [25, 60], [43, 53, 90], [7, 12, 13, 100]])
def test_pieces_are_the_whole_where_what_comes_next_is_known(silent: Silent, cuts: list[int]) -> None:
    mel = np.random.RandomState(1).normal(-4, 2, (80, 130)).astype(np.float32)
    pieces = in_pieces(silent, mel, cuts, lambda ahead: ahead)
    assert [len(piece) for piece in pieces] == [256 * (b - a) for a, b in itertools.pairwise([0, *cuts, 130])]
    whole = silent.wave(mel, silent.source(np.zeros(130, np.float32)))
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-4)


def test_what_is_guessed_wrong_is_heard_at_the_seam_only(silent: Silent) -> None:
    mel = np.random.RandomState(2).normal(-4, 2, (80, 130)).astype(np.float32)
    whole = silent.wave(mel, silent.source(np.zeros(130, np.float32)))
    made = np.concatenate(in_pieces(silent, mel, [60], lambda ahead: ahead + 1))
    wrong = np.flatnonzero(np.abs(made - whole) > 1e-4) / 256
    assert 60 - 15 < wrong.min() < 60 < wrong.max() < 60 + 5
    # no step: the first sample behind the seam is still what it was guessed to be
    step, steps = abs(made[60 * 256] - made[60 * 256 - 1]), np.abs(np.diff(whole[60 * 256 - 500 : 60 * 256 + 500]))
    assert step <= steps.max()


def test_noise_is_a_function_of_the_seed_and_the_place() -> None:
    whole = SeededRandomness(5).flow(30)
    parts = SeededRandomness(5)
    parts.source(3)
    np.testing.assert_array_equal(np.concatenate([parts.flow(10), parts.flow(20)], axis=1), whole)
    assert not np.array_equal(SeededRandomness(6).flow(30), whole)
    phase, noise = SeededRandomness(2**40 + 1).source(4)
    assert phase.shape == (9,)
    assert noise.shape == (9, 1024)


def test_chunks_grow() -> None:
    assert [EARLY.hop(chunk) for chunk in range(10)] == [50, 62, 78, 98, *[122] * 6]
    assert EARLY.ready(0, 70) == 50
    assert EARLY.ready(0, 69) == 0
    assert EARLY.ready(1, 69) == 0
    assert [SWIFT.hop(chunk) for chunk in range(10)] == [25, 31, 39, 49, 61, 76, 95, *[122] * 3]
    assert UPSTREAM.ready(7, 120) == 100
    assert WHOLE.ready(0, 10_000) == 0


def test_a_short_rest_is_not_made_a_chunk_of_its_own() -> None:
    assert EARLY.ready(1, 82, expected=102) == 62
    assert EARLY.ready(1, 82, expected=101) == 0
    assert EARLY.hop(1, expected=101) is None
    # the text was longer than expected: the cut is where it always is
    assert EARLY.ready(1, 121, expected=101) == 0
    assert EARLY.ready(1, 122, expected=101) == 62


@given(st.integers(1, 700), st.integers(0, 700))
def test_how_an_utterance_is_cut_does_not_depend_on_when_it_is_looked_at(tokens: int, expected: int) -> None:
    def cuts(looks: range) -> list[int]:
        done, made = 0, list[int]()
        for drawn in (*looks, tokens):
            while hop := EARLY.ready(len(made), drawn - done, expected - done):
                made.append(hop)
                done += hop
        return made

    assert cuts(range(tokens)) == cuts(range(0, tokens, 37)) == cuts(range(0))

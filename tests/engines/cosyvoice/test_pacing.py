"""The first sound is held back just as long as it must."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.engines.cosyvoice.chunking import EARLY
from wyoming_cosyvoice.engines.cosyvoice.pacing import HoldBack, Pace, Progress

IDS, TOKENS = 60, 300


def perform(factor: float, pace: Pace) -> list[tuple[float, float]]:
    """Make 300 tokens on a machine of that real-time factor; return when how many seconds came out."""
    now = 0.0
    hold = HoldBack(pace, EARLY, IDS)
    heard = []
    done = chunk = 0
    while done < TOKENS:
        hop = EARLY.hop(chunk) or 0
        last = TOKENS - done < hop + 20
        size = TOKENS - done if last else hop
        done, chunk = done + size, chunk + 1
        now = factor * done / 50
        block = np.zeros(int(size / 50 * 22050), np.float32)
        progress = Progress(now, min(done + 20, TOKENS), min(done + 20, TOKENS), ended=last)
        heard += [(now, out.size / 22050) for out in hold.pass_on(block, progress)]
    return heard


def stalls(heard: list[tuple[float, float]]) -> float:
    """Return how many seconds a player would have to wait once it has begun."""
    waited, until = 0.0, heard[0][0]
    for moment, seconds in heard:
        waited += max(moment - until, 0)
        until = max(until, moment) + seconds
    return waited


@given(st.floats(0.05, 6))
def test_a_machine_of_steady_speed_never_stalls(factor: float) -> None:
    pace = Pace()
    for _ in range(4):
        heard = perform(factor, pace)
    assert stalls(heard) < 0.02


def test_a_fast_machine_plays_at_once() -> None:
    pace = Pace()
    heard = perform(0.3, pace)
    assert heard[0][0] == 0.3 * (EARLY.hop(0) or 0) / 50
    assert len(heard) >= 3


def test_a_slow_machine_waits_but_does_not_wait_for_the_end() -> None:
    pace = Pace()
    perform(1.3, pace)
    heard = perform(1.3, pace)
    assert 0.3 * 6 < heard[0][0] <= 1.3 * 6
    assert stalls(heard) == 0


def test_everything_comes_out_in_the_end() -> None:
    for factor in (0.1, 1.0, 5.0):
        assert abs(sum(seconds for _, seconds in perform(factor, Pace())) - TOKENS / 50) < 0.001


def test_the_pace_follows_the_machine() -> None:
    pace = Pace()
    pace.learn(2.0, 100, 100, 20)
    assert pace.real_time_factor == 1.0
    for _ in range(30):
        pace.learn(0.5, 100, 100, 25)
    assert abs(pace.real_time_factor - 0.25) < 0.01
    assert abs(pace.tokens_an_id - 4) < 0.01

"""The first sound is held back just as long as it must."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.engines.cosyvoice.chunking import EARLY
from wyoming_cosyvoice.engines.cosyvoice.pacing import HoldBack, Pace, Progress
from wyoming_cosyvoice.engines.cosyvoice.streaming import OVERLAP_TOKENS

IDS, TOKENS = 60, 300


@dataclass(frozen=True)
class Machine:
    """Draws a token in `draw` seconds, or in `slower` times that while others sound; one sounds in `sound` seconds."""

    draw: float
    sound: float
    slower: float = 1.0

    def perform(self, pace: Pace, *, alone: bool = True, before_it: float = 0.0) -> list[tuple[float, float]]:
        """Make 300 tokens; return when how many seconds came out. Looks at what is held every 20 ms."""
        now = 0.0
        hold = HoldBack(pace, EARLY, IDS)
        heard: list[tuple[float, float]] = []
        done = chunk = 0
        drawn = 0.0
        while done < TOKENS:
            hop = EARLY.hop(chunk, TOKENS - done)
            size = TOKENS - done if hop is None else hop
            end = min(done + size + OVERLAP_TOKENS, TOKENS)
            seconds = (end - done) * self.sound
            before, begun = now, now + max(end - drawn, 0) * self.draw
            made, drawn_before = begun + seconds, max(drawn, end)
            drawn = min(drawn_before + seconds / (self.draw * self.slower), TOKENS)
            while (now := now + 0.02) < made:
                heard += [(now, block.size / 22050) for block in hold.due(now)]
            now, chunk = made, chunk + 1
            progress = Progress(
                drawn=int(drawn),
                drawn_before=int(drawn_before),
                seconds=begun,
                all_drawn=drawn == TOKENS,
                done=done + size,
                sounded=end - done,
                sound_seconds=seconds,
                piece_seconds=made - before,
                alone=alone,
                before_it=before_it,
                ended=end == TOKENS and hop is None,
            )
            done += size
            block = np.zeros(int(size / 50 * 22050), np.float32)
            heard += [(now, out.size / 22050) for out in hold.pass_on(block, progress, now)]
        return heard


def stalls(heard: list[tuple[float, float]]) -> float:
    """Return how many seconds a player would have to wait once it has begun."""
    waited, until = 0.0, heard[0][0]
    for moment, seconds in heard:
        waited += max(moment - until, 0)
        until = max(until, moment) + seconds
    return waited


@given(st.floats(0.0005, 0.05), st.floats(0.0005, 0.05), st.sampled_from([1.0, 1.5, 3.0, math.inf]))
def test_a_machine_of_steady_speed_never_stalls(draw: float, sound: float, slower: float) -> None:
    pace = Pace()
    for _ in range(3):
        assert stalls(Machine(draw, sound, slower).perform(pace)) < 0.02


def test_what_is_drawn_while_nothing_sounds_is_not_taken_to_be_slow() -> None:
    # the first 50 tokens play for 1 s. 113 are drawn by then, 132 have to be for the next 62, which sound in 0.78 s.
    # At the 9 ms in which a token was drawn until then, mostly while others sounded, the first would be held back
    pace = Pace()
    machine = Machine(0.005, 0.0094, slower=3)
    machine.perform(pace)
    heard = machine.perform(pace)
    assert heard[0][0] == pytest.approx(70 * (0.005 + 0.0094))
    assert stalls(heard) == 0


def test_a_fast_machine_plays_at_once() -> None:
    pace = Pace()
    machine = Machine(0.004, 0.003)
    machine.perform(pace)
    heard = machine.perform(pace)
    first = (EARLY.hop(0) or 0) + OVERLAP_TOKENS
    assert heard[0][0] == pytest.approx(first * (0.004 + 0.003))
    assert len(heard) >= 3


def test_the_first_sound_leaves_between_two_pieces_when_its_time_has_come() -> None:
    pace = Pace()
    machine = Machine(0.01, 0.012)
    machine.perform(pace)
    heard = machine.perform(pace)
    assert stalls(heard) == 0
    # the second piece comes 82 x 12 ms after the first, of which 50 x 20 ms can be played: just not enough
    made = 70 * (0.01 + 0.012)
    assert made < heard[0][0] < made + 82 * 0.012


def test_a_slow_machine_waits_but_does_not_wait_for_the_end() -> None:
    pace = Pace()
    machine = Machine(0.02, 0.02)
    machine.perform(pace)
    heard = machine.perform(pace)
    assert 0.3 * 6 < heard[0][0] < heard[-1][0] - 1
    assert stalls(heard) == 0


def test_it_reckons_with_the_cuts_that_will_be_made() -> None:
    pace = Pace()
    pace.sound_seconds, pace.tokens_an_id = 0.01, 4.5
    # 31 ids usually become 155 tokens, so the second piece has 62, though 140 are expected by now: it waits for 132 to
    # be drawn and 82 to sound, of which a second plays meanwhile. In one piece with the rest it would be 0.83 s.
    hold = HoldBack(pace, EARLY, 31)
    progress = Progress(
        drawn=70,
        drawn_before=70,
        seconds=0.7,
        all_drawn=False,
        done=50,
        sounded=70,
        sound_seconds=0.7,
        piece_seconds=1.4,
    )
    assert not hold.pass_on(np.zeros(22050, np.float32), progress, 0.0)
    assert not hold.due(1.15 * (62 + 82) * 0.01 - 1 - 0.001)
    assert hold.due(1.15 * (62 + 82) * 0.01 - 1 + 0.001)


def test_what_older_ones_lack_comes_first() -> None:
    pace = Pace()
    machine = Machine(0.01, 0.006)
    machine.perform(pace)
    at_once, later = machine.perform(pace), machine.perform(pace, before_it=4.0)
    assert later[0][0] > at_once[0][0] + 0.5


def test_among_others_it_reckons_with_waiting_for_them() -> None:
    pace = Pace()
    machine = Machine(0.01, 0.006)
    machine.perform(pace)
    alone, among_others = machine.perform(pace), machine.perform(pace, alone=False)
    assert among_others[0][0] > alone[0][0]
    assert stalls(among_others) == 0


def test_everything_comes_out_in_the_end() -> None:
    for seconds in (0.001, 0.02, 0.1):
        heard = Machine(seconds, seconds).perform(Pace())
        assert abs(sum(seconds for _, seconds in heard) - TOKENS / 50) < 0.001


def test_the_pace_follows_the_machine() -> None:
    pace = Pace()
    pace.learn_sound(2.0, 100)
    assert pace.sound_seconds == 0.02
    for _ in range(30):
        pace.learn_sound(0.5, 100)
        pace.learn_length(100, 25)
    assert abs(pace.sound_seconds - 0.005) < 0.001
    assert abs(pace.tokens_an_id - 4) < 0.01


def test_a_machine_is_swift_by_what_it_does_alone() -> None:
    pace = Pace()
    assert not pace.swift
    for alone, swift in ((True, True), (False, True), (True, False)):
        # 0.2 s for a second of sound, then 0.6 s among others, then alone
        seconds = 0.2 if alone and swift else 0.6
        HoldBack(pace, EARLY, IDS).pass_on(
            np.zeros(10, np.float32),
            Progress(
                70, 70, 1.0, all_drawn=False, done=50, sounded=50, sound_seconds=seconds, piece_seconds=1, alone=alone
            ),
            0.0,
        )
        assert pace.swift is swift

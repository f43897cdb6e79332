"""The sampler against its definition and against frozen rows."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.engines.cosyvoice.guard import RunawayGuard
from wyoming_cosyvoice.engines.cosyvoice.sampling import Sampler

GOLDEN = json.loads((Path(__file__).parents[2] / "data" / "cosyvoice_sampler.json").read_text("utf-8"))


@pytest.mark.parametrize("index", range(len(GOLDEN["rows"])))
def test_tokens_equal_the_frozen_rows(index: int) -> None:
    row = GOLDEN["rows"][index]
    uniforms = np.random.RandomState(GOLDEN["uniform_seed"]).random_sample((len(GOLDEN["rows"]), 2))
    logits = np.random.RandomState(7000 + index).standard_normal(GOLDEN["V"]) * row["scale"]
    logits = logits.astype(np.float32)
    if row["eos_boost"]:
        logits[-1] = logits.max() + np.float32(2)
    u1, u2 = uniforms[index]
    assert Sampler().draw(logits, row["past"], u1, u2, not row["ignore_eos"]) == row["token"]


def test_the_end_is_never_drawn_while_it_is_forbidden() -> None:
    logits = np.zeros(50, np.float32)
    logits[-1] = 30
    assert Sampler().draw(logits, [], 0.5, 0.5, allow_end=True) == 49
    drawn = {Sampler().draw(logits, [], u, u, allow_end=False) for u in np.linspace(0, 0.999, 40)}
    assert 49 not in drawn
    assert len(drawn) > 5


@given(st.lists(st.floats(-20, 20, width=32), min_size=12, max_size=60), st.floats(0, 0.999), st.floats(0, 0.999))
def test_a_token_of_the_window_is_not_said_again(values: list[float], u1: float, u2: float) -> None:
    logits = np.array(values, np.float32)
    first = Sampler().draw(logits, [], u1, u2, allow_end=True)
    assert Sampler().draw(logits, [first] + [999] * 9, u1, u2, allow_end=True) != first
    assert Sampler().draw(logits, [first] + [999] * 10, u1, u2, allow_end=True) == first


def test_ties_go_to_the_lower_id() -> None:
    assert Sampler(top_k=1).draw(np.zeros(30, np.float32), [], 0.9, 0.9, allow_end=True) == 0


def test_the_guard_hears_a_stuck_model_and_lets_speech_pass() -> None:
    guard = RunawayGuard()
    speech = np.random.RandomState(1).randint(0, 4096, 500).tolist()
    assert not guard.stuck(speech)
    assert not guard.stuck([7] * 99)
    assert guard.stuck(speech + [7, 8, 9] * 34)

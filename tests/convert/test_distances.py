"""How the logits of a smaller form are judged."""

import numpy as np

from wyoming_cosyvoice.convert.distances import compare_logits


def test_equal_logits_are_at_no_distance() -> None:
    logits = np.random.RandomState(0).standard_normal((20, 50)).astype(np.float32)
    figures = compare_logits(logits, logits)
    assert figures["same_first_choice"] == figures["same_where_clear"] == figures["clear"] == 1
    assert abs(figures["kullback_leibler"]) < 1e-9
    assert abs(figures["cosine"] - 1) < 1e-6


def test_a_near_tie_that_turns_is_not_held_against_a_form() -> None:
    random = np.random.RandomState(1)
    reference = random.standard_normal((100, 50)).astype(np.float32)
    reference[:50, 0], reference[:50, 1] = 8, 8.01
    reference[50:, 0] = 20
    figures = compare_logits(reference + random.standard_normal((100, 50)).astype(np.float32), reference)
    assert figures["clear"] == 0.5
    assert figures["same_where_clear"] == 1
    assert 0.6 < figures["same_first_choice"] < 0.9


def test_a_clear_choice_that_is_lost_counts() -> None:
    reference = np.zeros((10, 50), np.float32)
    reference[:, 3] = 10
    logits = reference.copy()
    logits[0, 3], logits[0, 4] = 0, 10
    figures = compare_logits(logits, reference)
    assert figures["clear"] == 1
    assert figures["same_where_clear"] == figures["same_first_choice"] == 0.9

"""Presets of the flow."""

import numpy as np
import pytest

from wyoming_cosyvoice.engines.cosyvoice import CosyVoice
from wyoming_cosyvoice.engines.cosyvoice.schedule import QUALITIES, cosine_times, euler

from .conftest import Golden


def test_times_are_upstreams(golden: Golden) -> None:
    np.testing.assert_allclose(cosine_times(10)[:-1], golden["flow/t30/t"], rtol=0, atol=1e-7)


def test_presets_cost_what_they_promise() -> None:
    assert {name: plan.evaluations for name, plan in QUALITIES.items()} == {"high": 20, "balanced": 10, "fast": 7}
    assert all(plan.guided[0] for plan in QUALITIES.values())


def test_the_coarse_schedule_is_every_other_time_of_upstreams() -> None:
    np.testing.assert_allclose(cosine_times(5), cosine_times(10)[::2], atol=1e-6)


@pytest.mark.parametrize(("quality", "bound"), [("high", 0.0), ("balanced", 0.2), ("fast", 0.3)])
def test_presets_stay_near_upstreams_mel(model: CosyVoice, golden: Golden, quality: str, bound: float) -> None:
    tokens = golden["flow/t60/tokens"].tolist()
    mu, speaker, cond = model.flow.encode(tokens, golden["flow/t60/embedding"][0])
    noise = np.random.RandomState(4).standard_normal((80, len(mu))).astype(np.float32)
    exact = model.flow.solve(mu, speaker, noise, cond)
    mel = model.flow.solve(mu, speaker, noise, cond, plan=QUALITIES[quality])
    # relative to the spread of the mel; random weights, see docs
    assert np.abs(mel - exact).mean() <= bound * exact.std()


def test_guidance_that_is_renewed_everywhere_is_plain_guidance(model: CosyVoice, golden: Golden) -> None:
    mu, speaker, cond = model.flow.encode(golden["flow/t30/tokens"].tolist(), golden["flow/t30/embedding"][0])
    noise = np.random.RandomState(4).standard_normal((80, len(mu))).astype(np.float32)
    np.testing.assert_array_equal(
        model.flow.solve(mu, speaker, noise, cond, steps=3),
        model.flow.solve(mu, speaker, noise, cond, plan=euler(3)),
    )

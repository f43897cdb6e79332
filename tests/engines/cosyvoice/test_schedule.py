"""Presets of the flow."""

from typing import Any

import numpy as np
import pytest

from wyoming_cosyvoice.engines.cosyvoice import CosyVoice
from wyoming_cosyvoice.engines.cosyvoice.schedule import QUALITIES, FlowPlan, cosine_times, euler, some_of_upstreams
from wyoming_cosyvoice.engines.cosyvoice.sessions import never

from .conftest import Golden


def test_times_are_upstreams(golden: Golden) -> None:
    np.testing.assert_allclose(cosine_times(10)[:-1], golden["flow/t30/t"], rtol=0, atol=1e-7)


def test_presets_cost_what_they_promise() -> None:
    assert {name: plan.evaluations for name, plan in QUALITIES.items()} == {"high": 20, "balanced": 9, "fast": 6}


@pytest.mark.parametrize("plan", [*QUALITIES.values(), euler(1), euler(7)])
def test_every_plan_goes_from_noise_to_the_end(plan: FlowPlan) -> None:
    assert plan.steps == len(plan.times) - 1
    assert plan.times[0] == 0
    assert plan.times[-1] == pytest.approx(1, abs=1e-6)
    assert np.all(np.diff(plan.times) > 0)


def test_the_coarse_schedule_is_every_other_time_of_upstreams() -> None:
    np.testing.assert_allclose(cosine_times(5), cosine_times(10)[::2], atol=1e-6)
    np.testing.assert_allclose(euler(5).times, some_of_upstreams(0, 2, 4, 6, 8).times, atol=1e-6)
    assert some_of_upstreams(*range(10)) == euler(10)


@pytest.mark.parametrize(("quality", "bound"), [("high", 0.0), ("balanced", 0.2), ("fast", 0.3)])
def test_presets_stay_near_upstreams_mel(model: CosyVoice, golden: Golden, quality: str, bound: float) -> None:
    tokens = golden["flow/t60/tokens"].tolist()
    mu, speaker, cond = model.flow.encode(tokens, golden["flow/t60/embedding"][0])
    noise = np.random.RandomState(4).standard_normal((80, len(mu))).astype(np.float32)
    exact = model.flow.solve(mu, speaker, noise, cond)
    mel = model.flow.solve(mu, speaker, noise, cond, plan=QUALITIES[quality])
    # relative to the spread of the mel; random weights, see docs
    assert np.abs(mel - exact).mean() <= bound * exact.std()


def test_a_plan_is_euler_with_guidance_between_its_times(model: CosyVoice, golden: Golden) -> None:
    mu, speaker, cond = model.flow.encode(golden["flow/t30/tokens"].tolist(), golden["flow/t30/embedding"][0])
    noise = np.random.RandomState(4).standard_normal((80, len(mu))).astype(np.float32)
    plan = some_of_upstreams(0, 3, 6, unguided={3})
    assert (plan.guided, plan.evaluations) == ((True, False, True), 5)
    x, times = noise.T, plan.times
    for k in range(3):
        (row,) = model.flow._time.run(["time"], {"t": np.array([times[k]])})
        both = {
            "mu": np.stack([mu, 0 * mu]),
            "speaker": np.stack([speaker, 0 * speaker]),
            "cond": np.stack([cond.T] * 2),
        }
        velocity = model.flow._estimator(both | {"x": np.stack([x, x]), "time": row}, never)
        if k != 1:
            difference = velocity[0] - velocity[1]
        x = x + (times[k + 1] - times[k]) * (velocity[0] + np.float32(0.7) * difference)
    np.testing.assert_allclose(model.flow.solve(mu, speaker, noise, cond, plan=plan), x.T, atol=1e-4)


def test_a_step_without_guidance_runs_one_row(
    model: CosyVoice, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[int] = []
    each = model.crew.each

    def counted(run: Any, feeds: Any, *turn: Any) -> Any:
        rows.append(len(feeds))
        return each(run, feeds, *turn)

    mu, speaker, cond = model.flow.encode(golden["flow/t30/tokens"].tolist(), golden["flow/t30/embedding"][0])
    monkeypatch.setattr(model.crew, "each", counted)
    for plan in QUALITIES.values():
        rows.clear()
        model.flow.solve(mu, speaker, np.zeros((80, len(mu)), np.float32), cond, plan=plan)
        assert rows == [2 if guided else 1 for guided in plan.guided]
        assert sum(rows) == plan.evaluations


@pytest.mark.parametrize("guided", [(True,), (False, True), (True, True, True)])
def test_a_plan_that_can_not_be_guided_so_is_refused(guided: tuple[bool, ...]) -> None:
    with pytest.raises(ValueError, match="2 steps can't be guided"):
        FlowPlan(euler(2).times, guided)

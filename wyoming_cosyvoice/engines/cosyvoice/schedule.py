"""At which times of the ODE the velocity is evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FlowPlan:
    """Euler steps between `times`, which go from 0 to 1.

    A step evaluates the conditioned velocity and, where it is one of the `guided`, the free one. The others take what
    guidance adds from the guided step before; so step 0 is guided.
    """

    times: tuple[np.float32, ...]
    guided: tuple[bool, ...]

    def __post_init__(self) -> None:
        """Raise ValueError unless each step says whether it is guided, and the first one is."""
        if len(self.guided) != self.steps or not self.guided[0]:
            raise ValueError(f"{self.steps} steps can't be guided as {self.guided} says")

    @property
    def steps(self) -> int:
        """Number of Euler steps."""
        return len(self.times) - 1

    @property
    def evaluations(self) -> int:
        """Rows that the estimator evaluates; upstream's 10 steps are 20."""
        return self.steps + sum(self.guided)


def cosine_times(steps: int) -> NDArray[np.float32]:
    """Return `steps` + 1 times from 0 to 1, dense at the start, as upstream reaches them.

    A time is the one before plus a float32 step, so rounding accumulates (spec section 7).
    """
    even = np.linspace(0, 1, steps + 1, dtype=np.float32)
    wanted = (1 - np.cos(even * np.float32(0.5) * np.float32(np.pi))).astype(np.float32)
    times = [wanted[0]]
    for target in wanted[1:]:
        times.append(np.float32(times[-1] + np.float32(target - times[-1])))
    return np.array(times, np.float32)


def euler(steps: int) -> FlowPlan:
    """Return so many steps on the cosine schedule, as upstream does with 10."""
    return FlowPlan(tuple(cosine_times(steps)), (True,) * steps)


def some_of_upstreams(*steps: int, unguided: Collection[int] = ()) -> FlowPlan:
    """Return a plan that evaluates only these of upstream's 10 steps (0 to 9, with 0), each for all up to the next.

    Those that are `unguided` too keep the guidance of the step before.
    """
    times = cosine_times(10)[[*steps, 10]]
    return FlowPlan(tuple(times), tuple(step not in unguided for step in steps))


QUALITIES: Mapping[str, FlowPlan] = {
    "high": euler(10),
    "balanced": some_of_upstreams(0, 2, 4, 6, 8, unguided={2}),
    "fast": some_of_upstreams(0, 5, 7),
}
"""What `--quality` chooses; `script/bench flow` prints how far each lies from `high`. `balanced` is every other step of
upstream's, so it stays dense at the start, where trained flows are known to bear the fewest cuts (EPSS, arXiv
2505.19931). Guidance adds the difference of two expectations of the mel, with and without its tokens. At first `x` is
noise and says nothing of the mel, so both change little: step 2, at time 0.05, keeps the guidance of step 0. `fast` is
what a search on random weights found nearest (docs/engine.md)."""

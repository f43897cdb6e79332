"""At which times of the ODE the velocity is evaluated, and where guidance is renewed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FlowPlan:
    """Euler steps between `times`, which go from 0 to 1.

    `guided` has a flag a step: where it is False only the conditioned row is evaluated, and guidance takes the
    difference of the two rows from the last step that had both. The first step has both.
    """

    times: tuple[np.float32, ...]
    guided: tuple[bool, ...]

    @property
    def steps(self) -> int:
        """Number of Euler steps."""
        return len(self.guided)

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
    """Return so many steps, all guided, as upstream does with 10."""
    return FlowPlan(tuple(cosine_times(steps)), (True,) * steps)


QUALITIES: Mapping[str, FlowPlan] = {
    "high": euler(10),
    "balanced": euler(5),
    "fast": FlowPlan(tuple(cosine_times(4)), (True, False, True, True)),
}
"""What `--quality` chooses; `script/bench flow` prints how far each lies from `high`."""

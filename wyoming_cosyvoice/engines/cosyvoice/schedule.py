"""At which times of the ODE the velocity is evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


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

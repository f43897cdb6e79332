"""What calibration found out about the generator's convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SiteScale:
    """What calibration found at one site: `[C]` largest snake output, `[O]` lowest and highest convolution output."""

    amplitude: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]

    @property
    def input_step(self) -> NDArray[np.float32]:
        """Quantisation step of each input channel `[C]`: symmetric around 0, which the padding needs."""
        return np.maximum(self.amplitude.astype(np.float64) / 127, 1e-6).astype(np.float32)


def read_scales(path: Path) -> dict[str, SiteScale]:
    """Read calibration.npz: `block:convolution:what` is a float16 array for each site."""
    with np.load(path, allow_pickle=False) as file:
        names = sorted({name.rpartition(":")[0] for name in file})
        return {
            name.replace(":", "/"): SiteScale(
                *(file[f"{name}:{kind}"].astype(np.float32) for kind in ("amplitude", "low", "high"))
            )
            for name in names
        }

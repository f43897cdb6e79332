"""What calibration found out about the generator's convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    """Read calibration.npz by site; its arrays are in float16."""
    return {
        site: SiteScale(**{kind: array.astype(np.float32) for kind, array in arrays.items()})
        for site, arrays in read_by_site(path).items()
    }


def read_by_site(path: Path) -> dict[str, dict[str, NDArray[Any]]]:
    """Read a file of arrays named `block:convolution:what`, by site and what they are."""
    found: dict[str, dict[str, NDArray[Any]]] = {}
    with np.load(path, allow_pickle=False) as file:
        for name in sorted(file):
            site, _, kind = name.rpartition(":")
            found.setdefault(site.replace(":", "/"), {})[kind] = file[name]
    return found

"""Fewer hidden channels in the generator's blocks of the source.

What they make of nine harmonics needs half of them. Which ones stay, and the second convolution of each pair fitted
anew to them, comes with the program (`script/rebuild/slim.py`); the first one's rows stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.engines.kokoro.scales import read_by_site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.kokoro.scales import SiteScale
    from wyoming_cosyvoice.engines.kokoro.sites import Site


@dataclass(frozen=True, slots=True)
class SlimPair:
    """The hidden `channels` `[H]` that a pair keeps, and its second convolution: `weight` `[O, H, K]`, `bias` `[O]`."""

    channels: NDArray[np.int64]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


def read_pairs(path: Path) -> dict[str, SlimPair]:
    """Read slim.npz by the second site's name; the weights are bytes with a step an output."""
    return {
        site: SlimPair(
            arrays["channels"].astype(np.int64), arrays["weight"] * arrays["step"][:, None, None], arrays["bias"]
        )
        for site, arrays in read_by_site(path).items()
    }


def slim(
    sites: Sequence[Site], scales: Mapping[str, SiteScale], pairs: Mapping[str, SlimPair]
) -> tuple[list[Site], dict[str, SiteScale]]:
    """Return the sites and their scales, those of the pairs with the channels that they keep."""
    firsts = {site.source: pairs[site.name] for site in sites if site.name in pairs}
    slender, measured = [], dict(scales)
    for site in sites:
        scale = scales[site.name]
        if site.output in firsts:
            kept = firsts[site.output].channels
            slender.append(replace(site, weight=site.weight[kept], bias=site.bias[kept]))
            measured[site.name] = replace(scale, low=scale.low[kept], high=scale.high[kept])
        elif site.name in pairs:
            pair = pairs[site.name]
            kept = pair.channels
            slender.append(replace(site, weight=pair.weight, bias=pair.bias, alpha=site.alpha[kept], channels=kept))
            measured[site.name] = replace(scale, amplitude=scale.amplitude[kept])
        else:
            slender.append(site)
    return slender, measured

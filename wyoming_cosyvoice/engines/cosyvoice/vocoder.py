"""HiFT: mel to samples, with a sinusoidal source that follows F0 (spec section 9)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.engines.cosyvoice.crew import UNHURRIED
from wyoming_cosyvoice.engines.cosyvoice.lengths import HOP
from wyoming_cosyvoice.engines.cosyvoice.sessions import run_graph
from wyoming_cosyvoice.engines.cosyvoice.source import HARMONICS, SourceSignal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import onnxruntime as ort
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice.crew import Crew, Run, Turn

    Floats = NDArray[np.float32]

_A_FRAME = {"mel": 1, "frames": 8, "source": HOP, "wave": HOP}
"""Values of each tensor that belong to one mel frame."""
_SHORTEST = 24
"""Frames of a block: of shorter ones most of the work is for what they overlap."""


@dataclass(frozen=True, slots=True)
class BlockGraph:
    """A graph that is run on overlapping blocks of an utterance, with one thread each.

    A value of `output` depends on `reach` mel frames on either side, rounded up. Blocks of more than `longest` frames
    would fall out of the processor's caches, or take too much memory.
    """

    run: Run[Floats]
    inputs: tuple[str, ...]
    output: str
    reach: int
    longest: int


def wave_graphs(open_graph: Callable[[str], ort.InferenceSession], names: Collection[str]) -> tuple[BlockGraph, ...]:
    """Return the graphs that make a wave, one after the other: two halves, or the whole where a bundle lacks them."""
    if "vocoder_fine" not in names:
        run = partial(run_graph, open_graph("vocoder"), "wave")
        return (BlockGraph(run, ("mel", "source"), "wave", reach=15, longest=96),)
    coarse, fine = open_graph("vocoder_coarse"), open_graph("vocoder_fine")
    return wave_halves(partial(run_graph, coarse, "frames"), partial(run_graph, fine, "wave"))


def wave_halves(coarse: Run[Floats], fine: Run[Floats]) -> tuple[BlockGraph, ...]:
    """Return the two halves: mel and source to eight frames each, these and source to the wave."""
    return (
        BlockGraph(coarse, ("mel", "source"), "frames", reach=14, longest=256),
        BlockGraph(fine, ("frames", "source"), "wave", reach=3, longest=64),
    )


class Vocoder:
    """F0, source and wave. T mel frames become 256 T samples in [-0.99, 0.99]."""

    def __init__(
        self, f0: ort.InferenceSession, wave: Sequence[BlockGraph], tables: Mapping[str, Floats], crew: Crew
    ) -> None:
        """Take the graphs and the threads to run the blocks of `wave` on."""
        self._f0 = f0
        self._wave = wave
        self._crew = crew
        self._source = SourceSignal(tables["source_weight"].reshape(-1), float(tables["source_bias"].reshape(-1)[0]))

    def f0(self, mel: Floats, *, turn: Turn = UNHURRIED) -> Floats:
        """Return F0 [T] in hertz of `mel` [80, T]."""
        result: Floats = self._crew.run(self._f0, "f0", [{"mel": mel[None]}], turn)[0][0]
        return result

    def source(self, f0: Floats, phase: Floats, noise: Floats) -> Floats:
        """Return the source [256 T] for `f0` [T], `phase` [9] in radians and standard normal `noise` [9, 256 T]."""
        return self._source(f0, phase, noise)

    def wave(self, mel: Floats, source: Floats, *, turn: Turn = UNHURRIED) -> Floats:
        """Return the samples [256 T] of `mel` [80, T] and `source` [256 T].

        Raises CancelledError soon after `turn` was cancelled.
        """
        values = {"mel": mel[None], "source": source[None]}
        for graph in self._wave:
            values[graph.output] = self._in_blocks(graph, values, mel.shape[1], turn)
        wave: Floats = values["wave"][0]
        return wave

    def _in_blocks(self, graph: BlockGraph, values: Mapping[str, Floats], frames: int, turn: Turn) -> Floats:
        edges = block_edges(frames, self._crew.threads, graph.longest)
        starts = [max(edge - graph.reach, 0) for edge in edges[:-1]]
        inputs = {name: _A_FRAME[name] for name in graph.inputs}
        feeds = [
            {name: values[name][..., count * start : count * (edge + graph.reach)] for name, count in inputs.items()}
            for start, edge in zip(starts, edges[1:], strict=True)
        ]
        outputs = self._crew.each(graph.run, feeds, turn)
        count = _A_FRAME[graph.output]
        kept = [
            output[..., count * (first - start) : count * (last - start)]
            for output, start, first, last in zip(outputs, starts, edges[:-1], edges[1:], strict=True)
        ]
        return np.concatenate(kept, axis=-1)

    def __call__(self, mel: Floats) -> Floats:
        """Return the samples [256 T] of `mel` [80, T], with the randomness of seed 0."""
        phase, noise = source_randomness(np.random.RandomState(0), mel.shape[1])
        return self.wave(mel, self.source(self.f0(mel), phase, noise))


def block_edges(frames: int, workers: int, longest: int) -> list[int]:
    """Return where to cut `frames` into blocks of `longest` at most, as many as keep all workers busy alike."""
    rounds = -(-frames // (longest * workers))
    count = max(min(rounds * workers, frames // _SHORTEST), 1)
    return [frames * index // count for index in range(count + 1)]


def source_randomness(random: np.random.RandomState, frames: int) -> tuple[Floats, Floats]:
    """Draw the phase offsets [9] and the noise [9, 256 frames] of a source."""
    phase = (-np.pi + 2 * np.pi * random.random_sample(HARMONICS)).astype(np.float32)
    noise = random.standard_normal((HARMONICS, HOP * frames)).astype(np.float32)
    return phase, noise

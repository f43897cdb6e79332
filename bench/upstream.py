"""How much faster CosyVoice is here than upstream's PyTorch model, in turns on the same machine.

    script/bench upstream [--bundle DIR] [--checkpoint DIR] [--rounds 2] [--tokens 90,175] [--text 4x102] [--check]

Upstream is stood for by a PyTorch model that does its operations in its order (bench/upstream_model.py). Before
anything is measured it is compared with what upstream's code made of the same checkpoint of random weights
(bench/data), stage by stage; if it is off, nothing is measured. With --check that is all.

Ours is the engine as the server runs it. Both draw as many speech tokens as are asked for, from a text of as many ids
as usually make so many, so every turn does the same work. A clause goes through upstream's stages whole, the clauses of
a text one after the other; ours decodes them together and cuts them for an early first sound.

Each side has a process of its own, so neither is slowed by the other's threads: while one has its turn the other waits
for its next and uses no processor, and a second passes between two turns so that threads that still spin go to sleep.
The side that begins changes from round to round. Ours speaks a clause before it is measured (it learns its pace from
that), upstream makes the sound of one clause of each length, so that nothing is done for the first time.

Needs PyTorch, which is heavy and therefore in no group: .venv/bin/python -m pip install torch
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import multiprocessing
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.cosyvoice import WORK, full_size_bundle
from bench.cosyvoice_engine import clause_of, serve
from bench.parity import GOLDEN, Golden, Report, compare_stages
from bench.reference_weights import write_checkpoint
from bench.report import machine, table
from wyoming_cosyvoice.engines.cosyvoice import load
from wyoming_cosyvoice.engines.cosyvoice.engine import EngineSettings
from wyoming_cosyvoice.engines.cosyvoice.lengths import SAMPLE_RATE
from wyoming_cosyvoice.engines.cosyvoice.schedule import QUALITIES
from wyoming_cosyvoice.engines.cosyvoice.vocoder import source_randomness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wyoming_cosyvoice.engines.cosyvoice import CosyVoice

PAUSE = 1.0
SIDES = ("upstream", "ours")
SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Work:
    """So many clauses of so many speech tokens, each from the same text ids."""

    clauses: int
    tokens: int
    ids: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{'clause' if self.clauses == 1 else f'text, {self.clauses} clauses'} of {self.tokens} tokens"


@dataclass(frozen=True)
class Turn:
    """What one side took: seconds in all, to the first sound and a stage, for so many seconds of audio."""

    audio: float
    seconds: float
    first: float
    stages: dict[str, float]

    @property
    def pace(self) -> float:
        """Seconds for a second of audio."""
        return self.seconds / self.audio


class Theirs:
    """Upstream's side. Lives in a process of its own."""

    def __init__(self, checkpoint: Path, threads: int) -> None:
        from bench.upstream_model import load  # noqa: PLC0415 - only this process needs PyTorch

        self._model: Any = load(checkpoint, threads)
        self._voice = next(iter(self._model.voices.values()))
        self._stages: defaultdict[str, float] = defaultdict(float)

    def check(self, golden: Path) -> Report:
        """Compare the stages with upstream's results."""
        report = Report()
        compare_stages(self._model, Golden(golden), report)
        return report

    def rehearse(self, tokens: int) -> None:
        """Make the sound of as many tokens."""
        self._sound([7] * tokens, np.random.RandomState(0))

    def turn(self, work: Work) -> Turn:
        """Speak the clauses one after the other."""
        self._stages.clear()
        begun, ends, samples = time.perf_counter(), [], 0
        for number in range(work.clauses):
            random = np.random.RandomState(number)
            samples += len(self._sound(self._tokens(work, random), random))
            ends.append(time.perf_counter() - begun)
        return Turn(samples / SAMPLE_RATE, ends[-1], ends[0], dict(self._stages))

    def _tokens(self, work: Work, random: np.random.RandomState) -> list[int]:
        begun, model = time.perf_counter(), self._model.language_model
        tokens: list[int] = []
        logits, state = model.prefill(model.prompt(work.ids, self._voice))
        while True:
            u1, u2 = random.random_sample(2)
            tokens.append(self._model.sampler.draw(logits, tokens, u1, u2, allow_end=False))
            if len(tokens) == work.tokens:
                break
            logits = model.step(tokens[-1], state)
        self._stages["language model"] += time.perf_counter() - begun
        return tokens

    def _sound(self, tokens: Sequence[int], random: np.random.RandomState) -> Any:
        begun, flow, vocoder = time.perf_counter(), self._model.flow, self._model.vocoder
        mu, speaker, cond = flow.encode(tokens, self._voice)
        mel = flow.solve(mu, speaker, random.standard_normal(cond.shape).astype(np.float32), cond)
        middle = time.perf_counter()
        wave = vocoder.wave(mel, vocoder.source(vocoder.f0(mel), *source_randomness(random, mel.shape[1])))
        self._stages["flow"] += middle - begun
        self._stages["vocoder"] += time.perf_counter() - middle
        return wave


@cache
def _theirs(checkpoint: Path, threads: int) -> Theirs:
    return Theirs(checkpoint, threads)


@cache
def _ours(bundle: Path, threads: int) -> CosyVoice:
    return load(bundle, threads)


def check(checkpoint: Path, threads: int, golden: Path) -> Report:
    """Compare upstream's stand-in with upstream's results; in its process."""
    import torch  # noqa: PLC0415

    with torch.inference_mode():
        return _theirs(checkpoint, threads).check(golden)


def rehearse(checkpoint: Path, threads: int, tokens: int) -> None:
    """Let upstream's side make its first sound of so many tokens, in its process."""
    import torch  # noqa: PLC0415

    with torch.inference_mode():
        _theirs(checkpoint, threads).rehearse(tokens)


def their_turn(checkpoint: Path, threads: int, work: Work) -> Turn:
    """Measure upstream's side in its process."""
    import torch  # noqa: PLC0415

    with torch.inference_mode():
        return _theirs(checkpoint, threads).turn(work)


def our_ids(bundle: Path, threads: int, tokens: int) -> tuple[int, ...]:
    """Return the ids of a text that makes so many tokens."""
    model = _ours(bundle, threads)
    return tuple(model.tokenizer.encode(clause_of(model, tokens).spoken))


def our_turn(bundle: Path, threads: int, quality: str, work: Work) -> Turn:
    """Measure our side in its process."""
    took = serve(_ours(bundle, threads), work.clauses, work.tokens, EngineSettings(quality=quality), text=True)
    stages = {name.removesuffix("_seconds"): value for name, value in took.totals.items() if name.endswith("_seconds")}
    return Turn(took.audio, took.seconds, took.first, stages)


def main(argv: list[str]) -> int:
    """Check, measure in turns, print one table."""
    parser = argparse.ArgumentParser(prog="bench upstream", description=__doc__)
    parser.add_argument("--bundle", type=Path, help="ours, of the same weights (default: made of random ones, int8)")
    parser.add_argument("--checkpoint", type=Path, default=WORK / "checkpoint", help="upstream's four files")
    parser.add_argument("--golden", type=Path, default=GOLDEN, help="upstream's results of this checkpoint")
    parser.add_argument("--check", action="store_true", help="compare upstream's stand-in with them, measure nothing")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--tokens", default="90,175", help="lengths of single clauses; 410 takes minutes")
    parser.add_argument("--text", default="4x102", help="clauses of a text and the tokens of each; empty for none")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quality", choices=tuple(QUALITIES), default=EngineSettings().quality)
    arguments = parser.parse_args(argv)
    if importlib.util.find_spec("torch") is None:
        print(f"upstream's side needs PyTorch: {sys.executable} -m pip install torch", file=sys.stderr)
        return 1
    if not (arguments.checkpoint / "spk2info.pt").is_file():
        write_checkpoint(arguments.checkpoint)
    with ProcessPoolExecutor(1, SPAWN) as theirs, ProcessPoolExecutor(1, SPAWN) as ours:
        report = theirs.submit(check, arguments.checkpoint, arguments.threads, arguments.golden).result()
        print(report.table(), flush=True)
        if not all(row.passed for row in report.rows.values()):
            print("upstream's stand-in is off, so nothing is measured", file=sys.stderr)
            return 1
        if not arguments.check:
            measure(theirs, ours, arguments)
    return 0


def measure(theirs: ProcessPoolExecutor, ours: ProcessPoolExecutor, arguments: argparse.Namespace) -> None:
    """Let both sides take turns and print what they took."""
    checkpoint, threads = arguments.checkpoint, arguments.threads
    bundle = arguments.bundle or full_size_bundle("int8")
    wanted = [(1, int(tokens)) for tokens in arguments.tokens.split(",") if tokens]
    wanted += [(int(clauses), int(tokens)) for clauses, _, tokens in [arguments.text.partition("x")] if clauses]
    works = [Work(*each, ours.submit(our_ids, bundle, threads, each[1]).result()) for each in wanted]
    for work in works:
        theirs.submit(rehearse, checkpoint, threads, work.tokens).result()
    turns: dict[tuple[Work, str], list[Turn]] = {(work, side): [] for work in works for side in SIDES}
    for number in range(arguments.rounds):
        for work in works:
            for side in SIDES if number % 2 == 0 else reversed(SIDES):
                time.sleep(PAUSE)
                if side == "ours":
                    turn = ours.submit(our_turn, bundle, threads, arguments.quality, work).result()
                else:
                    turn = theirs.submit(their_turn, checkpoint, threads, work).result()
                turns[work, side].append(turn)
                stages = ", ".join(f"{name} {seconds:.2f}" for name, seconds in turn.stages.items())
                print(
                    f"{number + 1}. {work}, {side}: {turn.seconds:.2f} s for {turn.audio:.2f} s of audio ({stages})",
                    flush=True,
                )
    header = ("what", "upstream", "ours", "times as fast", "first sound s, upstream", "ours")
    rows = [_row(work, turns[work, "upstream"], turns[work, "ours"]) for work in works]
    print(f"\nSeconds for a second of audio, medians of {arguments.rounds} turns; ours is {arguments.quality}.\n")
    print(table(header, rows))
    print(f"\n({machine()}; torch {importlib.metadata.version('torch')}, {threads} threads)")


def _row(work: Work, theirs: list[Turn], ours: list[Turn]) -> list[object]:
    paces = [[turn.pace for turn in side] for side in (theirs, ours)]
    firsts = [f"{median(turn.first for turn in side):.2f}" for side in (theirs, ours)]
    spans = [f"{median(side):.2f} ({min(side):.2f} to {max(side):.2f})" for side in paces]
    return [str(work), *spans, f"{median(paces[0]) / median(paces[1]):.1f}", *firsts]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

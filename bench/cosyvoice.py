"""How fast CosyVoice speaks: real-time factor, first sound, seconds a stage, memory and loading time.

    script/bench cosyvoice [--bundle DIR ...] [--tokens 90,175,410] [--threads 2] [--rows 4]

Without a bundle it builds the full-size checkpoint of random weights in bench/work and converts it (2 GB, minutes).
The number of speech tokens is forced, so every run does the same work whatever the weights say, and a clause has as
many text ids as usually make so many tokens. The first table runs the stages one after another. The second runs the
engine as the server does: single clauses, a text of four clauses (the others join when the first is heard), and four
clients at once, each cut for an early first sound or whole. Loading and memory are measured in a process of their own;
what it has of files the system can drop, the rest it can't.
`processor` is seconds of all cores for a second of audio, a figure that holds on a busy machine too.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.cosyvoice_engine import HEADER, clause_of, row
from bench.cosyvoice_memory import footprint_of
from wyoming_cosyvoice.engines.cosyvoice import load
from wyoming_cosyvoice.engines.cosyvoice.chunking import EARLY, SWIFT, WHOLE
from wyoming_cosyvoice.engines.cosyvoice.engine import EngineSettings
from wyoming_cosyvoice.engines.cosyvoice.lengths import SAMPLE_RATE
from wyoming_cosyvoice.engines.cosyvoice.schedule import QUALITIES
from wyoming_cosyvoice.engines.cosyvoice.streaming import OVERLAP_TOKENS, MelStream, SeamWaveStream, SeededRandomness
from wyoming_cosyvoice.store.bundle import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wyoming_cosyvoice.engines.cosyvoice import CosyVoice
    from wyoming_cosyvoice.engines.cosyvoice.chunking import Chunking

WORK = Path(__file__).parent / "work"
UPSTREAM = {90: 3.9, 175: 4.1, 410: 5.5}
"""Real-time factors of upstream in PyTorch on 2 cores of the machine that the README names."""


@dataclass
class Cost:
    """Seconds a stage, of one utterance."""

    prefill: float = 0.0
    decode: float = 0.0
    flow: float = 0.0
    vocoder: float = 0.0
    first_sound: float = 0.0
    processor: float = 0.0
    samples: int = 0
    started: float = field(default_factory=time.perf_counter)

    @property
    def total(self) -> float:
        """Seconds of all stages."""
        return self.prefill + self.decode + self.flow + self.vocoder

    @property
    def real_time_factor(self) -> float:
        """Seconds of work for a second of audio."""
        return self.total / (self.samples / SAMPLE_RATE)


def speak(model: CosyVoice, count: int, chunking: Chunking, quality: str) -> Cost:
    """Draw `count` tokens and make their sound."""
    voice = next(iter(model.voices.values()))
    ids = model.tokenizer.encode(clause_of(model, count).spoken)
    cost = Cost()
    randomness = SeededRandomness(1)
    uniforms = np.random.RandomState(1)
    mels = MelStream(model.flow, voice, randomness, plan=QUALITIES[quality])
    waves = SeamWaveStream(model.vocoder, randomness)
    begun, processor = time.perf_counter(), time.process_time()
    logits, state = model.language_model.prefill(model.language_model.prompt(ids, voice))
    cost.prefill = time.perf_counter() - begun
    tokens: list[int] = []
    done = chunks = 0
    while len(tokens) < count:
        begun = time.perf_counter()
        u1, u2 = uniforms.random_sample(2)
        tokens.append(model.sampler.draw(logits, tokens, u1, u2, allow_end=False))
        if len(tokens) < count:
            logits = model.language_model.step(tokens[-1], state)
        cost.decode += time.perf_counter() - begun
        if hop := chunking.ready(chunks, len(tokens) - done, count - done):
            _sound(cost, tokens[done : done + hop + OVERLAP_TOKENS], mels, waves, last=False)
            done, chunks = done + hop, chunks + 1
    _sound(cost, tokens[done:], mels, waves, last=True)
    cost.processor = time.process_time() - processor
    return cost


def _sound(cost: Cost, tokens: Sequence[int], mels: MelStream, waves: SeamWaveStream, *, last: bool) -> None:
    begun = time.perf_counter()
    mel = mels.push(tokens, last=last)
    middle = time.perf_counter()
    cost.samples += len(waves.push(mel, mels.ahead))
    ended = time.perf_counter()
    cost.flow += middle - begun
    cost.vocoder += ended - middle
    cost.first_sound = cost.first_sound or ended - cost.started


def main(argv: list[str]) -> int:
    """Measure and print the tables of each bundle."""
    parser = argparse.ArgumentParser(prog="bench cosyvoice", description=__doc__)
    parser.add_argument("--bundle", type=Path, nargs="+", help="folders of bundles (default: made of random weights)")
    parser.add_argument("--tokens", default="90,175,410", help="lengths to force")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2, help="the fastest of so many rounds counts")
    parser.add_argument("--chunks", choices=("whole", "early"), default="whole")
    parser.add_argument("--quality", choices=tuple(QUALITIES), default="balanced")
    parser.add_argument("--rows", type=int, default=EngineSettings().rows, help="clauses decoded together")
    parser.add_argument("--clauses", default="50,102,410", help="tokens of the second table's single clauses")
    arguments = parser.parse_args(argv)
    for bundle in arguments.bundle or [full_size_bundle(precision) for precision in PRECISIONS]:
        measure(bundle, arguments)
    return 0


def measure(bundle: Path, arguments: argparse.Namespace) -> None:
    """Measure one bundle."""
    lengths = [int(count) for count in arguments.tokens.split(",")]
    needs = footprint_of(bundle, arguments.threads, max(lengths), arguments.rows)
    model = load(bundle, arguments.threads)
    chunking = WHOLE if arguments.chunks == "whole" else SWIFT if model.swift else EARLY
    print(
        f"{model.manifest.name} {model.manifest.precision}, {arguments.threads} threads, chunks {arguments.chunks},"
        f" quality {arguments.quality}: {size_of(bundle):.0f} MB on disk, ready in {needs.ready:.1f} s, in memory"
        f" {needs.loaded} loaded, {needs.spoken} after speaking"
    )
    print("| tokens | audio s | RTF | upstream | processor | first s | prefill s | ms a token | flow s | vocoder s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for count in lengths:
        rounds = (speak(model, count, chunking, arguments.quality) for _ in range(arguments.rounds))
        cost = min(rounds, key=lambda item: item.total)
        print(
            f"| {count} | {cost.samples / SAMPLE_RATE:.2f} | {cost.real_time_factor:.2f} | {UPSTREAM.get(count, '')} |"
            f" {cost.processor * SAMPLE_RATE / cost.samples:.2f} |"
            f" {cost.first_sound:.2f} | {cost.prefill:.2f} | {1000 * cost.decode / count:.1f} | {cost.flow:.2f} |"
            f" {cost.vocoder:.2f} |",
            flush=True,
        )
    settings = EngineSettings(rows=arguments.rows, quality=arguments.quality)
    whole = dataclasses.replace(settings, chunking=WHOLE)
    print(HEADER)
    print("|---" * (HEADER.count("|") - 1) + "|")
    for tokens in filter(None, arguments.clauses.split(",")):
        print(row(model, 1, int(tokens), settings, text=True), flush=True)
    for text in (True, False):
        for cut in (settings, whole):
            print(row(model, 4, max(lengths) // 4, cut, text=text), flush=True)


def full_size_bundle(precision: str = "float32") -> Path:
    """Return the bundle of the full-size random checkpoint in bench/work, made if it is not there."""
    from bench.reference_weights import write_checkpoint  # noqa: PLC0415
    from wyoming_cosyvoice.cli import main as command  # noqa: PLC0415

    checkpoint, bundle = WORK / "checkpoint", WORK / f"bundle_{precision}"
    if not (bundle / "manifest.json").is_file():
        if not (checkpoint / "spk2info.pt").is_file():
            write_checkpoint(checkpoint)
        done = command(
            ["convert", str(checkpoint), "-o", str(bundle), "--precision", precision, "--name", "random-300m"]
        )
        if done:
            raise SystemExit(done)
    return bundle


def size_of(folder: Path) -> float:
    """Return the megabytes of a folder's files."""
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

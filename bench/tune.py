"""Measures how many threads suit a CosyVoice bundle on this machine and stores it where the server looks.

    script/bench tune --bundle DIR [--data-dir DIR] [--tokens 100] [--rounds 3]

The counts take turns, each counts by its fastest round, and of two that are nearly as fast the smaller one is taken.
`--threads` of the server overrides what is stored; another machine or another revision of the model does not use it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.cosyvoice import speak
from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.engines.cosyvoice import load
from wyoming_cosyvoice.engines.cosyvoice.chunking import WHOLE
from wyoming_cosyvoice.engines.processors import MOST_THREADS, usable_processors
from wyoming_cosyvoice.engines.tuning import FILE_NAME, machine, remember_threads

NEARLY = 1.03


def main(argv: list[str]) -> int:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(prog="bench tune", description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--data-dir", type=Path, default=Config().data_dir)
    parser.add_argument("--tokens", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quality", default=Config().quality)
    arguments = parser.parse_args(argv)
    counts = range(1, min(usable_processors(), MOST_THREADS) + 1)
    models = {count: load(arguments.bundle, count) for count in counts}
    factors = dict.fromkeys(counts, float("inf"))
    for _ in range(arguments.rounds):
        for count, model in models.items():
            cost = speak(model, arguments.tokens, WHOLE, arguments.quality)
            factors[count] = min(factors[count], cost.real_time_factor)
    best = fewest_of_the_fastest(factors)
    print(f"{models[1].manifest.name} {models[1].manifest.precision} on {machine()}")
    print("| threads | RTF |\n|---|---|")
    for count, factor in factors.items():
        print(f"| {count} | {factor:.2f} |")
    remember_threads(arguments.data_dir, models[1].manifest.revision, best)
    print(f"{best} threads, stored in {arguments.data_dir / FILE_NAME}")
    return 0


def fewest_of_the_fastest(factors: dict[int, float]) -> int:
    """Return the smallest count of threads that is nearly as fast as the fastest."""
    return min(count for count, factor in factors.items() if factor <= min(factors.values()) * NEARLY)

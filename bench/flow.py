"""How far the flow's presets lie from upstream's 10 Euler steps, on the same noise.

    script/bench flow --bundle DIR [--tokens 60] [--rounds 3]

Prints the mean difference of the mels in decibel, beside what 10 steps themselves lie from a fine solution of 100. On
random weights the velocity is rougher in time than a trained one's: take the figures there as an order among presets.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from wyoming_cosyvoice.engines.cosyvoice import load
from wyoming_cosyvoice.engines.cosyvoice.schedule import QUALITIES, euler

DECIBEL = 20 / np.log(10)
FINE = 100


def main(argv: list[str]) -> int:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(prog="bench flow", description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--tokens", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3, help="voices, tokens and noises to average over")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args(argv)
    model = load(arguments.bundle, arguments.threads)
    plans = {**QUALITIES, **{f"euler {steps}": euler(steps) for steps in (5, 4, 3)}}
    totals = {name: np.zeros(3) for name in plans}
    for number in range(arguments.rounds):
        random = np.random.RandomState(number)
        voice = list(model.voices.values())[number % len(model.voices)]
        mu, speaker, cond = model.flow.encode(random.randint(0, 4096, arguments.tokens).tolist(), voice)
        noise = random.standard_normal((80, len(mu))).astype(np.float32)
        upstream = model.flow.solve(mu, speaker, noise, cond)
        fine = model.flow.solve(mu, speaker, noise, cond, steps=FINE)
        for name, plan in plans.items():
            begun = time.process_time()
            mel = model.flow.solve(mu, speaker, noise, cond, plan=plan)
            seconds = time.process_time() - begun
            totals[name] += [np.abs(mel - upstream).mean(), np.abs(mel - fine).mean(), seconds]
    print("| plan | evaluations | dB from upstream | dB from 100 steps | processor s |")
    print("|---|---|---|---|---|")
    for name, total in totals.items():
        near, exact, seconds = total / arguments.rounds
        print(f"| {name} | {plans[name].evaluations} | {near * DECIBEL:.2f} | {exact * DECIBEL:.2f} | {seconds:.2f} |")
    return 0

"""Every stage of the full-size model against upstream's code on the same random weights.

Builds the checkpoint (bench/reference_weights.py), converts it and compares the stages through their public interface
with bench/data/cosyvoice_full.npz, which upstream's code (FunAudioLLM/CosyVoice at ace7c47, PyTorch, float32) made of
it. The vocoder is compared in three parts, F0, source and wave, each from upstream's input: a difference of 1e-4 Hz in
F0 grows into one of phase. Prints a table; fails where a float32 bundle is off by more than the tolerance.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from bench.reference_weights import write_checkpoint
from wyoming_cosyvoice.convert.bundle import Conversion, convert
from wyoming_cosyvoice.engines.cosyvoice import load
from wyoming_cosyvoice.engines.cosyvoice.fade import hamming_window
from wyoming_cosyvoice.engines.cosyvoice.lengths import at_speed, token_limits
from wyoming_cosyvoice.engines.cosyvoice.streaming import MelStream, WaveStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice import CosyVoice

    Floats = NDArray[np.float32]

GOLDEN = Path(__file__).parent / "data" / "cosyvoice_full.npz"


@dataclass
class Row:
    """A quantity: the largest difference seen, what is allowed, and how large the quantity itself is."""

    name: str
    tolerance: float
    difference: float = 0.0
    spread: float = 0.0
    cases: list[str] = field(default_factory=list)

    def compare(self, case: str, actual: NDArray[Any], expected: NDArray[Any]) -> None:
        """Take one case into account."""
        if actual.shape != expected.shape:
            raise AssertionError(f"{self.name} of {case} is {actual.shape}, expected {expected.shape}")
        self.cases.append(case)
        self.difference = max(self.difference, float(np.abs(actual.astype(np.float64) - expected).max(initial=0)))
        self.spread = max(self.spread, float(expected.std()) if expected.size else 0.0)

    @property
    def passed(self) -> bool:
        """Whether all cases were within the tolerance."""
        return self.difference <= self.tolerance


class Report:
    """Rows by name, in the order of their first comparison."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def compare(self, name: str, tolerance: float, case: str, actual: Any, expected: Any) -> None:
        """Add a case to the row `name`."""
        self.rows.setdefault(name, Row(name, tolerance)).compare(case, np.asarray(actual), np.asarray(expected))

    def table(self) -> str:
        """Return the rows as a Markdown table."""
        lines = [
            "| quantity | largest difference | allowed | its standard deviation | cases | |",
            "|---|---|---|---|---|---|",
        ]
        for row in self.rows.values():
            verdict = "ok" if row.passed else "**off**"
            figures = f"{row.difference:.2g} | {row.tolerance:.2g} | {row.spread:.2g} | {len(row.cases)}"
            lines.append(f"| {row.name} | {figures} | {verdict} |")
        return "\n".join(lines)


class Golden:
    """The arrays by prefix, and the meta data."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as arrays:
            self.arrays = {name: arrays[name] for name in arrays.files}
        self.meta: dict[str, Any] = json.loads(str(self.arrays["meta_json"]))

    def cases(self, stage: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the cases of a stage with their arrays."""
        names = sorted(
            {name.split("/")[1] for name in self.arrays if name.startswith(f"{stage}/") and name.count("/") == 2}
        )
        for name in names:
            prefix = f"{stage}/{name}/"
            yield (
                name,
                {key.removeprefix(prefix): array for key, array in self.arrays.items() if key.startswith(prefix)},
            )


class Supplied:
    """Upstream's random numbers, kind by kind in the order of its calls."""

    def __init__(self, calls: list[Mapping[str, Any]]) -> None:
        self._calls = {kind: iter([call for call in calls if call["kind"] == kind]) for kind in _KINDS}

    def _next(self, kind: str) -> Floats:
        call = next(self._calls[kind])
        made = _KINDS[kind](np.random.RandomState(call["seed"]), call["shape"]).astype(np.float32)[0]
        result: Floats = np.zeros_like(made) if call["zero"] else made
        return result

    def flow(self, _frames: int) -> Floats:
        """Return the next noise [80, T]."""
        return self._next("flow_z")

    def source(self, _frames: int) -> tuple[Floats, Floats]:
        """Return the next phase offsets [9] and noise [9, 256 T]."""
        return self._next("phase").reshape(-1), self._next("sine_noise")


_KINDS: Mapping[str, Callable[[np.random.RandomState, Any], NDArray[np.float64]]] = {
    "flow_z": lambda random, shape: random.standard_normal(shape),
    "sine_noise": lambda random, shape: random.standard_normal(shape),
    "phase": lambda random, shape: -np.pi + 2 * np.pi * random.random_sample(shape),
}


def compare(model: CosyVoice, golden: Golden) -> Report:
    """Compare all stages with everything that the golden file has."""
    report = Report()
    for case, text in ((case["text"], case) for case in golden.meta["tokenizer"]):
        report.compare("text ids", 0, case, model.tokenizer.encode(text["text"]), text["ids"])
    compare_stages(model, golden, report)
    for case, g in golden.cases("stream"):
        (_stream if golden.meta["stream"][case]["stream"] else _speed)(
            model, golden.meta["stream"][case], case, g, report
        )
    return report


def compare_stages(model: CosyVoice, golden: Golden, report: Report) -> None:
    """Compare the sampler, the language model, the flow and the vocoder, each by itself."""
    _sampler(model, golden, report)
    for case, g in golden.cases("llm"):
        _language_model(model, golden.meta["llm"].get(case, {}), case, g, report)
    for case, g in golden.cases("flow"):
        _flow(model, golden.meta["flow"][case], case, g, report)
    for case, g in golden.cases("hift"):
        _vocoder(model, golden.meta["hift"][case], case, g, report)


def _sampler(model: CosyVoice, golden: Golden, report: Report) -> None:
    facts = golden.meta["sampler"]
    uniforms = np.random.RandomState(facts["uniform_seed"]).random_sample((len(facts["rows"]), 2))
    for index, row in enumerate(facts["rows"]):
        logits = (np.random.RandomState(7000 + index).standard_normal(facts["V"]) * row["scale"]).astype(np.float32)
        if row["eos_boost"]:
            logits[-1] = logits.max() + np.float32(2)
        u1, u2 = uniforms[index]
        token = model.sampler.draw(logits, row["past"], u1, u2, not row["ignore_eos"])
        report.compare("sampler rows", 0, str(index), token, row["token"])


def _language_model(
    model: CosyVoice, facts: Mapping[str, Any], case: str, g: Mapping[str, Any], report: Report
) -> None:
    embedding = g["embedding"][0] if len(g["embedding"]) else None
    prompt_ids, prompt_speech = (tuple(g.get(name, ())) for name in ("prompt_ids", "prompt_speech"))
    prompt = model.language_model.prompt(g["text_ids"].tolist(), embedding, prompt_ids, prompt_speech)
    report.compare("prompt rows", 1e-3, case, prompt, g["lm_input"])
    logits, state = model.language_model.prefill(prompt)
    teacher = g["teacher_tokens"][: len(g["teacher_logits"]) - 1].tolist()
    rows = [logits.copy(), *(model.language_model.step(token, state).copy() for token in teacher)]
    report.compare("logits, teacher forced", 2e-3, case, np.stack(rows), g["teacher_logits"])
    agree = np.argmax(rows, axis=1) != np.argmax(g["teacher_logits"], axis=1)
    report.compare("share of other greedy tokens, teacher forced", 0, case, agree.mean(), 0.0)
    if "greedy_tokens" not in g:
        return
    least, _ = token_limits(len(g["text_ids"]))

    def greedy(logits: Floats, tokens: list[int]) -> int:
        return int(np.argmax(logits if len(tokens) >= least else logits[:-1]))

    uniforms = np.random.RandomState(facts["ras_uniform_seed"]).random_sample((4000, 2))

    def drawn(logits: Floats, tokens: list[int]) -> int:
        u1, u2 = uniforms[len(tokens)]
        return model.sampler.draw(logits, tokens, u1, u2, len(tokens) >= least)

    for name, choose in (("greedy", greedy), ("ras", drawn)):
        expected = g[f"{name}_tokens"].tolist()
        tokens = _generate(model, prompt, choose, len(expected))
        same = next(
            (i for i, pair in enumerate(zip(tokens, expected, strict=False)) if pair[0] != pair[1]), len(tokens)
        )
        report.compare(f"{name} tokens after the first other one", 0, case, len(expected) - same, 0)


def _generate(model: CosyVoice, prompt: Floats, choose: Callable[[Floats, list[int]], int], count: int) -> list[int]:
    logits, state = model.language_model.prefill(prompt)
    tokens: list[int] = []
    while len(tokens) < count:
        token = choose(logits, tokens)
        if token == model.language_model.end:
            break
        tokens.append(token)
        logits = model.language_model.step(token, state)
    return tokens


def _flow(model: CosyVoice, facts: Mapping[str, Any], case: str, g: Mapping[str, Any], report: Report) -> None:
    prompt = g.get("prompt_feat")
    mu, speaker, cond = model.flow.encode(
        g["tokens"].tolist(), g["embedding"][0], tuple(g.get("prompt_tokens", ())), prompt
    )
    report.compare("mu", 1e-3, case, mu, g["mu"])
    report.compare("speaker", 1e-4, case, speaker, g["spks"][0])
    report.compare("cond", 0, case, cond, g["cond"])
    noise = Supplied(facts["supplied"]).flow(len(mu))
    mel = model.flow.solve(mu, speaker, noise, cond)
    report.compare("mel after 10 steps", 1e-3, case, mel[:, 0 if prompt is None else len(prompt) :], g["mel"])


def _vocoder(model: CosyVoice, facts: Mapping[str, Any], case: str, g: Mapping[str, Any], report: Report) -> None:
    report.compare("F0 in Hz", 1e-2, case, model.vocoder.f0(g["mel"]), g["f0"])
    phase, noise = Supplied(facts["supplied"]).source(g["mel"].shape[1])
    report.compare(
        "source, from the reference F0", 1e-5, case, model.vocoder.source(g["f0"], phase, noise), g["source"]
    )
    report.compare("wave, from the reference source", 1e-3, case, model.vocoder.wave(g["mel"], g["source"]), g["wave"])


def _stream(model: CosyVoice, facts: Mapping[str, Any], case: str, g: Mapping[str, Any], report: Report) -> None:
    randomness = Supplied(facts["supplied"])
    mels = MelStream(model.flow, g["embedding"][0], randomness, window=hamming_window)
    waves = WaveStream(model.vocoder, randomness, window=hamming_window)
    tokens, number = g["tokens"].tolist(), 0
    while True:
        last = len(tokens) < 120
        mel = mels.push(tokens if last else tokens[:120], last=last)
        if (whole := g.get(f"hift_mel{number}")) is not None:
            # from the second chunk on the vocoder hears 20 frames again
            report.compare("streamed mel", 1e-3, f"{case} {number}", mel, whole[:, 20 if number else 0 :])
        wave = waves.push(mel, last=last)
        error = wave - g[f"wav{number}"]
        # F0 comes from both sides here, so single samples drift in phase: the level of the difference is compared
        level = np.sqrt(np.square(error, dtype=np.float64).mean()) / g[f"wav{number}"].std()
        report.compare("streamed wave, level of the difference", 2e-2, f"{case} {number}", level, 0.0)
        if last:
            return
        tokens, number = tokens[100:], number + 1


def _speed(model: CosyVoice, facts: Mapping[str, Any], case: str, g: Mapping[str, Any], report: Report) -> None:
    randomness = Supplied(facts["supplied"])
    mu, speaker, cond = model.flow.encode(g["tokens"].tolist(), g["embedding"][0])
    mel = at_speed(model.flow.solve(mu, speaker, randomness.flow(len(mu)), cond), facts["speed"])
    report.compare("mel at another speed", 1e-3, case, mel, g["hift_mel0"])


def main(argv: list[str]) -> int:
    """Build, convert, compare; 1 if a float32 bundle is off."""
    parser = argparse.ArgumentParser(prog="bench parity", description=__doc__)
    parser.add_argument("--bundle", type=Path, help="compare this bundle of the reference weights")
    parser.add_argument("--golden", type=Path, default=GOLDEN, help="upstream's results (default: full size)")
    parser.add_argument("--precision", default="float32", help="what to convert to, without --bundle")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        bundle = arguments.bundle
        if bundle is None:
            write_checkpoint(Path(folder) / "checkpoint")
            bundle = Path(folder) / "bundle"
            with tqdm(unit="B", unit_scale=True) as progress:
                convert(Conversion(Path(folder) / "checkpoint", bundle, arguments.precision, "reference"), progress)
        model = load(bundle)
        report = compare(model, Golden(arguments.golden))
    print(report.table())
    wrong = model.manifest.precision == "float32" and not all(row.passed for row in report.rows.values())
    return 1 if wrong else 0

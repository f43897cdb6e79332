"""Whether the starter's patched graph is understood and rated as well as the shipped one (recogniser, DNSMOS P808).

Needs `pip install --group quality`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from importlib import metadata
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import onnxruntime as ort
import soxr
from tqdm import tqdm

from bench.report import publish, table
from tests.asr.recogniser import Recogniser, Scorer, assemble
from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.engines.kokoro import quicken
from wyoming_cosyvoice.engines.kokoro.engine import KokoroEngine
from wyoming_cosyvoice.engines.kokoro.session import Session
from wyoming_cosyvoice.engines.registry import Engines
from wyoming_cosyvoice.speech.request import SpeechOptions
from wyoming_cosyvoice.speech.service import SpeechService
from wyoming_cosyvoice.store import parts
from wyoming_cosyvoice.store.catalogue import find_entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from wyoming_cosyvoice.text.clause import Language

SENTENCES = Path(__file__).parents[1] / "tests" / "asr" / "sentences"
WORK = Path(__file__).parent / "work" / "quality"
VOICES: dict[Language, tuple[str, ...]] = {
    "zh": ("zh_female_1", "zh_male_1"),
    "en": ("en_female_1", "en_male_1"),
    "ja": ("ja_female_1", "ja_male_1"),
}
RATE = 16_000
_WINDOW = 144_160  # 9.01 s


class Take(NamedTuple):
    """One sentence by one voice and graph: what went wrong of how much, and the rating."""

    graph: str
    voice: str
    text: str
    errors: int
    length: int
    rating: float


class Rater:
    """DNSMOS P.808 (Reddy et al. 2021): the rating a listener would give, from the log-mel spectrum of 9 s."""

    def __init__(self) -> None:
        weights = metadata.distribution("speechmos").locate_file("speechmos/dnsmos_models/model_v8.onnx")
        self._session = ort.InferenceSession(str(weights), providers=["CPUExecutionProvider"])
        self._bands = _bands()

    def rate(self, samples: NDArray[np.float32]) -> float:
        """Return the mean over all windows, one a second; what is shorter is repeated. 16 kHz."""
        repeated = np.tile(samples, max(1, -(-_WINDOW // len(samples))))
        starts = range(0, len(repeated) - _WINDOW + 1, RATE)
        spectra = (self._spectrum(repeated[start : start + _WINDOW - 160]) for start in starts)
        ratings = [self._session.run(None, {"input_1": spectrum[None]})[0].item() for spectrum in spectra]
        return float(np.mean(ratings))

    def _spectrum(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        size = 321
        frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, size // 2), size)[::160]
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
        energies = np.abs(np.fft.rfft(frames * window)) ** 2 @ self._bands
        decibels = 10 * np.log10(np.maximum(energies, 1e-10) / max(energies.max(), 1e-10))
        return np.asarray((np.maximum(decibels, decibels.max() - 80) + 40) / 40, np.float32)


def _bands() -> NDArray[np.float64]:
    """Return `[161, 120]`: triangles of equal area on Slaney's mel scale, linear below 1 kHz and logarithmic above."""
    linear, octave = 200 / 3, np.log(6.4) / 27
    places = np.linspace(0, 15 + np.log(8) / octave, 122)
    edges = np.where(places < 15, places * linear, 1000 * np.exp(octave * (places - 15)))
    bins = np.linspace(0, RATE / 2, 161)[:, None]
    rising = (bins - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - bins) / np.diff(edges)[1:]
    triangles: NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling)) * 2 / (edges[2:] - edges[:-2])
    return triangles


async def speak(service: SpeechService, text: str, voice: str, language: Language) -> NDArray[np.int16]:
    """Return the samples of a text."""
    async with service.open(SpeechOptions(voice=voice, language=language), "bench") as stream:
        stream.feed(text)
        stream.end()
        blocks = [chunk.samples async for chunk in stream]
    return np.concatenate(blocks)


def sentences(count: int) -> list[tuple[Language, str, str, str]]:
    """Return language, voice, what is sent and what should be heard: each voice says other sentences."""
    found = []
    for language, voices in VOICES.items():
        lines = [
            line
            for kind in ("fresh", "tuned")
            for line in (SENTENCES / f"{language}_{kind}.tsv").read_text("utf-8").splitlines()
        ][:count]
        for number, line in enumerate(lines):
            sent, _, heard = line.partition("\t")
            found.append((language, voices[number % len(voices)], sent, heard or sent))
    return found


async def measure(graphs: Sequence[Path], count: int, minutes: float, known: list[Take], log: Path) -> bool:
    """Speak and judge what is not in `known` yet; False where time ran out before the end."""
    done = {(take.graph, take.voice, take.text) for take in known}
    todo = [
        (graph, *item)
        for item, graph in product(sentences(count), graphs)
        if (graph.name, item[1], item[2]) not in done
    ]
    if not todo:
        return True
    with tempfile.TemporaryDirectory() as folder:
        recogniser, scorer, rater = Recogniser(assemble(Path(folder))), Scorer(), Rater()
        services = {}
        for graph in graphs:
            engine = KokoroEngine(Session(graph, 2), graph.name)
            services[graph] = SpeechService(Engines([engine]), Config(data_dir=Path(folder) / graph.name))
            await services[graph].start()
        ends = time.monotonic() + 60 * minutes
        for graph, language, voice, text, wanted in tqdm(todo, unit="sentence"):
            if time.monotonic() > ends:
                break
            samples = await speak(services[graph], text, voice, language)
            heard = recogniser.transcribe(samples, 24_000, language)
            rating = rater.rate(soxr.resample(samples.astype(np.float32) / 32768, 24_000, RATE))
            known.append(Take(graph.name, voice, text, *scorer.errors(wanted, heard, language), rating))
            with log.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(known[-1], ensure_ascii=False) + "\n")
        for service in services.values():
            await service.stop(1)
    return len(known) >= len(done) + len(todo)


def rows(takes: Sequence[Take], graphs: Sequence[str]) -> list[list[object]]:
    """Return a row a language and graph, and those of all together."""
    result: list[list[object]] = []
    for group in (*VOICES, "all"):
        for graph in graphs:
            chosen = [take for take in takes if take.graph == graph and group in ("all", take.voice[:2])]
            if chosen:
                errors, length = (sum(getattr(take, name) for take in chosen) for name in ("errors", "length"))
                result.append(
                    [group, graph, len(chosen), 100 * errors / length, _mean(chosen), _closeness(chosen, takes)]
                )
    return result


def _mean(takes: Sequence[Take]) -> str:
    return f"{np.mean([take.rating for take in takes]):.3f}"


def _closeness(chosen: Sequence[Take], takes: Sequence[Take]) -> str:
    """Mean difference from the shipped graph's rating, sentence by sentence, and twice its standard error."""
    shipped = {(take.voice, take.text): take.rating for take in takes if take.graph == quicken.SHIPPED}
    pairs = [(take.rating, shipped.get((take.voice, take.text))) for take in chosen if take.graph != quicken.SHIPPED]
    differences = [ours - theirs for ours, theirs in pairs if theirs is not None]
    if len(differences) < 2:
        return ""
    return f"{np.mean(differences):+.3f} ± {2 * np.std(differences) / np.sqrt(len(differences)):.3f}"


def main(argv: list[str] | Sequence[str]) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="script/bench quality", description=__doc__)
    parser.add_argument("--sentences", type=int, default=20, help="a language")
    parser.add_argument("--minutes", type=float, default=60.0, help="stop then; the next run goes on")
    arguments = parser.parse_args(argv)
    entry = find_entry("starter")
    names = (quicken.SHIPPED, quicken.INT8)
    folder = WORK / entry.products[quicken.INT8].sha256[:12]
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / quicken.INT8).exists():
        parts.join(entry.parts, folder / quicken.SHIPPED, entry.products[quicken.SHIPPED])
        quicken.make(folder, quicken.INT8, entry.products[quicken.INT8])
    log = folder / "takes.jsonl"
    takes = [Take(*json.loads(line)) for line in log.read_text("utf-8").splitlines()] if log.exists() else []
    graphs = [folder / name for name in names]
    if not asyncio.run(measure(graphs, arguments.sentences, arguments.minutes, takes, log)):
        print(f"{len(takes)} takes so far; run it again to go on")
        return 0
    header = ["language", "graph", "sentences", "error %", "P808", "P808 against shipped"]
    text = (
        "Each voice says other sentences, none of which was used for calibration; both graphs say the same. Errors are "
        "words (en), toneless syllables (zh) or kana (ja) that Whisper base heard otherwise.\n\n"
    )
    publish("quality", "The starter's patched graph against the shipped one", text + table(header, rows(takes, names)))
    return 0

"""Rebuild models/starter/calibration.npz: what the generator's convolutions see and give while it speaks.

Usage: python script/rebuild/calibration.py   (the starter's packages and the extra `starter` installed; 10 minutes)

The float32 form of the patched graph speaks the sentences of calibration.tsv, each by every voice of its language. At
each of the 48 sites a fixed draw of time steps is kept a sentence; of those the 99.99th percentile of the activation's
size and the 0.005th and 99.995th percentile of the output are stored a channel, in float16. No sentence of
calibration.tsv is used in a test or a benchmark.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper

from wyoming_cosyvoice.engines.kokoro import kana, patch
from wyoming_cosyvoice.engines.kokoro.frontend import Frontend
from wyoming_cosyvoice.engines.kokoro.install import SHIPPED_GRAPH
from wyoming_cosyvoice.engines.kokoro.punctuation import marks, tidy
from wyoming_cosyvoice.engines.kokoro.sites import Site, find_sites
from wyoming_cosyvoice.engines.kokoro.vocabulary import encode
from wyoming_cosyvoice.engines.kokoro.voices import Styles
from wyoming_cosyvoice.store import parts
from wyoming_cosyvoice.store.catalogue import find_entry
from wyoming_cosyvoice.text.clause import Span

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "models" / "starter" / "calibration.npz"
SENTENCES = Path(__file__).with_name("calibration.tsv")
VOICES = {
    "zh": ("zh_female_1", "zh_male_2"),
    "en": ("en_female_1", "en_male_1"),
    "ja": ("ja_female_1", "ja_male_1"),
}
STEPS = 160  # time steps a sentence and site


def utterances() -> list[tuple[str, str]]:
    """Return voice and phonemes of everything that is spoken."""
    frontend = Frontend()
    found = []
    for line in SENTENCES.read_text("utf-8").splitlines():
        language, text = line.split("\t")
        if language == "ja":  # given in kana, words apart
            phonemes = tidy(" ".join(kana.to_phonemes(word) + marks(word[-1]) for word in text.split("　")))
        else:
            phonemes = frontend.phonemes((Span(language, text, text),))  # type: ignore[arg-type]
        found += [(voice, phonemes) for voice in VOICES[language]]
    return found


def speaking_graph(folder: Path, tensors: Callable[[list[Site]], list[str]]) -> tuple[ort.InferenceSession, list[Site]]:
    """Return a session of the float32 graph that gives those tensors of the sites as outputs too, and the sites."""
    entry = find_entry("starter")
    shipped = folder / SHIPPED_GRAPH
    parts.join(entry.parts, shipped, entry.products[SHIPPED_GRAPH])
    model = onnx.load(shipped)
    sites = find_sites(model.graph)
    patch.patch(model, None)
    for tensor in tensors(sites):
        model.graph.output.append(helper.make_tensor_value_info(tensor, onnx.TensorProto.FLOAT, None))
    path = folder / "float32.onnx"
    onnx.save(model, path)
    return ort.InferenceSession(path, providers=["CPUExecutionProvider"]), sites


def read_and_given(sites: list[Site]) -> list[str]:
    """Name what each convolution reads and gives."""
    return [name for site in sites for name in (f"{site.name}/snake", site.output)]


def speak(
    session: ort.InferenceSession, tensors: list[str], styles: Styles, voice: str, phonemes: str
) -> list[np.ndarray]:
    """Speak one utterance and return those tensors without their first axis."""
    ids = encode(phonemes)
    inputs = {
        "tokens": np.array([ids], np.int64),
        "style": styles.vector(voice, len(ids) - 2),
        "speed": np.ones(1, np.float32),
    }
    return [value[0] for value in session.run(tensors, inputs)]


def main() -> None:
    """Speak, collect, write."""
    styles = Styles()
    draw = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        session, sites = speaking_graph(Path(folder), read_and_given)
        seen: dict[str, list[np.ndarray]] = {}
        names = read_and_given(sites)
        todo = utterances()
        for count, (voice, phonemes) in enumerate(todo, 1):
            outputs = speak(session, names, styles, voice, phonemes)
            for name, value in zip(names, outputs, strict=True):
                at = np.sort(draw.choice(value.shape[1], min(STEPS, value.shape[1]), replace=False))
                seen.setdefault(name, []).append(value[:, at].astype(np.float16))
            print(f"\r{count}/{len(todo)}", end="", file=sys.stderr)
    arrays = {}
    for site in sites:
        activation = np.concatenate(seen[f"{site.name}/snake"], 1).astype(np.float32)
        output = np.concatenate(seen[site.output], 1).astype(np.float32)
        low, high = np.percentile(output, [0.005, 99.995], axis=1)
        arrays[f"{site.name}/amplitude"] = np.percentile(np.abs(activation), 99.99, axis=1)
        arrays[f"{site.name}/low"], arrays[f"{site.name}/high"] = low, high
    stored = {name.replace("/", ":"): value.astype(np.float16) for name, value in arrays.items()}
    np.savez(TARGET, allow_pickle=False, **stored)
    print(f"\n{TARGET}: {len(stored)} arrays")


if __name__ == "__main__":
    main()

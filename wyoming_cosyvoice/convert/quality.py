"""What a smaller form costs: each stage of a new bundle beside its float32 graphs, on the same inputs.

The inputs are the model's own: three short sentences become rows of the prompt, float32 decodes speech tokens of them,
these become a mel, the mel becomes sound. So nothing has to be shipped for it, and every stage sees what it will see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort

from wyoming_cosyvoice.convert.distances import compare_logits, cosine, spectral_distance
from wyoming_cosyvoice.convert.static import calibrate
from wyoming_cosyvoice.convert.vocoder import resblock_convolutions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from wyoming_cosyvoice.convert.precision import Stage
    from wyoming_cosyvoice.convert.static import Ranges

    Floats = NDArray[np.float32]
    Figures = dict[str, float]

SENTENCES = (
    (26410, 171, 120, 234, 15914, 5233, 255, 18034, 37618, 11389, 1543),  # 你好，我是语音助手。
    (15947, 11, 264, 6525, 1442, 307, 322, 13),  # Hello, the kitchen light is on.
    (43791, 3193, 2996, 4801, 13806, 6135, 25870, 14277, 1543),  # 今日はとてもいい天気ですね。
)
_STEPS = 134
"""Of decoding, a sentence: some 400 in all, since one step in ten has two choices nearly alike."""
_SOUNDED = 40
"""Tokens of a sentence that become sound."""
_ROOM = 192
_HOP = 256
_PIECE = 100
"""Frames of the vocoder at a time while its ranges are measured."""
_DECIBELS = 20 / np.log(10)
"""In a natural logarithm of an amplitude, which a mel is."""


class Reference:
    """The float32 side, stage by stage in order: each stage's answers are the next one's inputs."""

    def __init__(self, tables: Mapping[str, Floats], speaker: Floats, relative: NDArray[np.floating]) -> None:
        """`tables` are those of the bundle, `speaker` an embedding `[192]`, `relative` the relative positions."""
        self._tables, self._relative = tables, np.asarray(relative[:, :, :_ROOM], np.float32)
        self._speaker = speaker / max(float(np.linalg.norm(speaker)), 1e-12)
        self.ranges: dict[str, Ranges] = {}
        self._rows: list[Floats] = []
        self._tokens: list[list[int]] = []
        self._logits: Floats = np.zeros((1, 1), np.float32)
        self._text_encoder: Figures = {}
        self._mel: Floats = np.zeros((1, 80, 1), np.float32)
        self._source: Floats = np.zeros((1, 256), np.float32)
        self._wave: Floats = self._source

    def answer(self, stage: Stage, folder: Path) -> None:
        """Run a stage's float32 graphs in `folder`, which lies in the bundle's, and keep the answers."""
        if stage == "text_encoder":
            self._rows = _text_rows(folder)
        elif stage == "language_model":
            # first the text encoder: the two sessions together would need more than a gigabyte
            rows = _text_rows(folder.parent)
            session = _session(folder, "language_model")
            decoded = [self._decode(session, rows, None, seed) for seed, rows in enumerate(self._rows)]
            self._tokens = [tokens for tokens, _ in decoded]
            self._logits = np.concatenate([logits for _, logits in decoded])
            # what the bundle's own text encoder does to the tokens, apart from the language model's form
            self._text_encoder = self._compare(session, rows, "text_encoder_")
        elif stage == "flow":
            self._mel = self._solve(folder)
        else:
            self._source = self._excitation(folder)
            self._wave = _run(folder, "vocoder", mel=self._mel, source=self._source)
            self.ranges = calibrate(folder / "vocoder.onnx", resblock_convolutions(), list(self._pieces()))

    def measure(self, stage: Stage, folder: Path) -> Figures:
        """Run a stage's graphs in `folder` on the same inputs; return how far they are off."""
        if stage == "text_encoder":
            return {"cosine": min(cosine(*pair) for pair in zip(_text_rows(folder), self._rows, strict=True))}
        if stage == "language_model":
            rows, session = _text_rows(folder), _session(folder, "language_model")
            together = self._compare(session, rows, "together_")
            return self._compare(session, self._rows) | self._text_encoder | together
        if stage == "flow":
            return {"mel_distance_db": float(np.abs(self._solve(folder) - self._mel).mean() * _DECIBELS)}
        wave = _run(folder, "vocoder", mel=self._mel, source=self._source)
        return {"log_spectral_distance_db": spectral_distance(wave[0], self._wave[0])}

    def _compare(self, session: ort.InferenceSession, rows: list[Floats], prefix: str = "") -> Figures:
        """Feed the tokens of float32 after these rows of the prompt; return how far the logits are off."""
        pairs = zip(rows, self._tokens, strict=True)
        logits = np.concatenate([self._decode(session, text, tokens, 0)[1] for text, tokens in pairs])
        return {prefix + name: value for name, value in compare_logits(logits, self._logits).items()}

    def _decode(
        self, session: ort.InferenceSession, rows: Floats, forced: list[int] | None, seed: int
    ) -> tuple[list[int], Floats]:
        """Draw tokens (or feed `forced` ones); return them and the logits `[steps, V]` before each."""
        tables = self._tables
        speaker = (tables["speaker_weight"] @ self._speaker + tables["speaker_bias"])[None]
        marks = tables["llm_embedding"]
        new = np.concatenate([marks[:1], speaker, rows, marks[1:]]).astype(np.float32)
        random = np.random.RandomState(seed)
        fixed = {f"relative_{layer}": table for layer, table in enumerate(self._relative)}
        cache = _empty_cache(session)
        tokens: list[int] = []
        logits: list[Floats] = []
        names = [output.name for output in session.get_outputs()]
        length = 0
        while len(tokens) < _STEPS:
            length += len(new)
            inputs = {"rows": new[None], "last_position": np.array([length - 1], np.int32), **fixed, **cache}
            outputs = dict(zip(names, session.run(None, inputs), strict=True))
            cache = {name.replace("present", "past"): value for name, value in outputs.items() if "present" in name}
            logits.append(outputs["logits"][0])
            token = forced[len(tokens)] if forced else _draw(logits[-1][:-1], random)
            tokens.append(token)
            new = tables["speech_embedding"][token][None].astype(np.float32)
        return tokens, np.stack(logits)

    def _solve(self, folder: Path) -> Floats:
        """Return the mel `[1, 80, T]` of all sentences' tokens, two frames a token, after ten guided Euler steps."""
        tokens = np.array([token for part in self._tokens for token in part[:_SOUNDED]], np.int64)
        places = np.repeat(np.arange(len(tokens)), 2)
        nowhere = np.zeros(len(places), np.float32)
        mu = _run(folder, "flow_encoder", tokens=tokens, left=places, right=places, fraction=nowhere)
        tables = self._tables
        speaker = (tables["flow_speaker_weight"] @ self._speaker + tables["flow_speaker_bias"]).astype(np.float32)
        times = (1 - np.cos(np.linspace(0, np.pi / 2, 11))).astype(np.float32)
        rows = _run(folder, "flow_time", t=times[:-1])
        estimator = _session(folder, "flow_estimator")
        x = np.random.RandomState(0).standard_normal(mu.shape).astype(np.float32)
        nothing = np.zeros_like(mu[None])
        conditioned = {"mu": mu[None], "cond": nothing, "speaker": speaker[None]}
        free = {"mu": nothing, "cond": nothing, "speaker": 0 * speaker[None]}
        for step in range(10):
            # one by one as in the engine: activations in 8 bits share a scale among what is run together
            point = {"x": x[None], "time": rows[step : step + 1]}
            a, b = (estimator.run(None, side | point)[0][0] for side in (conditioned, free))
            x = x + (times[step + 1] - times[step]) * (np.float32(1.7) * a - np.float32(0.7) * b)
        return np.ascontiguousarray(x.T[None])

    def _excitation(self, folder: Path) -> Floats:
        """Return a source `[1, 256 T]` as the engine makes it (specification section 9)."""
        f0 = np.repeat(_run(folder, "f0", mel=self._mel)[0], _HOP).astype(np.float64)
        random, voiced = np.random.RandomState(0), f0 > 10
        cycles = np.cumsum(f0 / 22050) * np.arange(1, 10)[:, None]
        sines = 0.1 * np.sin(2 * np.pi * (cycles + random.random_sample((9, 1)))) * voiced
        noise = random.standard_normal(sines.shape) * np.where(voiced, 0.003, 0.1 / 3)
        source = np.tanh(self._tables["source_weight"] @ (sines + noise) + self._tables["source_bias"])
        return source[None].astype(np.float32)

    def _pieces(self) -> Iterator[dict[str, Floats]]:
        """Yield the vocoder's inputs in pieces: all intermediate values are kept, so memory follows their length."""
        for start in range(0, self._mel.shape[2], _PIECE):
            mel = np.ascontiguousarray(self._mel[:, :, start : start + _PIECE])
            source = self._source[:, start * _HOP :][:, : mel.shape[2] * _HOP]
            yield {"mel": mel, "source": np.ascontiguousarray(source)}


def _text_rows(folder: Path) -> list[Floats]:
    session = _session(folder, "text_encoder")
    return [session.run(None, {"ids": np.array(ids, np.int64)})[0] for ids in SENTENCES]


def _empty_cache(session: ort.InferenceSession) -> dict[str, Floats]:
    inputs = [value for value in session.get_inputs() if value.name.startswith("past")]
    return {value.name: np.zeros((1, value.shape[1], _ROOM, value.shape[3]), np.float32) for value in inputs}


def _draw(logits: Floats, random: np.random.RandomState) -> int:
    weights = np.exp(logits - logits.max(), dtype=np.float64).cumsum()
    return int(np.searchsorted(weights, random.random_sample() * weights[-1], side="right"))


def _run(folder: Path, name: str, **inputs: NDArray[np.generic]) -> Floats:
    result: Floats = _session(folder, name).run(None, inputs)[0]
    return result


def _session(folder: Path, name: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(str(folder / f"{name}.onnx"), options)

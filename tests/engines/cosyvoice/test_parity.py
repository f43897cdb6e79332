"""Every stage against upstream, through the public stage API.

The vocoder is compared in three parts (F0; source from upstream's F0; wave from upstream's source), because a
difference of 1e-4 Hz in F0 is integrated into a difference in phase.
"""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from wyoming_cosyvoice.engines.cosyvoice import CosyVoice
from wyoming_cosyvoice.engines.cosyvoice.fade import hamming_window
from wyoming_cosyvoice.engines.cosyvoice.lengths import at_speed, token_limits
from wyoming_cosyvoice.engines.cosyvoice.sampling import log_softmax
from wyoming_cosyvoice.engines.cosyvoice.streaming import MelStream, WaveStream, overlap_of
from wyoming_cosyvoice.engines.cosyvoice.vocoder import Vocoder

from .conftest import Golden

Floats = NDArray[np.float32]

TEXTS = ["zh_short", "en_short", "ja", "ko", "yue", "mixed", "zh_50"]
SPOKEN = [*TEXTS, "instruct", "zero_shot"]
FLOWS = ["t30", "t41", "t60", "prompt"]
WAVES = ["supplied", "zero"]
STREAMS = ["s250", "s120"]
SPEEDS = ["s60_speed1.25", "s60_speed0.8"]

LOGITS, MEL, F0, SOURCE, WAVE = 2e-3, 1e-3, 1e-2, 1e-5, 1e-3


def close(actual: NDArray[Any], expected: NDArray[Any], tolerance: float) -> None:
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)


def close_up_to_phase(actual: Floats, expected: Floats) -> None:
    """Compare waves whose F0 was computed on both sides: drifting phase shows in single samples (spec section 12)."""
    assert actual.shape == expected.shape
    error = np.abs(actual - expected)
    assert np.sqrt(np.square(error).mean()) < 0.005 * expected.std()
    assert np.quantile(error, 0.999) < 0.02
    assert error.max() < 0.1


def supplied(call: dict[str, Any]) -> Floats:
    """Make the random numbers that upstream was given in one call."""
    random = np.random.RandomState(call["seed"])
    if call["zero"]:
        silence: Floats = np.zeros(call["shape"], np.float32)[0]
        return silence
    if call["kind"] == "phase":
        phase: Floats = (-np.pi + 2 * np.pi * random.random_sample(call["shape"])).astype(np.float32)[0, :, 0]
        return phase
    normal: Floats = random.standard_normal(call["shape"]).astype(np.float32)[0]
    return normal


class Supplied:
    """Upstream's random numbers, in the order of its calls."""

    def __init__(self, calls: list[dict[str, Any]]) -> None:
        self._calls = list(calls)

    def _next(self, kind: str) -> Floats:
        position = next(i for i, call in enumerate(self._calls) if call["kind"] == kind)
        return supplied(self._calls.pop(position))

    def flow(self, frames: int) -> Floats:
        noise = self._next("flow_z")
        assert noise.shape == (80, frames)
        return noise

    def source(self, frames: int) -> tuple[Floats, Floats]:
        phase, noise = self._next("phase").reshape(9), self._next("sine_noise")
        assert noise.shape == (9, 256 * frames)
        return phase, noise


def prompt_of(model: CosyVoice, golden: Golden, case: str) -> Floats:
    where = f"llm/{case}/"
    embedding = golden[where + "embedding"]
    return model.language_model.prompt(
        golden[where + "text_ids"].tolist(),
        embedding[0] if len(embedding) else None,
        () if where + "prompt_ids" not in golden else golden[where + "prompt_ids"].tolist(),
        () if where + "prompt_speech" not in golden else golden[where + "prompt_speech"].tolist(),
    )


@pytest.mark.parametrize("case", SPOKEN)
def test_prompt(model: CosyVoice, golden: Golden, case: str) -> None:
    close(prompt_of(model, golden, case), golden[f"llm/{case}/lm_input"], 1e-4)


@pytest.mark.parametrize("case", TEXTS)
def test_token_ids(model: CosyVoice, golden: Golden, case: str) -> None:
    assert model.tokenizer.encode(golden.meta["llm"][case]["text"]) == golden[f"llm/{case}/text_ids"].tolist()


@pytest.mark.parametrize("case", SPOKEN)
def test_logits(model: CosyVoice, golden: Golden, case: str) -> None:
    expected = golden[f"llm/{case}/teacher_logits"]
    teacher = golden[f"llm/{case}/teacher_tokens"].tolist()
    logits, state = model.language_model.prefill(prompt_of(model, golden, case))
    close(logits, expected[0], LOGITS)
    for token, row in zip(teacher[:-1], expected[1:], strict=True):
        close(model.language_model.step(token, state), row, LOGITS)


@pytest.mark.parametrize("case", TEXTS)
def test_greedy_tokens(model: CosyVoice, golden: Golden, case: str) -> None:
    facts = golden.meta["llm"][case]
    fewest, most = token_limits(len(golden[f"llm/{case}/text_ids"]))
    assert (fewest, most) == (facts["min_len"], facts["max_len"])
    logits, state = model.language_model.prefill(prompt_of(model, golden, case))
    tokens: list[int] = []
    while len(tokens) < min(facts["greedy_limit"], most):
        scores = logits if len(tokens) >= fewest else logits[:-1]
        token = int(scores.argmax())
        if token == model.language_model.end:
            break
        tokens.append(token)
        logits = model.language_model.step(token, state)
    assert tokens == golden[f"llm/{case}/greedy_tokens"].tolist()


def sampled(model: CosyVoice, prompt: Floats, text_ids: int, seed: int, limit: int) -> list[int]:
    uniforms = np.random.RandomState(seed).random_sample((4000, 2))
    fewest, most = token_limits(text_ids)
    logits, state = model.language_model.prefill(prompt)
    tokens: list[int] = []
    while len(tokens) < min(limit, most):
        u1, u2 = uniforms[len(tokens)]
        token = model.sampler.draw(logits, tokens, u1, u2, len(tokens) >= fewest)
        if token == model.language_model.end:
            break
        tokens.append(token)
        logits = model.language_model.step(token, state)
    return tokens


@pytest.mark.parametrize("case", TEXTS)
def test_sampled_tokens(model: CosyVoice, golden: Golden, case: str) -> None:
    facts = golden.meta["llm"][case]
    text_ids = len(golden[f"llm/{case}/text_ids"])
    tokens = sampled(model, prompt_of(model, golden, case), text_ids, facts["ras_uniform_seed"], facts["ras_limit"])
    assert tokens == golden[f"llm/{case}/ras_tokens"].tolist()


def test_log_probabilities_sum_to_one(model: CosyVoice, golden: Golden) -> None:
    logits, _ = model.language_model.prefill(prompt_of(model, golden, "zh_short"))
    assert np.exp(log_softmax(logits)).sum() == pytest.approx(1, abs=1e-5)


def flow_inputs(model: CosyVoice, golden: Golden, case: str) -> tuple[Floats, Floats, Floats]:
    where = f"flow/{case}/"
    prompt_tokens = golden.get(where + "prompt_tokens")
    return model.flow.encode(
        golden[where + "tokens"].tolist(),
        golden[where + "embedding"][0],
        () if prompt_tokens is None else prompt_tokens.tolist(),
        golden.get(where + "prompt_feat"),
    )


@pytest.mark.parametrize("case", FLOWS)
def test_flow_encoder(model: CosyVoice, golden: Golden, case: str) -> None:
    mu, speaker, cond = flow_inputs(model, golden, case)
    close(mu, golden[f"flow/{case}/mu"], MEL)
    close(speaker, golden[f"flow/{case}/spks"][0], 1e-4)
    close(cond, golden[f"flow/{case}/cond"], 0)


def test_the_prompts_mel_may_lie_either_way(model: CosyVoice, golden: Golden) -> None:
    where = "flow/prompt/"
    tokens, embedding = golden[where + "tokens"].tolist(), golden[where + "embedding"]
    for mel in (golden[where + "prompt_feat"], golden[where + "prompt_feat"].T):
        mu, _, cond = model.flow.encode(tokens, embedding, golden[where + "prompt_tokens"].tolist(), mel)
        close(mu, golden[where + "mu"], MEL)
        close(cond, golden[where + "cond"], 0)


@pytest.mark.parametrize("case", FLOWS)
def test_flow(model: CosyVoice, golden: Golden, case: str) -> None:
    mu, speaker, cond = flow_inputs(model, golden, case)
    noise = supplied(golden.meta["flow"][case]["supplied"][0])
    mel = model.flow.solve(mu, speaker, noise, cond)
    expected = golden[f"flow/{case}/mel"]
    prompt_frames = mel.shape[1] - expected.shape[1]
    close(mel[:, prompt_frames:], expected, MEL)
    cache = np.stack([overlap_of(noise, prompt_frames), overlap_of(mu.T, prompt_frames)], axis=-1)
    close(cache, golden[f"flow/{case}/flow_cache"], MEL)


@pytest.mark.parametrize("case", WAVES)
def test_vocoder_in_three_parts(model: CosyVoice, golden: Golden, case: str) -> None:
    where = f"hift/{case}/"
    calls = Supplied(golden.meta["hift"][case]["supplied"])
    mel, f0, source = golden[where + "mel"], golden[where + "f0"], golden[where + "source"]
    close(model.vocoder.f0(mel), f0, F0)
    close(model.vocoder.source(f0, *calls.source(len(f0))), source, SOURCE)
    close(model.vocoder.wave(mel, source), golden[where + "wave"], WAVE)


class GoldenSource(Vocoder):
    """The vocoder with upstream's sources, and a look at the mels it was given."""

    def __init__(self, model: CosyVoice, sources: list[Floats | None]) -> None:
        self._vocoder = model.vocoder
        self._sources = sources
        self.mels: list[Floats] = []

    def f0(self, mel: Floats, **_: Any) -> Floats:
        return self._vocoder.f0(mel)

    def source(self, f0: Floats, phase: Floats, noise: Floats) -> Floats:
        own = self._vocoder.source(f0, phase, noise)
        known = self._sources.pop(0)
        return own if known is None else known.copy()

    def wave(self, mel: Floats, source: Floats, **_: Any) -> Floats:
        self.mels.append(mel)
        return self._vocoder.wave(mel, source)


@pytest.mark.parametrize("case", STREAMS)
def test_streaming_with_upstreams_windows(model: CosyVoice, golden: Golden, case: str) -> None:
    facts = golden.meta["stream"][case]
    tokens = golden[f"stream/{case}/tokens"].tolist()
    sizes = facts["chunk_samples"]
    randomness = Supplied(facts["supplied"])
    vocoder = GoldenSource(model, [golden.get(f"stream/{case}/source{j}") for j in range(len(sizes))])
    mels = MelStream(model.flow, golden[f"stream/{case}/embedding"][0], randomness, window=hamming_window)
    waves = WaveStream(vocoder, randomness, window=hamming_window)
    for j, size in enumerate(sizes):
        last = j == len(sizes) - 1
        chunk = tokens[100 * j :] if last else tokens[100 * j : 100 * j + 120]
        samples = waves.push(mels.push(chunk, last=last), last=last)
        close(vocoder.mels[j], golden[f"stream/{case}/hift_mel{j}"], MEL)
        assert len(samples) == size
        known_source = f"stream/{case}/source0" in golden
        if known_source:
            close(samples, golden[f"stream/{case}/wav{j}"], WAVE)
        else:
            close_up_to_phase(samples, golden[f"stream/{case}/wav{j}"])


@pytest.mark.parametrize("case", SPEEDS)
def test_speed(model: CosyVoice, golden: Golden, case: str) -> None:
    facts = golden.meta["stream"][case]
    randomness = Supplied(facts["supplied"])
    mels = MelStream(model.flow, golden[f"stream/{case}/embedding"][0], randomness)
    mel = mels.push(golden[f"stream/{case}/tokens"].tolist(), last=True)
    close(mel, golden[f"stream/{case}/flow_mel0"], MEL)
    mel = at_speed(mel, facts["speed"])
    close(mel, golden[f"stream/{case}/hift_mel0"], MEL)
    source = golden.get(f"stream/{case}/source0")
    samples = WaveStream(GoldenSource(model, [source]), randomness).push(mel, last=True)
    if source is None:
        close_up_to_phase(samples, golden[f"stream/{case}/wav0"])
    else:
        close(samples, golden[f"stream/{case}/wav0"], WAVE)


def test_text_to_wave(model: CosyVoice, golden: Golden) -> None:
    facts = golden.meta["e2e"]
    ids = model.tokenizer.encode(facts["text"])
    assert ids == golden["e2e/text_ids"].tolist()
    embedding = model.voices[facts["speaker"]]
    prompt = model.language_model.prompt(ids, embedding)
    tokens = sampled(model, prompt, len(ids), facts["ras_uniform_seed"], 10_000)
    assert tokens == golden["e2e/tokens"].tolist()
    randomness = Supplied(facts["supplied"])
    mel = MelStream(model.flow, embedding, randomness).push(tokens, last=True)
    wave = WaveStream(model.vocoder, randomness).push(mel, last=True)
    close_up_to_phase(wave, golden["e2e/wave"])

"""Opening an installed bundle as an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.cosyvoice.engine import CosyVoiceEngine, EngineSettings
from wyoming_cosyvoice.engines.cosyvoice.model import load
from wyoming_cosyvoice.engines.cosyvoice.streaming import MelStream, SeamWaveStream, SeededRandomness
from wyoming_cosyvoice.engines.processors import threads_for

if TYPE_CHECKING:
    from pathlib import Path

    from wyoming_cosyvoice.engines.cosyvoice.model import CosyVoice

_WARM_TOKENS = 10


def open_engine(bundle: Path, *, threads: int, vocoder: str, quality: str) -> CosyVoiceEngine:
    """Load the bundle; 0 threads means as many as there are processors. Raises ModelError, which names the file."""
    model = load(bundle, threads_for(threads))
    warm_up(model)
    return CosyVoiceEngine(model, EngineSettings(vocoder=vocoder, quality=quality))


def warm_up(model: CosyVoice) -> None:
    """Run each stage once: ONNX Runtime's first runs cost up to half a second, which the first listener would wait."""
    language_model = model.language_model
    voice = next(iter(model.voices.values()))
    prompt = language_model.prompt(model.tokenizer.encode("." * _WARM_TOKENS), voice)
    _, state = language_model.prefill(prompt)
    language_model.step(0, state)
    randomness = SeededRandomness(0)
    mels = MelStream(model.flow, voice, randomness)
    mel = mels.push([0] * _WARM_TOKENS, last=True)
    SeamWaveStream(model.vocoder, randomness).push(mel, mels.ahead)

"""An engine without a model: a beep for each character.

It answers at once on any machine, so it shows whether the path from client to loudspeaker works, and it is the smallest
example of the `Engine` contract. ``--model tone`` chooses it; ``--model tone:0.5`` makes it as slow as an engine with a
real-time factor of 0.5, to try how a client bears a slow server.
"""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.engines.engine import Attribution, Voice, serve_one_at_a_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wyoming_cosyvoice.engines.engine import Job, JobSource, Samples, Utterance

_ATTRIBUTION = Attribution("wyoming-cosyvoice", "https://github.com/wyoming-cosyvoice/wyoming-cosyvoice")
_SECONDS_PER_CHARACTER = 0.08


class ToneEngine:
    """Beeps: pitch from the character, timbre from the voice."""

    name = "tone"
    description = "Test tones: a beep for each character"
    attribution = _ATTRIBUTION
    version = "1"
    revision = "tone-1"
    sample_rate = 22050
    max_characters = 200
    hastens = False
    voices = (
        Voice("tone_low", "Low test tone", ("en", "zh", "ja", "ko", "yue"), "male", _ATTRIBUTION, aliases=("low",)),
        Voice(
            "tone_high", "High test tone", ("zh", "en", "ja", "ko", "yue"), "female", _ATTRIBUTION, aliases=("high",)
        ),
    )

    def __init__(self, real_time_factor: float = 0.0) -> None:
        self._real_time_factor = real_time_factor
        self._seconds = 0.0

    def explain(self, utterance: Utterance) -> str:
        """Frequencies in hertz, one a character."""
        return " ".join(f"{_frequency(char, utterance.voice):.0f}" for char in _text(utterance))

    def serve(self, jobs: JobSource) -> None:
        """Beep until the source says to stop."""
        serve_one_at_a_time(jobs, self._synthesize)

    def metrics(self) -> Mapping[str, float]:
        """Seconds spent beeping."""
        return {"synthesis_seconds": self._seconds}

    def close(self) -> None:
        """Nothing to give back."""

    def _synthesize(self, job: Job) -> Iterator[Samples]:
        utterance = job.utterance
        count = int(_SECONDS_PER_CHARACTER / utterance.speed * self.sample_rate)
        for char in _text(utterance):
            if job.cancelled:
                return
            started = time.perf_counter()
            angle = 2 * np.pi * _frequency(char, utterance.voice) / self.sample_rate * np.arange(count)
            yield (0.3 * np.hanning(count) * np.sin(angle)).astype(np.float32)
            time.sleep(self._real_time_factor * count / self.sample_rate)
            self._seconds += time.perf_counter() - started


def _text(utterance: Utterance) -> str:
    return "".join(span.spoken for span in utterance.spans)


def _frequency(char: str, voice: str) -> float:
    base = 220.0 if voice == "tone_low" else 440.0
    return float(base * 2 ** (zlib.crc32(char.encode()) % 24 / 12))

"""What a listener would hear where clauses meet: no click, no cut, whatever the engine does at its edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.speech.conftest import speak
from tests.speech.engines import PlainEngine
from wyoming_cosyvoice.audio.pcm import decibels, to_float

if TYPE_CHECKING:
    from tests.speech.conftest import MakeService
    from wyoming_cosyvoice.audio.pcm import Pcm
    from wyoming_cosyvoice.engines.engine import Samples, Utterance

RATE = 24000


class AbruptEngine(PlainEngine):
    """A low note that begins and ends at its loudest, without any silence."""

    def samples(self, utterance: Utterance) -> Samples:
        time = np.arange(int(0.4 * self.sample_rate)) / self.sample_rate
        return (0.5 * np.cos(2 * np.pi * 200 * time)).astype(np.float32)


def _loudest_click(samples: Pcm, rate: int) -> float:
    """Return the peak of what is above 5 kHz, in dBFS: there is nothing up there but clicks."""
    spectrum = np.fft.rfft(to_float(samples))
    spectrum[: 5000 * samples.size // rate] = 0
    return decibels(float(np.abs(np.fft.irfft(spectrum)).max()))


def test_the_measure_finds_a_click() -> None:
    note = (0.5 * np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE) * 32767).astype(np.int16)
    assert _loudest_click(note, RATE) < -80
    assert _loudest_click(np.concatenate((note[:10_000], note[10_050:])), RATE) > -30


@pytest.mark.parametrize("rate", [RATE, 22050, 48000, 16000])
@pytest.mark.parametrize("silence", [0.0, 0.2])
async def test_clauses_meet_without_a_click(make_service: MakeService, rate: int, silence: float) -> None:
    service = await make_service(AbruptEngine(rate=RATE))
    text = "One is here. Two is here. Three is here."
    samples = await speak(service, text, sentence_silence=silence, sample_rate=rate)
    assert _loudest_click(samples, rate) < -50
    assert samples.size / rate == pytest.approx(3 * 0.4 + 2 * silence, abs=0.001), "and nothing was cut"

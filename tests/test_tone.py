"""The tone engine keeps the engine contract."""

from __future__ import annotations

import numpy as np
import pytest

from wyoming_cosyvoice.engines.engine import Job, Utterance
from wyoming_cosyvoice.engines.registry import Engines
from wyoming_cosyvoice.engines.tone import ToneEngine
from wyoming_cosyvoice.errors import NoVoiceError, UnknownVoiceError
from wyoming_cosyvoice.text.clause import Span


class OneJob:
    """A job, and the source that hands it out once."""

    def __init__(self, text: str) -> None:
        self.utterance = Utterance((Span("en", text, text),), "tone_low")
        self.cancelled = False
        self.blocks: list[np.ndarray] = []
        self.finished = False
        self._taken = False

    def take(self, *, wait: bool) -> Job | None:
        if self._taken:
            return None
        self._taken = True
        return self

    def quiet(self, seconds: float) -> bool:
        return False

    def under_way(self) -> None:
        """Nothing follows."""

    def emit(self, samples: np.ndarray) -> None:
        self.blocks.append(samples)

    def finish(self) -> None:
        self.finished = True

    def fail(self, error: Exception) -> None:
        raise error


def test_a_beep_for_each_character() -> None:
    job = OneJob("abc")
    ToneEngine().serve(job)
    assert job.finished
    assert len(job.blocks) == 3
    assert all(block.dtype == np.float32 and 0.1 < np.abs(block).max() <= 1 for block in job.blocks)


def test_a_voice_is_found_by_alias_and_a_wrong_name_names_the_right_ones() -> None:
    engines = Engines([ToneEngine()])
    assert engines.find("HIGH")[1].id == "tone_high"
    with pytest.raises(UnknownVoiceError, match="tone_low, tone_high"):
        engines.find("nobody")


def test_the_language_chooses_a_native_voice() -> None:
    assert Engines([ToneEngine()]).choose(None, "zh")[1].id == "tone_high"


def test_no_engine_says_what_to_do() -> None:
    with pytest.raises(NoVoiceError, match="models install"):
        Engines([]).choose(None, None)

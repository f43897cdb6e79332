"""What an idle engine keeps."""

import gc

import numpy as np

from wyoming_cosyvoice.engines.cosyvoice import CosyVoice
from wyoming_cosyvoice.engines.cosyvoice.decoding import DecodeBatch
from wyoming_cosyvoice.engines.cosyvoice.engine import CosyVoiceEngine
from wyoming_cosyvoice.engines.engine import Utterance
from wyoming_cosyvoice.text.clause import Span


class Silent:
    """A job that nobody hears."""

    utterance = Utterance((Span("zh", "好。", "好。"),), "zh_female_1")
    cancelled = False

    def under_way(self) -> None:
        """Nothing."""

    def emit(self, samples: np.ndarray) -> None:
        """Drop them."""

    def finish(self) -> None:
        """Nothing."""

    def fail(self, error: Exception) -> None:
        raise error


class Idle:
    """One job; then counts the batches that are alive while the engine waits for the next."""

    def __init__(self) -> None:
        self.batches_while_idle: list[int] = []
        self._jobs = [Silent()]

    def take(self, *, wait: bool) -> Silent | None:
        if self._jobs:
            return self._jobs.pop()
        if wait:
            self.batches_while_idle.append(batches_alive())
        return None

    def quiet(self, seconds: float) -> bool:
        return False


def batches_alive() -> int:
    gc.collect()
    return sum(isinstance(thing, DecodeBatch) for thing in gc.get_objects())


def test_an_idle_engine_holds_no_cache(model: CosyVoice) -> None:
    before = batches_alive()
    jobs = Idle()
    CosyVoiceEngine(model).serve(jobs)
    assert jobs.batches_while_idle == [before]

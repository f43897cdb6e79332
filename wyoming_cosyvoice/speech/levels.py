"""How much louder or softer each voice must become so that all sound equally loud."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.audio.loudness import loudness
from wyoming_cosyvoice.audio.pcm import from_decibels
from wyoming_cosyvoice.engines.engine import REFERENCE_LOUDNESS, Utterance
from wyoming_cosyvoice.errors import SpeechError, StoppingError, SynthesisTimeoutError
from wyoming_cosyvoice.speech.queue import Claim
from wyoming_cosyvoice.speech.recording import as_speech_error, call_in_loop
from wyoming_cosyvoice.text.clause import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Executor
    from pathlib import Path

    from wyoming_cosyvoice.audio.pcm import Floats
    from wyoming_cosyvoice.engines.engine import Engine, Samples, Voice
    from wyoming_cosyvoice.speech.scheduler import Worker
    from wyoming_cosyvoice.text.clause import Language

_LOGGER = logging.getLogger(__name__)
_MOST_DECIBELS = 15.0
SENTENCES: Mapping[Language, str] = {
    "zh": "今天下午天气很好，我们一起去公园散步。",
    "en": "The weather is lovely this afternoon, so we will walk through the park.",
    "ja": "今日の午後は天気がいいので、公園を散歩しましょう。",
    "ko": "오늘 오후는 날씨가 좋아서 공원을 산책해요.",
    "yue": "今日下晝天氣好好，我哋一齊去公園散步。",
}


class Levels:
    """The gain of each voice.

    Most voices come with their loudness. Of a voice that does not, one sentence is spoken and measured before its first
    use, and the figure kept in a file, so that the same request sounds the same before and after a restart. A voice
    whose measurement fails is taken as it is until the next start.
    """

    def __init__(self, file: Path, executor: Executor, timeout: float) -> None:
        self._file = file
        self._executor = executor
        self._timeout = timeout
        self._measured: dict[str, float] = {}
        self._assumed: dict[str, float] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._measuring: dict[str, asyncio.Task[float]] = {}

    def load(self) -> None:
        """Read what was measured in earlier runs. Blocks; a file that can't be read counts as none."""
        try:
            content = json.loads(self._file.read_text())
            levels = {str(key): float(value) for key, value in content.items()}
            self._measured = {key: level for key, level in levels.items() if math.isfinite(level)}
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, AttributeError) as error:
            _LOGGER.warning("%s can't be read; voices are measured again: %s", self._file, error)

    def known(self, engine: Engine, voice: Voice) -> float | None:
        """Return the gain of a voice as an amplitude factor, or None where it must be measured first."""
        if voice.loudness is not None:
            return _gain(voice.loudness)
        key = _key(engine, voice)
        level = self._measured.get(key, self._assumed.get(key))
        return None if level is None else _gain(level)

    async def measure(self, worker: Worker, voice: Voice) -> float:
        """Have the voice speak, and measure it, once however many ask.

        Raises StoppingError where the engine is stopped meanwhile.
        """
        key = _key(worker.engine, voice)
        if key not in self._measuring:
            task = self._measuring[key] = asyncio.ensure_future(self._measure(key, worker, voice))
            task.add_done_callback(lambda task: self._forget(key, task))
        # one listener leaving must not take the measurement away from the others
        return await asyncio.shield(self._measuring[key])

    def measure_unknown(self, workers: Iterable[Worker]) -> None:
        """Measure in the background, one after another, the voices whose first user would otherwise wait for it."""
        unknown = [
            (worker, voice)
            for worker in workers
            for voice in worker.engine.voices
            if self.known(worker.engine, voice) is None
        ]
        if unknown:
            task = asyncio.ensure_future(self._measure_all(unknown))
            self._background.add(task)
            task.add_done_callback(self._background.discard)

    def close(self) -> None:
        """Measure no more."""
        for task in (*self._background, *self._measuring.values()):
            task.cancel()

    async def _measure_all(self, voices: list[tuple[Worker, Voice]]) -> None:
        with suppress(StoppingError):
            for worker, voice in voices:
                await self.measure(worker, voice)

    async def _measure(self, key: str, worker: Worker, voice: Voice) -> float:
        try:
            level = await self._level(worker, voice)
        except StoppingError:
            raise
        except SpeechError as error:
            _LOGGER.warning("The loudness of the voice %s can't be measured: %s", voice.id, error)
            self._assumed[key] = REFERENCE_LOUDNESS
            return _gain(REFERENCE_LOUDNESS)
        _LOGGER.info("The voice %s speaks at %.1f LUFS", voice.id, level)
        self._measured[key] = level
        await asyncio.get_running_loop().run_in_executor(self._executor, self._save, dict(self._measured))
        return _gain(level)

    async def _level(self, worker: Worker, voice: Voice) -> float:
        language = voice.languages[0]
        sentence = SENTENCES[language]
        loop = asyncio.get_running_loop()
        job = _SampleJob(Utterance((Span(language, sentence, sentence),), voice.local_id), loop)
        worker.submit(job, Claim(client="", stream=0, first=True))
        try:
            samples = await asyncio.wait_for(job.samples, self._timeout)
        except TimeoutError:
            message = f"The voice {voice.id} could not be measured within {self._timeout:g} s"
            raise SynthesisTimeoutError(message, "Use a faster model, or raise clause_timeout") from None
        finally:
            job.cancelled = True  # nobody listens any more, whichever way it ended
        level = await loop.run_in_executor(self._executor, loudness, samples, worker.engine.sample_rate)
        return level if math.isfinite(level) else REFERENCE_LOUDNESS

    def _forget(self, key: str, task: asyncio.Task[float]) -> None:
        del self._measuring[key]
        if not task.cancelled():
            task.exception()  # all who asked may have left; that is no reason for asyncio to complain

    def _save(self, measured: dict[str, float]) -> None:
        temporary = self._file.with_suffix(".part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(measured, indent=1))
            temporary.replace(self._file)
        except OSError as error:
            _LOGGER.warning("%s can't be written; voices are measured again next time: %s", self._file, error)


class _SampleJob:
    """An utterance whose samples are wanted as the engine makes them."""

    def __init__(self, utterance: Utterance, loop: asyncio.AbstractEventLoop) -> None:
        self.utterance = utterance
        self.cancelled = False
        self.finished = False
        self.samples: asyncio.Future[Floats] = loop.create_future()
        self._loop = loop
        self._blocks: list[Floats] = [np.zeros(0, dtype=np.float32)]

    def begin(self) -> None:
        """Nothing depends on it."""

    def under_way(self) -> None:
        """Nothing follows it."""

    def emit(self, samples: Samples) -> None:
        """Collect."""
        self._blocks.append(np.asarray(samples, dtype=np.float32).reshape(-1))

    def finish(self) -> None:
        """Hand over what was collected."""
        self._end(self.samples.set_result, np.concatenate(self._blocks))

    def fail(self, error: Exception) -> None:
        """Hand over the error."""
        self._end(self.samples.set_exception, as_speech_error(error))

    def _end(self, function: Callable[..., None], value: object) -> None:
        if not self.finished:
            self.finished = True
            call_in_loop(self._loop, lambda: None if self.samples.done() else function(value))


def _key(engine: Engine, voice: Voice) -> str:
    return f"{engine.name} {engine.revision} {voice.local_id}"


def _gain(level: float) -> float:
    return from_decibels(float(np.clip(REFERENCE_LOUDNESS - level, -_MOST_DECIBELS, _MOST_DECIBELS)))

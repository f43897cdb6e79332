"""CosyVoice as the server's engine."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.cosyvoice.chunking import EARLY, SWIFT, Chunking
from wyoming_cosyvoice.engines.cosyvoice.clock import StageClock
from wyoming_cosyvoice.engines.cosyvoice.loop import DecodeLoop
from wyoming_cosyvoice.engines.cosyvoice.pacing import Pace
from wyoming_cosyvoice.engines.cosyvoice.performance import Performance
from wyoming_cosyvoice.engines.cosyvoice.schedule import QUALITIES
from wyoming_cosyvoice.engines.cosyvoice.script import script_of
from wyoming_cosyvoice.engines.cosyvoice.voices import advertised_voices
from wyoming_cosyvoice.engines.engine import Attribution
from wyoming_cosyvoice.errors import BadRequestError, UnknownVoiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice.model import CosyVoice
    from wyoming_cosyvoice.engines.cosyvoice.script import Script
    from wyoming_cosyvoice.engines.engine import Job, JobSource, Utterance, Voice

    Floats = NDArray[np.float32]

_SEAMS = 2
"""How chunks are joined: raise it when their samples change, so that clauses kept on disk are made again."""
_TEXT_SHARE = 4
"""A prompt may fill one part in so many of the positions; speech takes two to six tokens for each id of a text."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Rows decoded together, the vocoder's name or auto, how utterances are cut, and the quality of the flow.

    Without `chunking` the processor decides, by its instructions: what is said must not depend on the clock.
    """

    rows: int = 4
    vocoder: str = "auto"
    chunking: Chunking | None = None
    quality: str = "balanced"


class CosyVoiceEngine:
    """Speaks with a loaded bundle."""

    name = "cosyvoice"
    max_characters = 120
    hastens = True

    def __init__(self, model: CosyVoice, settings: EngineSettings | None = None) -> None:
        self._model: CosyVoice | None = model
        self._settings = settings or EngineSettings()
        self._vocoder = _choose_vocoder(self._settings.vocoder, model)
        self._clock = StageClock()
        self._pace = Pace()
        self._numbers = count()
        manifest = model.manifest
        self.description = f"{manifest.name} ({manifest.precision})"
        self.attribution = Attribution(manifest.attribution.name, manifest.attribution.url)
        self.version = manifest.name
        self._chunking = chunking = self._settings.chunking or (SWIFT if model.swift else EARLY)
        cuts = ".".join(map(str, (*chunking.hops, chunking.shortest)))
        plan = QUALITIES[self._settings.quality]
        flow = f"{self._settings.quality}.{plan.steps}.{plan.evaluations}"
        self.revision = f"{manifest.name}-{manifest.revision}-{self._vocoder}-{flow}-{cuts}-{_SEAMS}"
        self.sample_rate = manifest.sample_rate
        self.voices = advertised_voices(manifest)
        self._names = {voice.id: voice.name for voice in manifest.voices}

    def explain(self, utterance: Utterance) -> str:
        """Return the text the model is given and its token ids."""
        script = self._script(utterance)
        ids = " ".join(map(str, [*script.instruction_ids, *script.text_ids]))
        return f"{script.text} -> {ids}"

    def serve(self, jobs: JobSource) -> None:
        """Speak until the source says to stop."""
        while (job := jobs.take(wait=True)) is not None:
            self._speak(job, jobs)

    def _speak(self, job: Job, jobs: JobSource) -> None:
        """Speak until nothing is left; the batch goes with this call, so an idle engine holds no cache."""
        language_model = self._loaded.language_model
        batch = language_model.batch(self._settings.rows)
        DecodeLoop(batch, self._loaded.crew.seats, self._begin, self._clock).run(job, jobs)
        language_model.release()

    def metrics(self) -> Mapping[str, float]:
        """Seconds a stage since loading, tokens drawn and seconds of audio made."""
        return self._clock.totals()

    def close(self) -> None:
        """Give back the sessions and their memory."""
        self._model = None
        gc.collect()

    @property
    def _loaded(self) -> CosyVoice:
        if self._model is None:
            raise RuntimeError("the engine was closed")
        return self._model

    def _begin(self, job: Job) -> tuple[Performance, Floats]:
        model, utterance = self._loaded, job.utterance
        script = self._script(utterance)
        if not script.text_ids:
            raise BadRequestError("There is nothing to say", "Send at least one word")
        ids = len(script.text_ids)
        if (ids + len(script.instruction_ids)) * _TEXT_SHARE > model.language_model.positions:
            raise BadRequestError(
                f"A clause of {ids} tokens is too long for the model",
                "Put in a comma or a full stop",
            )
        embedding = model.voices[self._names[self._voice(utterance).id]]
        instruct = model.manifest.instruct
        with self._clock.stage("prefill"):
            prompt = model.language_model.prompt(
                script.text_ids, None if instruct else embedding, script.instruction_ids
            )
        performance = Performance(
            job,
            model,
            text_ids=ids,
            speaker_embedding=embedding,
            chunking=self._chunking if utterance.awaited else self._chunking.unhurried,
            plan=QUALITIES[self._settings.quality],
            vocoder=self._vocoder,
            clock=self._clock,
            pace=self._pace,
            number=next(self._numbers),
        )
        return performance, prompt

    def _script(self, utterance: Utterance) -> Script:
        model = self._loaded
        return script_of(utterance, self._voice(utterance), model.tokenizer, instruct=model.manifest.instruct)

    def _voice(self, utterance: Utterance) -> Voice:
        for voice in self.voices:
            if utterance.voice in {voice.id, *voice.aliases}:
                return voice
        raise UnknownVoiceError(f"There is no voice {utterance.voice!r}", f"Use one of: {', '.join(self._names)}")


def _choose_vocoder(policy: str, model: CosyVoice) -> str:
    name = "hift" if policy == "auto" else policy
    if name not in model.vocoders:
        known = ", ".join(["auto", *model.vocoders])
        raise BadRequestError(f"{model.manifest.name} has no vocoder {name!r}", f"Use one of: {known}")
    return name

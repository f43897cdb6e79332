"""One utterance on its way through the stages."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.engines.cosyvoice.crew import DECODER
from wyoming_cosyvoice.engines.cosyvoice.guard import RunawayGuard
from wyoming_cosyvoice.engines.cosyvoice.lengths import (
    MELS,
    SAMPLE_RATE,
    TOKEN_RATE,
    USUAL_TOKENS_AN_ID,
    token_limits,
)
from wyoming_cosyvoice.engines.cosyvoice.pacing import HoldBack, Progress
from wyoming_cosyvoice.engines.cosyvoice.sessions import CancelledError
from wyoming_cosyvoice.engines.cosyvoice.streaming import (
    OVERLAP_TOKENS,
    MelStream,
    MelStretcher,
    SeamWaveStream,
    SeededRandomness,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice.chunking import Chunking
    from wyoming_cosyvoice.engines.cosyvoice.clock import StageClock
    from wyoming_cosyvoice.engines.cosyvoice.crew import Rank
    from wyoming_cosyvoice.engines.cosyvoice.model import CosyVoice
    from wyoming_cosyvoice.engines.cosyvoice.pacing import Pace
    from wyoming_cosyvoice.engines.cosyvoice.schedule import FlowPlan
    from wyoming_cosyvoice.engines.engine import Job
    from wyoming_cosyvoice.errors import EngineError

    Floats = NDArray[np.float32]


_COMFORT_SECONDS = 0.4
"""The sound of an utterance with so much ahead of its listener may wait for a free processor."""


class Performance:
    """Draws an utterance's tokens and makes their sound, in chunks where asked to."""

    def __init__(
        self,
        job: Job,
        model: CosyVoice,
        *,
        text_ids: int,
        speaker_embedding: Floats,
        chunking: Chunking,
        plan: FlowPlan,
        vocoder: str,
        clock: StageClock,
        pace: Pace,
        number: int,
    ) -> None:
        """`text_ids` counts the ids of the text, which limit how long it may become; numbers grow with each."""
        utterance = job.utterance
        randomness = SeededRandomness(utterance.seed)
        self.job = job
        self.tokens: list[int] = []
        self.logits: Floats = np.empty(0, np.float32)
        self.ended = False
        """Whether all tokens were drawn."""
        self.complete = False
        """Whether all was made that can be heard of it."""
        self.failure: EngineError | None = None
        self.audio_before_it = 0.0
        """Seconds of audio that older utterances still lack."""
        self.oldest = False
        """Whether no older utterance is in the making."""
        self.alone = True
        """Whether no other utterance is in the making."""
        self._number = number
        self._begun = self._last_made = time.perf_counter()
        self._fewest, self._most = token_limits(text_ids)
        self._uniforms = np.random.RandomState([utterance.seed % 2**32, 0])
        self._sampler = model.sampler
        self._end = model.language_model.end
        self._guard = RunawayGuard()
        self._chunking = chunking
        self._clock = clock
        self._mels = MelStream(model.flow, speaker_embedding, randomness, plan=plan, turn=self)
        self._stretcher = MelStretcher(utterance.speed)
        self._waves = SeamWaveStream(model.vocoder, randomness, turn=self)
        # A vocoder without chunks hears the whole utterance at its end.
        self._whole = None if vocoder == "hift" else model.vocoders[vocoder]
        self._kept: list[Floats] = [np.empty((MELS, 0), np.float32)]
        self._hold_back = HoldBack(pace, chunking, text_ids, utterance.speed)
        self._text_ids = text_ids
        self._speed = utterance.speed
        self._done = 0
        self._chunks = 0
        self._told = False
        if not utterance.awaited and pace.swift:
            # those that follow are decoded with it: four rows cost little more than one, and each is there in time
            self._under_way()
        self._door = threading.Lock()  # what is held is let out by the decoder's thread too
        self._first_heard: float | None = None
        self._heard = 0.0

    def draw(self) -> None:
        """Draw the next token from `logits`, or find that the utterance has `ended`."""
        u1, u2 = self._uniforms.random_sample(2)
        token = self._sampler.draw(self.logits, self.tokens, u1, u2, len(self.tokens) >= self._fewest)
        if token == self._end:
            self.ended = True
            return
        self.tokens.append(token)
        self.ended = len(self.tokens) >= self._most or self._guard.stuck(self.tokens)

    @property
    def wants_to_sound(self) -> bool:
        """Whether there are tokens enough for the next chunk, or all tokens are there."""
        return self.ended or bool(self._next_hop())

    @property
    def audio_left(self) -> float:
        """Seconds of audio that it still lacks, as far as that is known."""
        if self.ended:
            return (len(self.tokens) - self._done) / TOKEN_RATE / self._speed
        return self._hold_back.left

    @property
    def cancelled(self) -> bool:
        """Whether nobody listens any more."""
        return self.job.cancelled

    @property
    def rank(self) -> Rank:
        """Before the decoder if it is the oldest and its listener waits or soon will, else after it; by age."""
        return (DECODER.rank[0] - 1 if self.oldest and self._hurried else DECODER.rank[0] + 1, self._number)

    @property
    def _hurried(self) -> bool:
        if self._first_heard is None:
            return True
        return self._heard - (time.perf_counter() - self._first_heard) < _COMFORT_SECONDS

    def let_out(self) -> None:
        """Emit what was held back and may be heard by now."""
        with self._door:
            self._emit(self._hold_back.due(time.perf_counter()))

    def sound(self) -> None:
        """Emit the samples that may be heard now that these tokens were drawn; all that is left if it has ended.

        Raises CancelledError soon after nobody listens any more, EngineError where decoding failed.
        """
        while not self.complete:
            ended = self.ended  # looked at before the tokens: while they are, the decoder may draw the last one
            if self.failure is not None:
                raise self.failure
            if hop := self._next_hop():
                self._speak(self.tokens[self._done : self._done + hop + OVERLAP_TOKENS], hop=hop, last=False)
            elif ended:
                if self.tokens:
                    self._speak(self.tokens[self._done :], hop=len(self.tokens) - self._done, last=True)
                self.complete = True
            else:
                return

    def _next_hop(self) -> int:
        """Return how many tokens the next chunk moves on, 0 if it can't be made yet."""
        expected = USUAL_TOKENS_AN_ID * self._text_ids - self._done
        return self._chunking.ready(self._chunks, len(self.tokens) - self._done, expected)

    def _speak(self, tokens: list[int], *, hop: int, last: bool) -> None:
        """Emit what may be heard now that `tokens` sound too, of which `hop` are done with."""
        # the decoder has done its part for the first piece, so those that follow can be decoded while it sounds: four
        # clauses of 2 s have a longest silence of 1.0 s for 1.3 s where a machine is slower than real time. Not so the
        # first clause of a text: nothing else is begun until its first piece is made.
        if not self.job.utterance.awaited:
            self._under_way()
        begun, drawn = time.perf_counter(), len(self.tokens)
        samples = self._samples(tokens, last=last)
        seconds = time.perf_counter() - begun
        self._under_way()
        self._chunks += 1
        self._done += hop
        self._clock.add("audio_seconds", len(samples) / SAMPLE_RATE)
        with self._door:
            progress = self._progress(len(tokens), seconds, drawn_before=drawn, ended=last)
            self._emit(self._hold_back.pass_on(samples, progress, time.perf_counter()))
        if self.job.cancelled:
            raise CancelledError

    def _under_way(self) -> None:
        if not self._told:
            self._told = True
            self.job.under_way()

    def _emit(self, blocks: list[Floats]) -> None:
        for block in blocks:
            self._first_heard = self._first_heard or time.perf_counter()
            self._heard += len(block) / SAMPLE_RATE
            self.job.emit(block)

    def _progress(self, sounded: int, seconds: float, *, drawn_before: int, ended: bool) -> Progress:
        now, before = time.perf_counter(), self._last_made
        self._last_made = now
        return Progress(
            drawn=len(self.tokens),
            drawn_before=drawn_before,
            seconds=now - seconds - self._begun,
            all_drawn=self.ended,
            done=self._done,
            sounded=sounded,
            sound_seconds=seconds,
            piece_seconds=now - before,
            alone=self.alone,
            before_it=self.audio_before_it,
            ended=ended,
        )

    def _samples(self, tokens: list[int], *, last: bool) -> Floats:
        with self._clock.stage("flow"):
            mel = self._stretcher.push(self._mels.push(tokens, last=last), last=last)
        with self._clock.stage("vocoder"):
            if self._whole is None:
                return self._waves.push(mel, self._stretcher.preview(self._mels.ahead))
            self._kept.append(mel)
            return self._whole(np.concatenate(self._kept, axis=1)) if last else np.empty(0, np.float32)

"""One utterance in chunks: tokens become mel, mel becomes samples, while the language model goes on.

Chunks overlap, since neither flow nor vocoder is causal (spec section 10). Every cache belongs to one utterance.
An utterance in one chunk that is its last is the same as no streaming.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from wyoming_cosyvoice.engines.cosyvoice.crew import UNHURRIED
from wyoming_cosyvoice.engines.cosyvoice.fade import complementary_window, fade_in
from wyoming_cosyvoice.engines.cosyvoice.lengths import HOP, MELS, at_speed, frames_of
from wyoming_cosyvoice.engines.cosyvoice.schedule import QUALITIES
from wyoming_cosyvoice.engines.cosyvoice.vocoder import source_randomness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice.crew import Turn
    from wyoming_cosyvoice.engines.cosyvoice.fade import Window
    from wyoming_cosyvoice.engines.cosyvoice.flow import Flow
    from wyoming_cosyvoice.engines.cosyvoice.schedule import FlowPlan
    from wyoming_cosyvoice.engines.cosyvoice.vocoder import Vocoder

    Floats = NDArray[np.float32]

OVERLAP_TOKENS = 20
"""Tokens at the end of a chunk that the next chunk begins with."""
OVERLAP_FRAMES = frames_of(OVERLAP_TOKENS)
VOCODER_FRAMES = 20
"""Mel frames that the vocoder hears again before the new ones, and of those that will still change behind them."""
_SEAM_FRAMES = VOCODER_FRAMES - 15
"""Of the frames that will still change, those whose samples do not depend on what follows them (`BlockGraph.reach`)."""


class Randomness(Protocol):
    """Where an utterance's noise comes from."""

    def flow(self, frames: int) -> Floats:
        """Return standard normal noise [80, frames]."""

    def source(self, frames: int) -> tuple[Floats, Floats]:
        """Return phase offsets [9] and standard normal noise [9, 256 frames]."""


class SeededRandomness:
    """Noise that is a function of the seed: separate streams, so that one stage's use does not move another's."""

    def __init__(self, seed: int) -> None:
        self._flow = np.random.RandomState([seed % 2**32, 1])
        self._source = np.random.RandomState([seed % 2**32, 2])

    def flow(self, frames: int) -> Floats:
        """Return standard normal noise [80, frames]."""
        # Frame by frame, so that a frame's noise does not depend on how the utterance was cut.
        return self._flow.standard_normal((frames, MELS)).astype(np.float32).T

    def source(self, frames: int) -> tuple[Floats, Floats]:
        """Return phase offsets [9] and standard normal noise [9, 256 frames]."""
        return source_randomness(self._source, frames)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A voice to copy in the flow: speech tokens and the mel [frames, 80] they were taken from."""

    tokens: Sequence[int]
    mel: Floats


class MelStream:
    """Tokens of one utterance to mel frames that will not change any more."""

    def __init__(
        self,
        flow: Flow,
        speaker_embedding: Floats,
        randomness: Randomness,
        *,
        prompt: Prompt | None = None,
        window: Window = complementary_window,
        plan: FlowPlan = QUALITIES["high"],
        turn: Turn = UNHURRIED,
    ) -> None:
        self._flow = flow
        self._speaker_embedding = speaker_embedding
        self._randomness = randomness
        self._prompt = prompt
        self._window = window
        self._plan = plan
        self._turn = turn
        self._noise_before: Floats | None = None
        self._mu_before: Floats | None = None
        self._mel_before: Floats | None = None

    def push(self, tokens: Sequence[int], *, last: bool) -> Floats:
        """Return the next frames [80, T]. But for the first chunk, `tokens` begin with the 20 that ended the last."""
        prompt = self._prompt
        if prompt is None:
            mu, speaker, cond = self._flow.encode(tokens, self._speaker_embedding, turn=self._turn)
            skipped = 0
        else:
            mu, speaker, cond = self._flow.encode(
                tokens, self._speaker_embedding, prompt.tokens, prompt.mel, turn=self._turn
            )
            skipped = len(prompt.mel)
        noise = self._randomness.flow(len(mu))
        if self._noise_before is not None and self._mu_before is not None:
            known = min(self._noise_before.shape[1], len(mu))
            noise[:, :known] = self._noise_before[:, :known]
            mu[:known] = self._mu_before[:known]
        self._noise_before = overlap_of(noise, skipped)
        self._mu_before = overlap_of(mu.T, skipped).T
        mel = self._flow.solve(mu, speaker, noise, cond, plan=self._plan, turn=self._turn)[:, skipped:]
        if self._mel_before is not None:
            mel = fade_in(mel, self._mel_before, self._window)
        self._mel_before = mel[:, mel.shape[1] if last else -OVERLAP_FRAMES :]
        return mel[:, : mel.shape[1] - self._mel_before.shape[1]]

    @property
    def ahead(self) -> Floats:
        """The frames [80, 34] behind those that were returned, as they look by now; none behind the last."""
        return np.empty((MELS, 0), np.float32) if self._mel_before is None else self._mel_before


def overlap_of(values: Floats, prompt_frames: int) -> Floats:
    """Return the frames of `values` [80, T] that the next chunk begins with: those of the prompt and the last 34."""
    start = max(values.shape[1] - OVERLAP_FRAMES, 0)
    return np.concatenate([values[:, :prompt_frames], values[:, start:]], axis=1)


class WaveStream:
    """Mel frames of one utterance to samples as upstream streams them, for comparing with it."""

    def __init__(
        self,
        vocoder: Vocoder,
        randomness: Randomness,
        *,
        window: Window = complementary_window,
        turn: Turn = UNHURRIED,
    ) -> None:
        self._vocoder = vocoder
        self._randomness = randomness
        self._window = window
        self._turn = turn
        self._mel = np.empty((MELS, 0), np.float32)
        self._source = np.empty(0, np.float32)
        self._wave = np.empty(0, np.float32)

    def push(self, mel: Floats, *, last: bool) -> Floats:
        """Return the next samples; those of the last 20 frames of `mel` [80, T] are held back unless it is the last."""
        mel = np.concatenate([self._mel, mel], axis=1)
        frames = mel.shape[1]
        if not frames:
            return np.empty(0, np.float32)
        source = self._vocoder.source(self._vocoder.f0(mel, turn=self._turn), *self._randomness.source(frames))
        source[: len(self._source)] = self._source
        wave = self._vocoder.wave(mel, source, turn=self._turn)
        if self._wave.size:
            wave = fade_in(wave, self._wave, self._window)
        if last:
            return wave
        held = min(VOCODER_FRAMES, frames)
        self._mel = mel[:, frames - held :]
        self._source, self._wave = source[-HOP * held :], wave[-HOP * held :]
        return wave[: -HOP * held]


class SeamWaveStream:
    """Mel frames of one utterance to samples, none of which is held back.

    The vocoder hears what comes next as it looks by now: upstream holds back the last 20 frames until it is sure of
    them, 0.23 s of the first sound. What it makes of those frames is faded out over the next chunk's beginning.
    """

    def __init__(self, vocoder: Vocoder, randomness: Randomness, *, turn: Turn = UNHURRIED) -> None:
        self._vocoder = vocoder
        self._randomness = randomness
        self._turn = turn
        self._mel = np.empty((MELS, 0), np.float32)
        self._source = np.empty(0, np.float32)
        self._wave = np.empty(0, np.float32)

    def push(self, mel: Floats, ahead: Floats) -> Floats:
        """Return the samples of `mel` [80, T], behind which the frames `ahead` [80, n] are expected."""
        before, new = self._mel.shape[1], mel.shape[1]
        mel = np.concatenate([self._mel, mel, ahead[:, :VOCODER_FRAMES]], axis=1)
        source = self._vocoder.source(self._vocoder.f0(mel, turn=self._turn), *self._randomness.source(mel.shape[1]))
        known = min(len(self._source), len(source))
        source[:known] = self._source[:known]
        wave = self._vocoder.wave(mel, source, turn=self._turn)[HOP * before :]
        if self._wave.size:
            wave = fade_in(wave, self._wave, complementary_window)
        done = before + new
        kept = max(done - VOCODER_FRAMES, 0)
        self._mel, self._source = mel[:, kept:done], source[HOP * kept :]
        self._wave = wave[HOP * new : HOP * (new + min(_SEAM_FRAMES, mel.shape[1] - done))]
        return wave[: HOP * new]


class MelStretcher:
    """Mel frames at another speaking rate, the same whatever chunks they come in (but for rounding at the end)."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._made = 0
        self._seen = 0
        self._tail = np.empty((MELS, 0), np.float32)

    def preview(self, mel: Floats) -> Floats:
        """Return what `mel` [80, T] would become if it came next and were the last."""
        return copy(self).push(mel, last=True) if mel.shape[1] else mel

    def push(self, mel: Floats, *, last: bool) -> Floats:
        """Return the frames that `mel` [80, T] completes."""
        if self._speed == 1.0:
            return mel
        if last and not self._seen:
            return at_speed(mel, self._speed)
        first = self._seen - self._tail.shape[1]
        self._seen += mel.shape[1]
        mel = np.concatenate([self._tail, mel], axis=1)
        # Frame i lies at (i + 0.5) * speed - 0.5 and needs its right neighbour; at the end the last frame stands in.
        reach = self._seen / self._speed if last else (self._seen - 0.5) / self._speed - 0.5
        until = max(int(reach), self._made)
        position = np.maximum((np.arange(self._made, until) + 0.5) * self._speed - 0.5, 0)
        left = np.minimum(position.astype(np.int64), self._seen - 1)
        right = np.minimum(left + 1, self._seen - 1)
        share = (position - left).astype(np.float32)
        self._made = until
        kept = max(int((until + 0.5) * self._speed - 0.5), 0)
        result: Floats = mel[:, left - first] * (1 - share) + mel[:, right - first] * share
        self._tail = mel[:, max(min(kept, self._seen - 1) - first, 0) :]
        return result

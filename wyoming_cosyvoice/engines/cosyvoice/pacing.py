"""When the first sound of an utterance leaves, so that none of it is missing later.

Once it plays, an utterance must not stall: a pause in the middle of a word is worse than a later start. So the first
sound is held back until each piece to come will be there before the ones before it have been played, judged by the
clock: how long a token takes to be drawn, and to sound. Only the moment depends on the clock, never the samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.cosyvoice.lengths import SAMPLE_RATE, TOKEN_RATE, USUAL_TOKENS_AN_ID
from wyoming_cosyvoice.engines.cosyvoice.streaming import OVERLAP_TOKENS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice.chunking import Chunking

    Floats = NDArray[np.float32]

_MARGIN = 1.15
"""What is left is taken to go so much slower than what went."""
_SWIFT = 0.35
"""In how many seconds a second of sound is made at most where all clauses of a text are decoded together."""
_LEAST_SECONDS = 1e-3
_WEIGHT = 0.3
"""How much the newest counts in a running mean."""


class Pace:
    """What an engine has learnt: seconds in which a token sounds, and speech tokens for an id of text."""

    def __init__(self) -> None:
        self.sound_seconds: float | None = None
        self.alone_seconds: float | None = None
        """The same for a first piece with no other utterance in the making, which has all processors."""
        self.beside: float | None = None
        """Tokens that are drawn in a second while others sound."""
        self.tokens_an_id = USUAL_TOKENS_AN_ID

    def learn_beside(self, tokens: int, seconds: float) -> None:
        """Take in that so many tokens were drawn while others sounded for so many seconds."""
        self.beside = _mean(self.beside, tokens / max(seconds, _LEAST_SECONDS))

    def learn_sound(self, seconds: float, tokens: int) -> None:
        """Take in that so many tokens became sound in so many seconds."""
        self.sound_seconds = _mean(self.sound_seconds, seconds / tokens)

    def learn_alone(self, seconds: float, tokens: int) -> None:
        """Take in that so many tokens became sound in so many seconds with no other utterance in the making."""
        self.alone_seconds = seconds / tokens

    @property
    def swift(self) -> bool:
        """Whether sound is made so fast that several clauses decoded together are there in time."""
        return self.alone_seconds is not None and self.alone_seconds * TOKEN_RATE < _SWIFT

    def learn_length(self, tokens: int, text_ids: int) -> None:
        """Take in that a text of so many ids became so many tokens."""
        self.tokens_an_id = _mean(self.tokens_an_id, tokens / max(text_ids, 1))


def _mean(before: float | None, newest: float) -> float:
    return newest if before is None else before + _WEIGHT * (newest - before)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an utterance stands when a piece of it was made."""

    drawn: int
    """Tokens that were drawn."""
    drawn_before: int
    """Those that were when it began to sound."""
    seconds: float
    """How long it took to draw them, from the beginning."""
    all_drawn: bool
    done: int
    """Tokens that sound; the next piece begins with the one after them."""
    sounded: int
    """Tokens of this piece, those that overlap included."""
    sound_seconds: float
    """How long they took to sound."""
    piece_seconds: float
    """How long it is since the piece before it, or the beginning."""
    alone: bool = True
    """Whether no other utterance is in the making."""
    before_it: float = 0.0
    """Seconds of audio that older utterances still lack."""
    ended: bool = False
    """Whether this was the last piece."""


class HoldBack:
    """The door of one utterance: blocks go in as they are made, and come out once they can play without a gap."""

    def __init__(
        self,
        pace: Pace,
        chunking: Chunking,
        text_ids: int,
        speed: float = 1.0,
    ) -> None:
        self._pace = pace
        self._chunking = chunking
        self._text_ids = text_ids
        self._tokens_a_second = TOKEN_RATE * speed
        self._held: list[Floats] = []
        self._made = 0.0
        self._chunks = 0
        self._opens = math.inf

    @property
    def left(self) -> float:
        """Seconds of audio that are still expected."""
        return max(self._pace.tokens_an_id * self._text_ids / self._tokens_a_second - self._made, 0.0)

    def pass_on(self, samples: Floats, progress: Progress, now: float) -> list[Floats]:
        """Take the next samples; return what may be heard `now`."""
        self._held.append(samples)
        self._made += samples.size / SAMPLE_RATE
        self._chunks += 1
        if self._chunks > 1:  # the first piece has all processors, since nothing else can be done meanwhile
            self._pace.learn_sound(progress.sound_seconds, progress.sounded)
            if progress.alone and not progress.all_drawn:
                self._pace.learn_beside(progress.drawn - progress.drawn_before, progress.sound_seconds)
        elif progress.alone:
            self._pace.learn_alone(progress.sound_seconds, progress.sounded)
        if progress.ended:
            self._pace.learn_length(progress.drawn, self._text_ids)
        if now < self._opens:
            self._opens = now if progress.ended else now + self._wait(progress)
        return self.due(now)

    def due(self, now: float) -> list[Floats]:
        """Return what was held and may be heard by now."""
        if now < self._opens:
            return []
        ready, self._held = self._held, []
        return [block for block in ready if block.size]

    def _wait(self, progress: Progress) -> float:
        """Return for how long to wait, so that each piece to come is there before what comes before it was played.

        For ever while too little is known.
        """
        if self._pace.sound_seconds is None:
            return math.inf
        # among others it waits for processors once it is heard; what passed from piece to piece has some of that in it
        newest = progress.sound_seconds if progress.alone else progress.piece_seconds
        sound = _MARGIN * max(self._pace.sound_seconds, newest / progress.sounded)
        draw = _MARGIN * progress.seconds / max(progress.drawn_before, 1)
        # tokens are drawn while it sounds too, more slowly; none where decoding waits for the sound
        measured = (progress.drawn - progress.drawn_before) / max(progress.sound_seconds, _LEAST_SECONDS)
        beside = (measured if self._pace.beside is None or not progress.alone else self._pace.beside) / _MARGIN
        expected = 0.0 if progress.all_drawn else self._pace.tokens_an_id * self._text_ids
        drawn, done, total = float(progress.drawn), float(progress.done), max(expected, progress.drawn)
        # nothing has left yet, so all that was made can be played while the rest is made
        audio, chunk, wait = self._made, self._chunks, 0.0
        # the pieces of older ones overlap too; how many they are is not known
        ready = progress.before_it * self._tokens_a_second * sound * self._chunking.most_work
        drawn += ready * beside
        while done < total:
            # cut where it will be cut: by what a text of so many ids usually becomes, not by what was learnt
            hop = self._chunking.hop(
                chunk, max(USUAL_TOKENS_AN_ID * self._text_ids - done, progress.drawn - done - OVERLAP_TOKENS)
            )
            size = total - done if hop is None else min(hop, total - done)
            end = min(done + size + OVERLAP_TOKENS, total)
            seconds = (end - done) * sound
            ready += max(end - drawn, 0.0) * draw + seconds
            drawn = max(drawn, end) + seconds * beside
            wait = max(wait, ready - audio)
            audio, done, chunk = audio + size / self._tokens_a_second, done + size, chunk + 1
        return wait

"""When the first sound of an utterance leaves, so that none of it is missing later.

Once it plays, an utterance must not stall: a pause in the middle of a word is worse than a later start. A machine that
is faster than real time plays at once; a slower one holds the first sound back until what is left comes in time, judged
by how fast this and the last utterances went. Only the moment depends on the clock, never the samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.cosyvoice.lengths import SAMPLE_RATE, TOKEN_RATE, USUAL_TOKENS_AN_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice.chunking import Chunking

    Floats = NDArray[np.float32]

_MARGIN = 1.15
"""What is left is taken to go so much slower than what went."""
_WEIGHT = 0.3
"""How much the newest utterance counts in a running mean."""
_FEWEST_TOKENS = 25
"""Of fewer tokens the time says little."""


class Pace:
    """What an engine has learnt: seconds that pass for a second of audio, and speech tokens for an id of text."""

    def __init__(self) -> None:
        self.real_time_factor: float | None = None
        self.tokens_an_id = USUAL_TOKENS_AN_ID

    def learn(self, seconds: float, tokens: int, all_tokens: int, text_ids: int) -> None:
        """Take in an utterance of so many tokens, of which `tokens` were made in so many seconds."""
        self.tokens_an_id += _WEIGHT * (all_tokens / max(text_ids, 1) - self.tokens_an_id)
        if tokens < _FEWEST_TOKENS:
            return
        measured = seconds * TOKEN_RATE / tokens
        before = measured if self.real_time_factor is None else self.real_time_factor
        self.real_time_factor = before + _WEIGHT * (measured - before)

    def audio_of(self, text_ids: int, speed: float) -> float:
        """Return how many seconds a text of so many ids usually becomes."""
        return self.tokens_an_id * text_ids / TOKEN_RATE / speed


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an utterance has come: of its `all_tokens`, `tokens` were spoken in `seconds` with nobody before it.

    `before_it`: seconds of audio that older utterances still lack.
    """

    seconds: float
    tokens: int
    all_tokens: int
    ended: bool
    before_it: float = 0.0

    @property
    def real_time_factor(self) -> float | None:
        """Seconds that passed for a second of audio, None while there is none."""
        return self.seconds * TOKEN_RATE / self.tokens if self.tokens else None


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
        self._speed = speed
        self._held: list[Floats] = []
        self._made = 0.0
        self._chunks = 0
        self._open = False

    @property
    def left(self) -> float:
        """Seconds of audio that are still expected."""
        return max(self._pace.audio_of(self._text_ids, self._speed) - self._made, 0.0)

    def pass_on(self, samples: Floats, progress: Progress) -> Iterator[Floats]:
        """Take the next samples; yield what may be heard now."""
        self._held.append(samples)
        self._made += samples.size / SAMPLE_RATE
        self._chunks += 1
        if progress.ended:
            self._pace.learn(progress.seconds, progress.tokens, progress.all_tokens, self._text_ids)
        self._open = self._open or progress.ended or self._in_time(progress)
        if self._open:
            ready, self._held = self._held, []
            yield from (block for block in ready if block.size)

    def _in_time(self, progress: Progress) -> bool:
        """Whether each chunk to come will be there before the one before it has been played."""
        known = [factor for factor in (progress.real_time_factor, self._pace.real_time_factor) if factor is not None]
        if not known:
            return False
        factor = max(known) * _MARGIN
        # nothing has left yet, so all that was made can be played while the rest is made
        audio = self._made
        left = self.left
        ready, chunk = progress.before_it * factor, self._chunks
        while left > 0:
            hop = self._chunking.hop(chunk, left * TOKEN_RATE * self._speed)
            piece = left if hop is None else min(hop / TOKEN_RATE / self._speed, left)
            ready += piece * self._speed * factor
            if ready > audio:
                return False
            audio, left, chunk = audio + piece, left - piece, chunk + 1
        return True

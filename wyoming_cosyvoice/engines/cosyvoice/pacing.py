"""When the first sound of an utterance leaves, so that none of it is missing later.

Once it plays, an utterance must not stall: a pause in the middle of a word is worse than a later start. A machine that
is faster than real time plays at once; a slower one holds the first sound back until what is left comes in time, judged
by how fast this and the last utterances went. Only the moment depends on the clock, never the samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.cosyvoice.lengths import SAMPLE_RATE, TOKEN_RATE

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
_USUAL_TOKENS_AN_ID = 5.0


class Pace:
    """What an engine has learnt: seconds of work for a second of audio, and speech tokens for an id of text."""

    def __init__(self) -> None:
        self.real_time_factor: float | None = None
        self.tokens_an_id = _USUAL_TOKENS_AN_ID

    def learn(self, seconds: float, tokens: int, text_ids: int) -> None:
        """Take in an utterance that was made in so many seconds."""
        measured = seconds * TOKEN_RATE / max(tokens, 1)
        before = measured if self.real_time_factor is None else self.real_time_factor
        self.real_time_factor = before + _WEIGHT * (measured - before)
        self.tokens_an_id += _WEIGHT * (tokens / max(text_ids, 1) - self.tokens_an_id)


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

    def pass_on(self, samples: Floats, tokens: int, seconds: float, *, ended: bool) -> Iterator[Floats]:
        """Take the next samples, made when `tokens` had been drawn in so many seconds; yield what may be heard now."""
        self._held.append(samples)
        self._made += samples.size / SAMPLE_RATE
        self._chunks += 1
        if ended:
            self._pace.learn(seconds, tokens, self._text_ids)
        self._open = self._open or ended or self._in_time(seconds, tokens)
        if self._open:
            ready, self._held = self._held, []
            yield from (block for block in ready if block.size)

    def _in_time(self, seconds: float, tokens: int) -> bool:
        """Whether each chunk to come will be there before the one before it has been played."""
        here = seconds * TOKEN_RATE / max(tokens, 1)
        factor = max(here, self._pace.real_time_factor or 0.0) * _MARGIN
        # nothing has left yet, so all that was made can be played while the rest is made
        audio = self._made
        left = max(self._pace.tokens_an_id * self._text_ids / TOKEN_RATE / self._speed - audio, 0.0)
        ready, chunk = 0.0, self._chunks
        while left > 0:
            hop = self._chunking.hop(chunk)
            piece = left if hop is None else min(hop / TOKEN_RATE / self._speed, left)
            ready += piece * self._speed * factor
            if ready > audio:
                return False
            audio, left, chunk = audio + piece, left - piece, chunk + 1
        return True

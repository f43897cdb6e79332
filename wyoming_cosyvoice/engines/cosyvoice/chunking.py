"""When enough tokens are there to make the next sound of.

An early small chunk is heard soon; each chunk costs 20 tokens of overlap, so later ones grow. How an utterance is cut
changes its samples, so it depends on nothing but its text and the number of its tokens: never on the time or on what
else runs. What follows other clauses of its text is not cut early: it has the time that they play.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from wyoming_cosyvoice.engines.cosyvoice.streaming import OVERLAP_TOKENS


@dataclass(frozen=True, slots=True)
class Chunking:
    """`hops` are the new tokens of the first, second, ... chunk; the last goes on for ever. None: all in one.

    A chunk after which fewer than `shortest` tokens are expected waits for them: a last chunk of 21 tokens would say 20
    of the chunk before again for one of its own.
    """

    hops: tuple[int, ...] = ()
    shortest: int = 0

    @property
    def unhurried(self) -> Chunking:
        """The same with the last hop alone, for what plays behind something else: least work, and bounded memory."""
        return Chunking(self.hops[-1:], self.shortest)

    @property
    def most_work(self) -> float:
        """How many tokens sound at most for each that is new, overlaps included."""
        return 1 + OVERLAP_TOKENS / self.hops[0] if self.hops else 1.0

    def hop(self, chunk: int, expected: float = math.inf) -> int | None:
        """Return how many tokens chunk number `chunk` moves on, None if it waits for the end.

        `expected` counts the tokens from its first to the last of the utterance.
        """
        hop = self.hops[min(chunk, len(self.hops) - 1)] if self.hops else None
        return None if hop is None or expected < hop + self.shortest else hop

    def ready(self, chunk: int, waiting: int, expected: float = math.inf) -> int:
        """Return how many tokens chunk number `chunk` can move on with `waiting` tokens, 0 if it can't be made yet."""
        hop = self.hop(chunk, max(expected, waiting - OVERLAP_TOKENS))
        return hop if hop is not None and waiting >= hop + OVERLAP_TOKENS else 0


WHOLE = Chunking()
UPSTREAM = Chunking((100,))
"""What upstream does: 2 seconds a chunk."""
SWIFT = Chunking((25, 31, 39, 49, 61, 76, 95, 122), shortest=40)
"""For a processor that makes sound in less than a third of the time it lasts: heard some 0.3 s earlier than `EARLY`."""
EARLY = Chunking((50, 62, 78, 98, 122), shortest=40)
"""Hops that grow by a quarter: a machine at 0.75 of real time makes each while the last one plays. With hops that
double, the next chunk takes longer than all before it lasts, and the first sound is held back for it. So it is with a
first hop of 32 where two cores are barely as fast as speech, for each cut costs 20 tokens more. An utterance shorter
than 1.8 s is not cut, a longer one costs some 10 % more than whole."""

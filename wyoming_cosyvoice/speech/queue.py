"""Whose turn it is: the order in which one engine gets its work.

* Clients take turns, and the streams of one client take turns within the client's turn; a newcomer joins at the end of
  the round. So one client's novel does not delay another's "yes".
* The first clause of a stream jumps the line of later clauses of other streams, since somebody waits in silence for
  it. A client that has jumped over somebody can't do it again before a later clause was served: or a client that asks
  for many short texts would starve a long one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

JobT = TypeVar("JobT")


@dataclass(frozen=True, slots=True)
class Claim:
    """A stream's interest in a job. `first` says that the stream has not spoken yet."""

    client: str
    stream: int
    first: bool = False


class FairQueue(Generic[JobT]):
    """Jobs that wait for an engine, each with the claims of the streams that want it. Not safe between threads.

    There are at most as many jobs as streams times their lookahead, so going through all of them is cheap.
    """

    def __init__(self) -> None:
        self._claims: dict[JobT, list[Claim]] = {}
        self._ticks = count()
        self._turns: dict[tuple[str, int | None], int] = {}
        self._jumped: set[str] = set()

    def __len__(self) -> int:
        return len(self._claims)

    def __contains__(self, job: JobT) -> bool:
        return job in self._claims

    def add(self, job: JobT, claim: Claim) -> None:
        """Let a job wait; adding a job again adds the claim to it."""
        self._claims.setdefault(job, []).append(claim)
        for turn in _turns(claim):
            self._turns.setdefault(turn, next(self._ticks))

    def drop(self, job: JobT, claim: Claim) -> None:
        """Take a claim back, and the job with the last of its claims."""
        claims = self._claims.get(job, [])
        if claim in claims:
            claims.remove(claim)
        if not claims:
            self._claims.pop(job, None)
        self._forget_absent()

    def pop(self) -> JobT | None:
        """Take out the job whose turn it is; None where none waits."""
        waiting = [(job, claim) for job, claims in self._claims.items() for claim in claims]
        if not waiting:
            return None
        job, claim = min(waiting, key=self._rank)  # of equals the one that waits longest: dicts keep their order
        if not self._jumps(claim):
            self._jumped.clear()
        elif any(not other.first and _turns(other) != _turns(claim) for _, other in waiting):
            self._jumped.add(claim.client)
        for turn in _turns(claim):
            self._turns[turn] = next(self._ticks)
        del self._claims[job]
        self._forget_absent()
        return job

    def clear(self) -> list[JobT]:
        """Take out all."""
        jobs = list(self._claims)
        self._claims.clear()
        self._forget_absent()
        return jobs

    def _rank(self, waiting: tuple[JobT, Claim]) -> tuple[bool, int, int]:
        claim = waiting[1]
        client, stream = (self._turns[turn] for turn in _turns(claim))
        return not self._jumps(claim), client, stream

    def _jumps(self, claim: Claim) -> bool:
        return claim.first and claim.client not in self._jumped

    def _forget_absent(self) -> None:
        """Keep nothing about clients that want nothing: there may be any number of them over the months."""
        present = [claim for claims in self._claims.values() for claim in claims]
        turns = {turn for claim in present for turn in _turns(claim)}
        self._turns = {turn: tick for turn, tick in self._turns.items() if turn in turns}
        if all(claim.first for claim in present):
            self._jumped.clear()


def _turns(claim: Claim) -> tuple[tuple[str, int | None], tuple[str, int | None]]:
    return (claim.client, None), (claim.client, claim.stream)

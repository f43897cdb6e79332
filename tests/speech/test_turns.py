"""Who is served next: fairness between clients and streams, the first clause's priority, bounded lookahead."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.speech.conftest import happened, soon, speak
from tests.speech.engines import GatedEngine, HoldingEngine, SteppedEngine
from wyoming_cosyvoice.speech.queue import Claim, FairQueue
from wyoming_cosyvoice.speech.request import SpeechOptions

if TYPE_CHECKING:
    from tests.speech.conftest import MakeService


def _sentences(name: str, count: int) -> str:
    return " ".join(f"{name} says {'very ' * number}well." for number in range(count))


def _served(*claims: Claim) -> list[str]:
    """Let jobs wait in that order, and return the streams in the order in which they are served."""
    queue: FairQueue[int] = FairQueue()
    for number, claim in enumerate(claims):
        queue.add(number, claim)
    return [f"{claims[job].client}{claims[job].stream}" for job in iter(queue.pop, None)]


def _text(client: str, stream: int, clauses: int, *, started: bool = False) -> list[Claim]:
    return [Claim(client, stream, first=number == 0 and not started) for number in range(clauses)]


def test_clients_take_turns() -> None:
    order = _served(*_text("a", 1, 4), *_text("b", 2, 4), *_text("c", 3, 4))
    assert order == ["a1", "b2", "c3"] * 4


def test_a_client_with_many_streams_has_one_turn_as_others_have() -> None:
    many = [claim for stream in range(3) for claim in _text("a", stream, 3, started=True)]
    order = _served(*many, *_text("b", 9, 3, started=True))
    assert [name[0] for name in order[:6]] == ["a", "b"] * 3


def test_two_streams_of_one_client_take_turns_too() -> None:
    assert _served(*_text("a", 1, 3), *_text("a", 2, 3)) == ["a1", "a2"] * 3


def test_a_first_clause_comes_before_later_clauses_of_others_and_of_its_own_client() -> None:
    for client in "ab":
        order = _served(*_text("a", 1, 3, started=True), *_text(client, 2, 1))
        assert order[0] == f"{client}2"


def test_a_flood_of_short_texts_does_not_starve_a_long_one() -> None:
    def turns_of_the_long_one(client: str) -> list[int]:
        flood = [claim for stream in range(2, 8) for claim in _text(client, stream, 1)]
        order = _served(*_text("a", 1, 4, started=True), *flood)
        return [index for index, name in enumerate(order) if name == "a1"]

    assert turns_of_the_long_one("b") == [1, 3, 5, 7]
    assert turns_of_the_long_one("a") == [1, 7, 8, 9], "among streams of one client, a turn in each round"


async def test_a_short_text_does_not_wait_for_a_long_one(make_service: MakeService) -> None:
    engine = GatedEngine()
    service = await make_service(engine)
    long = asyncio.ensure_future(speak(service, _sentences("Anna", 10), client="a"))
    await happened(engine.began)
    short = asyncio.ensure_future(speak(service, "Ben says yes.", client="b"))
    await soon(lambda: service.status().queued == 1)
    engine.let(100)
    await asyncio.gather(long, short)
    assert engine.heard.index("Ben says yes.") <= 2


async def test_the_first_clause_is_made_alone(make_service: MakeService) -> None:
    engine = SteppedEngine()
    service = await make_service(engine)
    async with service.open(SpeechOptions(), "a") as stream:
        stream.feed(_sentences("Anna", 10))
        await soon(lambda: service.status().running == 1)
        await asyncio.sleep(0.02)
        assert service.status().queued == 0, "a batch would slow it down"
        engine.step(5)
        await soon(lambda: service.status().queued == 1)
        stream.close()
        engine.step()


async def test_as_many_clauses_wait_as_have_begun(make_service: MakeService) -> None:
    engine = SteppedEngine(seconds=0.1)  # six blocks a clause, the first four of them silent
    service = await make_service(engine, lookahead=5)
    async with service.open(SpeechOptions(), "a") as stream:
        stream.feed(_sentences("Anna", 10))
        await soon(lambda: service.status().running == 1)
        for blocks, queued in ((5, 1), (10, 2), (10, 2)):
            engine.step(blocks)
            await soon(lambda blocks=blocks, queued=queued: service.status().queued == queued)  # type: ignore[misc]
            await asyncio.sleep(0.02)
            assert service.status().queued == queued
        stream.close()
        engine.step(100)


async def test_the_next_clauses_are_asked_for_while_the_first_is_kept_back(make_service: MakeService) -> None:
    service = await make_service(HoldingEngine())
    async with service.open(SpeechOptions(), "a") as stream:
        stream.feed(_sentences("Anna", 10))
        await soon(lambda: service.status().queued == 1)


async def test_a_stream_is_at_most_its_lookahead_ahead_of_its_reader(make_service: MakeService) -> None:
    engine = GatedEngine()
    engine.let(100)
    service = await make_service(engine, lookahead=3)
    async with service.open(SpeechOptions(), "a") as stream:
        stream.feed(_sentences("Anna", 10))
        stream.end()
        await soon(lambda: len(engine.heard) == 3)
        await asyncio.sleep(0.05)
        assert len(engine.heard) == 3, "nobody has read a thing, so no more is made"
        for _ in range(10):  # 0.64 s: the first clause and its pause are read
            await anext(stream)
        await soon(lambda: len(engine.heard) == 4)


async def test_several_clauses_of_one_text_are_in_flight(make_service: MakeService) -> None:
    engine = SteppedEngine()
    service = await make_service(engine, lookahead=4)
    async with service.open(SpeechOptions(), "a") as stream:
        stream.feed(_sentences("Anna", 10))
        engine.step(5)
        await soon(lambda: (service.status().running, service.status().queued) == (1, 1))
        stream.close()
        engine.step(100)
        await happened(engine.cancelled)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3), st.booleans()), max_size=40))
def test_every_job_comes_out_once_and_nothing_is_remembered(claims: list[tuple[str, int, bool]]) -> None:
    queue: FairQueue[int] = FairQueue()
    for number, (client, stream, first) in enumerate(claims):
        queue.add(number, Claim(client, stream, first))
    popped = [job for _ in claims if (job := queue.pop()) is not None]
    assert sorted(popped) == list(range(len(claims)))
    assert queue.pop() is None
    assert len(queue) == 0
    assert not queue._turns
    assert not queue._jumped


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=40))
def test_no_client_is_served_twice_while_another_waits(clients: list[str]) -> None:
    queue: FairQueue[int] = FairQueue()
    for number, client in enumerate(clients):
        queue.add(number, Claim(client, 0))
    waiting = {client: clients.count(client) for client in clients}
    last = None
    while (job := queue.pop()) is not None:
        client = clients[job]
        others = sum(count for name, count in waiting.items() if name != client)
        assert client != last or others == 0
        last = client
        waiting[client] -= 1


def test_a_job_that_two_want_goes_with_the_last_claim() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.add("job", Claim("a", 1))
    queue.add("job", Claim("b", 2, first=True))
    queue.add("other", Claim("c", 3))
    queue.drop("job", Claim("a", 1))
    assert queue.pop() == "job", "the second's first clause lends it priority"
    queue.add("job", Claim("a", 1))
    queue.drop("job", Claim("a", 1))
    queue.drop("job", Claim("a", 1))
    assert queue.pop() == "other"
    assert queue.pop() is None

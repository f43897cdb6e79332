"""Who is served next: fairness between clients and streams, the first clause's priority, bounded lookahead."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.speech.conftest import happened, soon, speak
from tests.speech.engines import GatedEngine, SteppedEngine
from wyoming_cosyvoice.speech.queue import Claim, FairQueue
from wyoming_cosyvoice.speech.request import SpeechOptions

if TYPE_CHECKING:
    from tests.speech.conftest import MakeService
    from wyoming_cosyvoice.speech.service import SpeechService


def _sentences(name: str, count: int) -> str:
    return " ".join(f"{name} says {'very ' * number}well." for number in range(count))


async def _order(service: SpeechService, engine: GatedEngine, *texts: tuple[str, str]) -> list[str]:
    """Start texts of (client, text) one after another while the engine is held; return the order of service."""
    speaking = []
    for number, (client, text) in enumerate(texts, start=1):
        speaking.append(asyncio.ensure_future(speak(service, text, client=client)))
        clauses = sum(text.count(".") for _, text in texts[:number])
        await soon(partial(_all_wait, service, clauses))
    engine.let(100)
    await asyncio.gather(*speaking)
    return [heard.split()[0] for heard in engine.heard]


def _all_wait(service: SpeechService, clauses: int) -> bool:
    status = service.status()
    return status.queued + status.running == clauses


async def test_clients_take_turns(make_service: MakeService) -> None:
    engine = GatedEngine()
    service = await make_service(engine)
    order = await _order(
        service, engine, ("a", _sentences("Anna", 4)), ("b", _sentences("Ben", 4)), ("c", _sentences("Cleo", 4))
    )
    assert order == ["Anna", "Ben", "Cleo"] * 4


async def test_a_first_clause_comes_before_later_clauses_of_others(make_service: MakeService) -> None:
    engine = GatedEngine()
    service = await make_service(engine)
    order = await _order(service, engine, ("a", _sentences("Anna", 4)), ("b", "Ben says yes."))
    assert order == ["Anna", "Ben", "Anna", "Anna", "Anna"]


async def test_two_streams_of_one_client_take_turns_too(make_service: MakeService) -> None:
    engine = GatedEngine()
    service = await make_service(engine)
    order = await _order(service, engine, ("a", _sentences("Anna", 3)), ("a", _sentences("Ben", 3)))
    assert order == ["Anna", "Ben"] * 3


async def test_a_flood_of_short_texts_does_not_starve_a_long_one(make_service: MakeService) -> None:
    engine = GatedEngine()
    service = await make_service(engine)
    flood = [("b", f"Ben says {'very ' * number}short.") for number in range(6)]
    order = await _order(service, engine, ("a", _sentences("Anna", 4)), *flood)
    assert order[:7] == ["Anna", "Ben", "Anna", "Ben", "Anna", "Ben", "Anna"]


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
        await soon(lambda: (service.status().running, service.status().queued) == (1, 3))
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

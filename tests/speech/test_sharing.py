"""The same clause is made once: single flight between streams, and the memory cache."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.speech.conftest import happened, soon, speak
from tests.speech.engines import PATIENCE, BatchEngine, FailingEngine, GatedEngine, PlainEngine, SteppedEngine
from wyoming_cosyvoice.errors import EngineError
from wyoming_cosyvoice.speech.request import SpeechOptions

if TYPE_CHECKING:
    from tests.speech.conftest import MakeService
    from wyoming_cosyvoice.audio.pcm import Pcm


async def test_two_who_want_the_same_at_once_get_one_making_of_it(make_service: MakeService) -> None:
    engine = GatedEngine()
    service = await make_service(engine, cache_memory=0)
    both = [asyncio.ensure_future(speak(service, "The door is open.", client=client)) for client in "ab"]
    await soon(lambda: service.status().cache.shared == 1)
    engine.let()
    first, second = await asyncio.gather(*both)
    np.testing.assert_array_equal(first, second)
    assert engine.heard == ["The door is open."]


async def test_a_follower_hears_what_is_there_already(make_service: MakeService) -> None:
    engine = SteppedEngine()
    service = await make_service(engine, samples_per_chunk=400)
    async with service.open(SpeechOptions(), "a") as leader, service.open(SpeechOptions(), "b") as follower:
        leader.feed("The door is open. ")
        engine.step(8)
        first = await anext(leader)
        follower.feed("The door is open. ")
        np.testing.assert_array_equal((await anext(follower)).samples, first.samples)
        engine.step(100)


async def test_a_follower_takes_over_from_a_leader_that_leaves(make_service: MakeService) -> None:
    engine = SteppedEngine()
    service = await make_service(engine)
    async with service.open(SpeechOptions(), "a") as leader:
        leader.feed("The door is open. ")
        engine.step(7)
        await anext(leader)
        follower = asyncio.ensure_future(speak(service, "The door is open.", client="b"))
        await soon(lambda: service.status().cache.shared == 1)
    engine.step(100)
    assert (await follower).size > 0.5 * 16000
    assert engine.heard == ["The door is open."]


async def test_a_follower_of_a_clause_that_still_waits_keeps_it_in_the_queue(make_service: MakeService) -> None:
    engine = GatedEngine()
    service = await make_service(engine)
    holding = asyncio.ensure_future(speak(service, "Somebody else is speaking."))
    await happened(engine.began)
    leader = asyncio.ensure_future(speak(service, "The door is open.", client="a"))
    await soon(lambda: service.status().queued == 1)
    follower = asyncio.ensure_future(speak(service, "The door is open.", client="b"))
    await soon(lambda: service.status().cache.shared == 1)
    leader.cancel()
    await soon(lambda: service.status().open_streams == 2)
    assert service.status().queued == 1
    engine.let(10)
    await holding
    assert (await follower).any()


async def test_an_error_reaches_all_who_wait_and_is_not_cached(make_service: MakeService) -> None:
    failing = [True]
    both_wait = threading.Event()

    def fail_once(_: str) -> None:
        if failing:
            assert both_wait.wait(PATIENCE)
            failing.pop()
            raise ValueError("once")

    service = await make_service(FailingEngine(fail_once))
    both = [asyncio.ensure_future(speak(service, "Hello.", client=name)) for name in "ab"]
    await soon(lambda: service.status().cache.shared == 1)
    both_wait.set()
    for result in await asyncio.gather(*both, return_exceptions=True):
        assert isinstance(result, EngineError)
    assert (await speak(service, "Hello.")).any()


async def test_the_same_clause_twice_in_one_text(make_service: MakeService) -> None:
    engine = PlainEngine()
    service = await make_service(engine, sentence_silence=0.0)
    once, twice = await speak(service, "Yes. "), await speak(service, "Yes. Yes. ")
    np.testing.assert_array_equal(twice, np.concatenate((once, once)))
    assert engine.heard == ["Yes."]


@pytest.mark.parametrize(
    "change",
    [{"speed": 1.1}, {"style": "calm"}, {"seed": 5}, {"voice": "other"}],
    ids=["speed", "style", "seed", "voice"],
)
async def test_what_changes_the_sound_is_part_of_the_key(make_service: MakeService, change: dict[str, Any]) -> None:
    from tests.speech.engines import voice  # noqa: PLC0415

    engine = PlainEngine(voice("plain"), voice("other"))
    service = await make_service(engine)
    plain, changed = await speak(service, "Hello."), await speak(service, "Hello.", **change)
    assert len(engine.heard) == 2
    assert not np.array_equal(plain, changed)


async def test_an_engine_that_hastens_is_told_which_clause_is_awaited(make_service: MakeService) -> None:
    engine = PlainEngine(hastens=True)
    service = await make_service(engine)
    for _ in range(2):
        await speak(service, "Yes. Yes. No. Yes. ")
    said = [(utterance.spans[0].spoken, utterance.awaited) for utterance in engine.utterances]
    assert said == [("Yes.", True), ("Yes.", False), ("No.", False)], "made once each, kept apart in the cache"
    assert engine.utterances[0].seed == engine.utterances[1].seed


async def test_only_the_first_voice_of_a_mixed_first_clause_is_awaited(make_service: MakeService) -> None:
    from tests.speech.engines import voice  # noqa: PLC0415

    engine = PlainEngine(voice("chinese", "zh"), voice("english", "en"), hastens=True)
    service = await make_service(engine, mixed="best-voice")
    await speak(service, "打开living room的灯。", voice="chinese")
    assert [utterance.awaited for utterance in engine.utterances] == [True, False, False]


async def test_volume_rate_and_pauses_are_not_part_of_the_key(make_service: MakeService) -> None:
    engine = PlainEngine()
    service = await make_service(engine)
    await speak(service, "Hello.")
    for change in ({"volume": 0.5}, {"sample_rate": 8000}, {"sentence_silence": 1.0}):
        await speak(service, "Hello.", **change)
    assert len(engine.heard) == 1


async def test_another_revision_is_not_served_from_the_cache(make_service: MakeService) -> None:
    from wyoming_cosyvoice.engines.registry import Engines  # noqa: PLC0415

    service = await make_service(PlainEngine())
    await speak(service, "Hello.")
    newer = PlainEngine(revision="2")
    service.replace_engines(Engines([newer]))
    await speak(service, "Hello.")
    assert newer.heard == ["Hello."]


async def test_the_memory_cache_is_bounded_and_forgets_the_least_used(make_service: MakeService) -> None:
    engine = PlainEngine(seconds=10.0)  # 320 kB each, so that three fit
    service = await make_service(engine, cache_memory=1)
    for text in ("One.", "Two.", "Three.", "One.", "Four.", "One.", "Two."):
        await speak(service, text)
        assert service.status().cache.bytes <= 1_000_000
    assert engine.heard == ["One.", "Two.", "Three.", "Four.", "Two."]


async def test_alone_batched_shared_or_cached_the_audio_is_the_same(make_service: MakeService) -> None:
    texts = ["One is here. Two is here.", "你好。再见。", "Two is here.", "はい、そうです。"]
    alone = await make_service(PlainEngine(), cache_memory=0)
    expected: list[Pcm] = [await speak(alone, text) for text in texts]
    engine = BatchEngine()
    together = await make_service(engine)
    batched = await asyncio.gather(*(speak(together, text, client=text) for text in texts))
    cached = [await speak(together, text) for text in texts]
    assert engine.most_at_once > 1
    for right, one, other in zip(expected, batched, cached, strict=True):
        np.testing.assert_array_equal(one, right)
        np.testing.assert_array_equal(other, right)


async def test_a_reader_cannot_damage_the_cache(make_service: MakeService) -> None:
    service = await make_service(PlainEngine(), samples_per_chunk=64)
    expected = await speak(service, "Hello.")
    async with service.open(SpeechOptions(), "test") as stream:
        stream.feed("Hello.")
        stream.end()
        async for chunk in stream:
            with suppress(ValueError):  # read-only, or else a copy
                chunk.samples[:] = 0
    np.testing.assert_array_equal(await speak(service, "Hello."), expected)

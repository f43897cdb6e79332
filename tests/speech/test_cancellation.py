"""Who leaves is no longer worked for, at once; who stays is not disturbed."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.speech.conftest import happened, soon, speak
from tests.speech.engines import GatedEngine, PlainEngine, SteppedEngine
from wyoming_cosyvoice.speech.request import SpeechOptions

if TYPE_CHECKING:
    from tests.speech.conftest import MakeService
    from wyoming_cosyvoice.speech.stream import SpeechStream

TEXT = "One is here. Two is here. Three is here."


async def test_leaving_stops_the_engine_at_its_next_step(make_service: MakeService) -> None:
    engine = SteppedEngine()
    service = await make_service(engine)
    async with service.open(SpeechOptions(), "a") as stream:
        stream.feed(TEXT)
        engine.step(6)
        await anext(stream)
    left = time.perf_counter()
    engine.step()
    await happened(engine.cancelled)
    assert time.perf_counter() - left < 5, (
        "generous: it's 150 ms that are promised, on a machine that does nothing else"
    )
    assert len(engine.heard) == 1, "what waited was never begun"
    status = service.status()
    assert (status.queued, status.open_streams, status.cancelled) == (0, 0, 1)


async def test_leaving_marks_the_job_before_anything_else_runs(make_service: MakeService) -> None:
    engine = GatedEngine()
    service = await make_service(engine)
    stream = service.open(SpeechOptions(), "a")
    stream.feed(TEXT)
    await happened(engine.began)
    assert not engine.jobs[0].cancelled
    stream.close()
    assert engine.jobs[0].cancelled
    assert service.status().queued == 0


async def test_a_reader_that_waits_is_woken(make_service: MakeService) -> None:
    engine = GatedEngine()
    service = await make_service(engine)
    async with service.open(SpeechOptions(), "a") as stream:
        stream.feed(TEXT)
        reader = asyncio.ensure_future(anext(stream))
        await happened(engine.began)
        stream.close()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(reader, 5)


async def test_a_task_that_is_cancelled_gives_its_place_back(make_service: MakeService) -> None:
    engine = GatedEngine()
    service = await make_service(engine, max_queue=1)
    task = asyncio.ensure_future(speak(service, TEXT))
    await happened(engine.began)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    engine.let(10)
    assert (await speak(service, "There is room.")).any()


async def test_others_are_not_disturbed(make_service: MakeService) -> None:
    engine = GatedEngine()
    service = await make_service(engine, cache_memory=0)
    alone = asyncio.ensure_future(speak(service, "Stay with me. Do not leave."))
    engine.let(2)
    expected = await alone
    staying = asyncio.ensure_future(speak(service, "Stay with me. Do not leave.", client="a"))
    leaving = asyncio.ensure_future(speak(service, TEXT, client="b"))
    await soon(lambda: (service.status().running, service.status().queued) == (1, 1))
    leaving.cancel()
    engine.let(10)
    np.testing.assert_array_equal(await staying, expected)


async def test_what_was_cut_short_is_not_cached(make_service: MakeService) -> None:
    engine = SteppedEngine()
    service = await make_service(engine)
    async with service.open(SpeechOptions(), "a") as stream:
        stream.feed("Hello there. ")
        engine.step(8)
        await anext(stream)
    engine.step()
    await happened(engine.cancelled)
    engine.step(1000)
    whole = await speak(service, "Hello there.")
    assert whole.size > 0.5 * 16000
    assert engine.heard == ["Hello there.", "Hello there."]


async def test_nothing_is_left_of_streams_that_are_gone(make_service: MakeService) -> None:
    service = await make_service(PlainEngine(seconds=0.05), cache_memory=1)
    streams = []
    for number in range(150):
        async with service.open(SpeechOptions(), f"client {number}") as stream:
            streams.append(weakref.ref(stream))
            stream.feed(f"Number {number} is here. And {number} is gone.")
            if number % 2:
                await anext(stream)
            else:
                stream.end()
                async for _ in stream:
                    pass
    await soon(lambda: service.status().running == 0)
    del stream
    await soon(partial(_all_gone, streams))
    assert service.status().cache.bytes <= 1_000_000
    assert not service._studio._sessions


def _all_gone(streams: list[weakref.ref[SpeechStream]]) -> bool:
    gc.collect()
    return not any(stream() for stream in streams)

"""Starting, draining, stopping, and replacing engines while somebody is speaking."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from tests.speech.conftest import happened, soon, speak
from tests.speech.engines import PATIENCE, FailingEngine, GatedEngine, PlainEngine, voice
from wyoming_cosyvoice.engines.registry import Engines
from wyoming_cosyvoice.errors import StoppingError, UnknownVoiceError
from wyoming_cosyvoice.speech.request import SpeechOptions

if TYPE_CHECKING:
    from tests.speech.conftest import MakeService


async def test_stop_lets_running_requests_finish_and_refuses_new_ones(make_service: MakeService) -> None:
    engine = GatedEngine()
    service = await make_service(engine)
    running = asyncio.ensure_future(speak(service, "One is here. Two is here."))
    await happened(engine.began)
    stopping = asyncio.ensure_future(service.stop(PATIENCE))
    await asyncio.sleep(0)
    with pytest.raises(StoppingError):
        service.open(SpeechOptions(), "late")
    engine.let(10)
    assert (await running).size > 16000
    await stopping
    assert engine.closed.is_set()


async def test_stop_ends_what_does_not_finish_in_time(make_service: MakeService) -> None:
    engine = GatedEngine()
    service = await make_service(engine)
    running = asyncio.ensure_future(speak(service, "One is here. Two is here."))
    await happened(engine.began)
    await service.stop(0.05)
    with pytest.raises(StoppingError):
        await running
    assert engine.jobs[0].cancelled
    assert engine.closed.is_set()


async def test_stop_without_requests_is_quick_and_may_come_twice(make_service: MakeService) -> None:
    engine = PlainEngine()
    service = await make_service(engine)
    async with asyncio.timeout(5):
        await service.stop(60)
        await service.stop(60)
    assert engine.closed.is_set()


async def test_an_engine_rests_when_nobody_has_asked_for_a_while(
    make_service: MakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wyoming_cosyvoice.engines.engine.QUIET_SECONDS", 0.05)
    engine = PlainEngine()
    service = await make_service(engine)
    for word in ("one", "two"):
        assert (await speak(service, word)).size
        await happened(engine.rested)
        engine.rested.clear()


async def test_an_engine_with_work_does_not_rest(make_service: MakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wyoming_cosyvoice.engines.engine.QUIET_SECONDS", 2 * PATIENCE)
    engine = PlainEngine()
    service = await make_service(engine)
    assert (await speak(service, "One is here. Two is here. Three is here.")).size
    assert not engine.rested.is_set()
    async with asyncio.timeout(PATIENCE):
        await service.stop(PATIENCE)
    assert engine.closed.is_set()


async def test_stop_leaves_an_engine_behind_that_hangs(
    make_service: MakeService, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wyoming_cosyvoice.speech.service._ENGINE_STOP_SECONDS", 0.1)
    hangs, begun = threading.Event(), threading.Event()

    def hang(_: str) -> None:
        begun.set()
        assert hangs.wait(PATIENCE)

    engine = FailingEngine(hang)
    service = await make_service(engine)
    running = asyncio.ensure_future(speak(service, "Hello."))
    await happened(begun)
    await service.stop(0)
    with pytest.raises(StoppingError):
        await running
    assert "does not return" in caplog.text
    assert not engine.closed.is_set(), "it still uses what closing would free"
    hangs.set()


async def test_new_engines_serve_new_requests_and_old_ones_finish_theirs(make_service: MakeService) -> None:
    old = GatedEngine(voice("old"))
    service = await make_service(old)
    running = asyncio.ensure_future(speak(service, "One is here. Two is here."))
    await happened(old.began)
    new = PlainEngine(voice("new"), name="new")
    service.replace_engines(Engines([new]))
    assert (await speak(service, "Hello.")).any()
    assert new.heard == ["Hello."]
    with pytest.raises(UnknownVoiceError):
        service.open(SpeechOptions(voice="old"), "test")
    assert not old.closed.is_set()
    old.let(10)
    assert (await running).size > 16000
    assert len(old.heard) == 2
    await happened(old.closed)
    assert [voice.id for engine in service.engines for voice in engine.voices] == ["new"]


async def test_an_engine_that_stays_keeps_its_thread(make_service: MakeService) -> None:
    staying, going = PlainEngine(voice("stays"), name="stays"), PlainEngine(voice("goes"), name="goes")
    service = await make_service(staying, going)
    await happened(staying.serving)
    staying.serving.clear()
    coming = PlainEngine(voice("comes"), name="comes")
    service.replace_engines(Engines([staying, coming]))
    await happened(going.closed)
    for name in ("stays", "comes"):
        assert (await speak(service, "Hello.", voice=name)).any()
    assert not staying.closed.is_set()
    assert not staying.serving.is_set()


async def test_no_thread_is_left_after_stop(make_service: MakeService) -> None:
    before = set(threading.enumerate())
    service = await make_service(PlainEngine(), cache_disk=1)
    await speak(service, "Hello.")
    await service.stop(1)
    await soon(lambda: not [t for t in set(threading.enumerate()) - before if t.name.startswith(("speech", "engine"))])

"""Engines that fail, crash, hang or talk nonsense: who is told, and that everybody else goes on."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.speech.conftest import happened, soon, speak
from tests.speech.engines import PATIENCE, CrashingEngine, FailingEngine, PlainEngine
from wyoming_cosyvoice.errors import EngineError, ModelError, SynthesisTimeoutError
from wyoming_cosyvoice.speech.request import SpeechOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.speech.conftest import MakeService
    from wyoming_cosyvoice.engines.engine import JobSource, Samples, Utterance
    from wyoming_cosyvoice.speech.stream import SpeechStream


async def _read(stream: SpeechStream, heard: list[int]) -> None:
    async for chunk in stream:
        heard += [chunk.samples.size]  # not a comprehension: what came before an error counts


def _raise(error: Exception) -> Callable[[str], None]:
    def act(text: str) -> None:
        if "bad" in text:
            raise error

    return act


async def test_an_engines_error_ends_the_request_after_what_was_said_before(
    make_service: MakeService, caplog: pytest.LogCaptureFixture
) -> None:
    service = await make_service(FailingEngine(_raise(ValueError("inner detail"))))
    async with service.open(SpeechOptions(), "test") as stream:
        stream.feed("This is good. This is bad. This is never said.")
        stream.end()
        heard: list[int] = []
        with pytest.raises(EngineError, match=r"ValueError.*log"):
            await _read(stream, heard)
    assert sum(heard) > 0.4 * 16000
    assert "inner detail" in caplog.text, "the log has the trace"
    assert service.status().errors == {"engine-failed": 1}
    assert (await speak(service, "All is well.")).any()


async def test_an_error_meant_for_the_user_reaches_them_as_it_is(make_service: MakeService) -> None:
    service = await make_service(FailingEngine(_raise(ModelError("The voice file is gone", "Install it again"))))
    with pytest.raises(ModelError, match="Install it again"):
        await speak(service, "This is bad.")


async def test_a_crash_fails_what_was_begun_and_the_engine_is_started_again(make_service: MakeService) -> None:
    service = await make_service(CrashingEngine(_raise(RuntimeError("boom"))))
    for _ in range(2):
        with pytest.raises(EngineError, match="crashed"):
            await speak(service, "This is bad.")
        assert (await speak(service, "All is well.")).any()
    assert service.status().failures == {}


async def test_an_engine_that_crashes_again_and_again_is_given_up(make_service: MakeService) -> None:
    service = await make_service(CrashingEngine(_raise(RuntimeError("boom"))))
    for _ in range(3):
        with pytest.raises(EngineError):
            await speak(service, "This is bad.")
    await soon(lambda: "plain" in service.status().failures)
    with pytest.raises(EngineError, match=r"again and again.*Restart"):
        service.open(SpeechOptions(), "test")


async def test_an_engine_that_returns_unasked_is_started_again(make_service: MakeService) -> None:
    class Lazy(PlainEngine):
        """Says one utterance and goes home."""

        def serve(self, jobs: JobSource) -> None:
            job = jobs.take(wait=True)
            if job is not None:
                for block in self.synthesize(job):
                    job.emit(block)
                job.finish()

    service = await make_service(Lazy())
    assert (await speak(service, "One is here. Two is here.")).size > 16000
    assert (await speak(service, "Three is here.")).any()


async def test_an_engine_that_never_begins_fails_all_who_wait(make_service: MakeService) -> None:
    class Dead(PlainEngine):
        """Can't even start."""

        def serve(self, jobs: JobSource) -> None:
            raise RuntimeError("no")

    service = await make_service(Dead())
    await soon(lambda: bool(service.status().failures))
    with pytest.raises(EngineError):
        service.open(SpeechOptions(), "test")


async def test_a_clause_that_takes_too_long_is_given_up_and_the_engine_goes_on(make_service: MakeService) -> None:
    class Slow(PlainEngine):
        """Takes for ever over what is bad, but looks whether it is still wanted."""

        def blocks(self, utterance: Utterance) -> Iterator[Samples]:
            if "bad" in utterance.spans[0].spoken:
                while True:
                    threading.Event().wait(0.01)
                    yield np.zeros(0, dtype=np.float32)
            yield from super().blocks(utterance)

    service = await make_service(Slow(), clause_timeout=0.2)
    with pytest.raises(SynthesisTimeoutError, match=r"0\.2 s"):
        await speak(service, "This is bad.")
    assert (await speak(service, "All is well.")).any()
    assert service.status().errors == {"timeout": 1}


async def test_a_hanging_engine_fails_those_behind_it_and_is_used_again_when_it_answers(
    make_service: MakeService,
) -> None:
    hangs = threading.Event()
    engine = FailingEngine(lambda text: None if "bad" not in text else _wait(hangs))
    service = await make_service(engine, clause_timeout=0.2)
    begun = asyncio.ensure_future(speak(service, "This is bad.", client="a"))
    await soon(lambda: service.status().running == 1)
    behind = asyncio.ensure_future(speak(service, "I wait behind.", client="b"))
    with pytest.raises(SynthesisTimeoutError):
        await begun
    with pytest.raises(EngineError, match="does not answer"):
        await behind
    with pytest.raises(EngineError, match="does not answer"):
        service.open(SpeechOptions(), "c")
    hangs.set()
    await soon(lambda: not service.status().failures)
    assert (await speak(service, "All is well.")).any()


def _wait(event: threading.Event) -> None:
    assert event.wait(PATIENCE)


@pytest.mark.parametrize("nonsense", [float("nan"), float("inf")])
async def test_samples_that_are_no_numbers_are_an_error(make_service: MakeService, nonsense: float) -> None:
    class Broken(PlainEngine):
        """Overflows."""

        def blocks(self, utterance: Utterance) -> Iterator[Samples]:
            yield np.full(1000, nonsense, dtype=np.float32)
            yield from super().blocks(utterance)

    service = await make_service(Broken())
    with pytest.raises(EngineError, match="not numbers"):
        await speak(service, "Hello.")


async def test_an_engine_that_runs_away_is_stopped(make_service: MakeService) -> None:
    class Endless(PlainEngine):
        """Never comes to an end."""

        def blocks(self, utterance: Utterance) -> Iterator[Samples]:
            while True:
                yield np.full(16000 * 10, 0.1, dtype=np.float32)

    service = await make_service(Endless())
    with pytest.raises(EngineError, match="come to an end"):
        await speak(service, "Hello.")
    await soon(lambda: service.status().running == 0)


async def test_samples_in_other_shapes_and_types_are_taken(make_service: MakeService) -> None:
    class Odd(PlainEngine):
        """Emits [1, n] float64."""

        def blocks(self, utterance: Utterance) -> Iterator[Samples]:
            for block in super().blocks(utterance):
                yield block[None, :].astype(np.float64)

    odd, plain = await make_service(Odd()), await make_service(PlainEngine())
    np.testing.assert_array_equal(await speak(odd, "Hello."), await speak(plain, "Hello."))


async def test_a_failing_engine_does_not_touch_another(make_service: MakeService) -> None:
    from tests.speech.engines import voice  # noqa: PLC0415

    bad = CrashingEngine(_raise(RuntimeError("boom")))
    good = PlainEngine(voice("other"), name="other")
    service = await make_service(bad, good)
    await happened(bad.serving)
    for _ in range(3):
        with pytest.raises(EngineError):
            await speak(service, "This is bad.")
    assert (await speak(service, "This is bad.", voice="other")).any()

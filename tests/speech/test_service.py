"""A request becomes audio: what is said, how loud, how fast, with which pauses, at which rate."""

from __future__ import annotations

import asyncio
import itertools
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.speech.conftest import speak
from tests.speech.engines import PlainEngine, voice
from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.engines.registry import Engines
from wyoming_cosyvoice.engines.tone import ToneEngine
from wyoming_cosyvoice.errors import (
    BadRequestError,
    BusyError,
    NoVoiceError,
    SpeechError,
    TextTooLongError,
    UnknownVoiceError,
)
from wyoming_cosyvoice.speech.plan import Planner
from wyoming_cosyvoice.speech.request import SpeechOptions
from wyoming_cosyvoice.speech.service import SpeechService

if TYPE_CHECKING:
    from pathlib import Path

    from tests.speech.conftest import MakeService
    from wyoming_cosyvoice.audio.pcm import Pcm
    from wyoming_cosyvoice.engines.engine import JobSource
    from wyoming_cosyvoice.text.clause import Clause

LIVELY = "Hello there. 你好，我是小明。Is it 3 o'clock? はい、そうです。"


async def test_a_text_is_spoken_in_order(make_service: MakeService) -> None:
    engine = PlainEngine()
    service = await make_service(engine)
    samples = await speak(service, "One is first. ", "Two is second. ", "Three.")
    assert engine.heard == ["One is first.", "Two is second.", "Three."]
    assert samples.size > 3 * 0.5 * 16000


async def test_nothing_to_say_is_a_short_silence(make_service: MakeService) -> None:
    service = await make_service(PlainEngine())
    for text in ("", "...", "\n", "🎉"):
        samples = await speak(service, text)
        assert samples.size == 1600
        assert not samples.any()


async def test_the_chunks_have_the_configured_size_and_the_last_the_rest(make_service: MakeService) -> None:
    service = await make_service(PlainEngine(), samples_per_chunk=640)
    async with service.open(SpeechOptions(), "test") as stream:
        stream.feed("Hello.")
        stream.end()
        chunks = [chunk async for chunk in stream]
    assert {chunk.samples.size for chunk in chunks[:-1]} == {640}
    assert 0 < chunks[-1].samples.size <= 640
    assert {chunk.rate for chunk in chunks} == {stream.rate} == {16000}


async def test_audio_comes_before_the_text_is_over(make_service: MakeService) -> None:
    service = await make_service(PlainEngine())
    async with service.open(SpeechOptions(), "test") as stream:
        stream.feed("It is ready now. And the next sentence has only just")
        assert (await anext(stream)).samples.any()


def _in_pieces(text: str, cuts: list[int]) -> list[str]:
    edges = [0, *sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]
    return [text[begin:end] for begin, end in itertools.pairwise(edges)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.one_of(st.text(max_size=60), st.just(LIVELY)),
    cuts=st.lists(st.integers(0, 1000), max_size=12),
    pauses=st.booleans(),
)
def test_any_cutting_of_a_text_gives_identical_audio(tmp_path: Path, text: str, cuts: list[int], pauses: bool) -> None:
    async def both() -> tuple[Pcm, Pcm]:
        results = []
        for pieces in ([text], _in_pieces(text, cuts)):
            config = Config(data_dir=tmp_path, cache_memory=0)
            service = SpeechService(Engines([PlainEngine(seconds=0.05)]), config)
            await service.start()
            async with service.open(SpeechOptions(sample_rate=22050, volume=1.7), "test") as stream:
                reader = asyncio.ensure_future(_collect(stream))
                for piece in pieces:
                    stream.feed(piece)
                    await asyncio.sleep(0.001 if pauses else 0)
                stream.end()
                results.append(await reader)
            await service.stop(0)
        return results[0], results[1]

    whole, cut = asyncio.run(both())
    np.testing.assert_array_equal(whole, cut)


async def _collect(stream: Any) -> Pcm:
    return np.concatenate([chunk.samples async for chunk in stream])


async def test_sentences_and_clauses_have_their_pauses(make_service: MakeService) -> None:
    text = "好的，客厅的灯已经打开了，现在关上窗户。谢谢。"
    service = await make_service(PlainEngine(), sentence_silence=0.0)
    bare = await speak(service, text)
    clauses = [clause.ends_sentence for clause in await service.explain(text, SpeechOptions())]
    assert clauses == [False, True, True]
    longer = await speak(service, text, sentence_silence=1.0)
    # one pause between sentences, one inside; none after the last
    assert (longer.size - bare.size) / 16000 == pytest.approx(1.0 + 0.1, abs=1e-3)


async def test_the_default_language_decides_only_where_the_text_does_not(make_service: MakeService) -> None:
    service = await make_service(ToneEngine())
    read = {}
    for text in ("東京", "東京タワー", "Good morning", "你们好吗"):
        (clause,) = await service.explain(text, SpeechOptions(default_language="ja"))
        read[text] = clause.spans[0].language
    assert read == {"東京": "ja", "東京タワー": "ja", "Good morning": "en", "你们好吗": "zh"}


async def test_speed_changes_the_length_and_volume_the_level(make_service: MakeService) -> None:
    service = await make_service(PlainEngine(level=0.02))
    plain = await speak(service, "Hello.")
    fast = await speak(service, "Hello.", speed=2.0)
    assert fast.size < 0.65 * plain.size
    loud = await speak(service, "Hello.", volume=2.0)
    np.testing.assert_allclose(loud, 2.0 * plain, atol=2)
    assert not (await speak(service, "Hello.", volume=0.0)).any()


async def test_the_loudest_volume_does_not_wrap(make_service: MakeService) -> None:
    service = await make_service(PlainEngine(level=0.3))
    plain = await speak(service, "Hello.")
    loud = await speak(service, "Hello.", volume=4.0)
    assert np.all(np.sign(loud[np.abs(plain) > 100]) == np.sign(plain[np.abs(plain) > 100]))
    assert np.abs(loud.astype(int)).max() > 30000


async def test_a_volume_that_is_a_little_too_loud_is_bent_and_not_cut_flat(make_service: MakeService) -> None:
    service = await make_service(PlainEngine(level=0.1))
    loud = np.abs((await speak(service, "Hello.", volume=4.0)).astype(int))
    assert 32_000 < loud.max() < 32_767


async def test_the_sample_rate_is_what_was_asked_for(make_service: MakeService) -> None:
    service = await make_service(PlainEngine(seconds=2.0))
    native = await speak(service, "Hello.")
    async with service.open(SpeechOptions(sample_rate=48000), "test") as stream:
        stream.feed("Hello.")
        stream.end()
        chunks = [chunk async for chunk in stream]
    assert {chunk.rate for chunk in chunks} == {48000}
    assert sum(chunk.samples.size for chunk in chunks) == pytest.approx(3 * native.size, abs=3)


async def test_style_seed_speed_and_speaker_reach_the_engine(make_service: MakeService) -> None:
    engine = PlainEngine(voice("v", speakers=("anna", "ben")))
    service = await make_service(engine)
    await speak(service, "Hello.", style="calm", speed=1.5, speaker="ben")
    (said,) = engine.utterances
    assert (said.voice, said.style, said.speed, said.options) == ("v", "calm", 1.5, {"speaker": "ben"})


async def test_the_seed_of_an_utterance_is_a_function_of_the_request(make_service: MakeService) -> None:
    engine = PlainEngine()
    service = await make_service(engine, cache_memory=0)
    for seed, text in ((None, "Hello."), (None, "Hello."), (7, "Hello."), (7, "Goodbye."), (None, "Um. Hello.")):
        await speak(service, text, seed=seed)
    seeds = {(said.spans[0].spoken, index): said.seed for index, said in enumerate(engine.utterances)}
    again = [seed for (text, _), seed in seeds.items() if text == "Hello."]
    assert again[0] == again[1] == again[3], "neither time nor place in the text changes it"
    assert again[2] != again[0]
    assert len(set(seeds.values())) == 4


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"speed": 0.4}, r"speed.*0\.5 to 2\.0"),
        ({"speed": float("nan")}, "speed"),
        ({"speed": True}, "speed"),
        ({"speed": "fast"}, "speed.*'fast'"),
        ({"volume": 4.1}, r"volume.*0\.0 to 4\.0"),
        ({"volume": -1}, "volume"),
        ({"sentence_silence": 11}, r"sentence_silence.*0\.0 to 10\.0"),
        ({"seed": -1}, "seed.*0 to 4294967295"),
        ({"seed": 1.5}, "seed.*whole"),
        ({"sample_rate": 4000}, "sample_rate.*8000 to 48000"),
        ({"style": "x" * 501}, "style.*500"),
    ],
)
async def test_a_wrong_option_is_refused_by_name_and_range(
    make_service: MakeService, options: dict[str, Any], names: str
) -> None:
    service = await make_service(PlainEngine())
    with pytest.raises(BadRequestError, match=names):
        service.open(SpeechOptions(**options), "test")
    assert service.status().errors == {"bad-request": 1}
    assert service.status().open_streams == 0


async def test_an_unknown_voice_and_no_voice_at_all(make_service: MakeService) -> None:
    service = await make_service(PlainEngine())
    with pytest.raises(UnknownVoiceError, match="plain"):
        service.open(SpeechOptions(voice="nobody"), "test")
    with pytest.raises(UnknownVoiceError, match="no speaker 'nobody'"):
        service.open(SpeechOptions(speaker="nobody"), "test")
    empty = await make_service()
    with pytest.raises(NoVoiceError, match="models install"):
        empty.open(SpeechOptions(), "test")


async def test_a_text_that_is_too_long_is_refused_and_what_came_before_is_not_lost(make_service: MakeService) -> None:
    service = await make_service(PlainEngine(), max_text_length=20)
    async with service.open(SpeechOptions(), "test") as stream:
        stream.feed("Twelve chars")
        with pytest.raises(TextTooLongError, match="20"):
            stream.feed("and nine more")
        stream.end()
        assert [chunk async for chunk in stream]
    with pytest.raises(TextTooLongError, match="20"):
        await service.explain("x" * 21, SpeechOptions())


async def test_planning_does_not_hold_the_loop(make_service: MakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = set()
    feed = Planner.feed

    def noted(planner: Planner, text: str) -> list[Clause]:
        threads.add(threading.current_thread())
        return feed(planner, text)

    monkeypatch.setattr(Planner, "feed", noted)
    service = await make_service(PlainEngine())
    await speak(service, "Hello.")
    await service.explain("Hello.", SpeechOptions())
    assert threads
    assert threading.current_thread() not in threads


async def test_a_book_is_planned_in_slices_so_that_its_beginning_is_not_late(make_service: MakeService) -> None:
    engine = PlainEngine(seconds=0.01)
    service = await make_service(engine)
    book = " ".join(f"This is sentence number {number}." for number in range(500))
    assert len(await service.explain(book, SpeechOptions())) == 500
    async with service.open(SpeechOptions(), "test") as stream:
        stream.feed(book)
        stream.end()
        await anext(stream)
        assert stream.report.clauses < 100
        async for _ in stream:
            pass
    assert stream.report.clauses == 500
    assert engine.heard[-1].startswith("This is sentence number ")


async def test_the_audio_of_one_request_is_bounded(make_service: MakeService) -> None:
    service = await make_service(PlainEngine(seconds=0.9), max_audio=2.0)
    with pytest.raises(TextTooLongError, match="2 seconds of audio"):
        await speak(service, "One is here. Two is here. Three is here. Four is here.")
    assert service.status().open_streams == 0


async def test_the_queue_is_bounded_and_says_when_to_come_back(make_service: MakeService) -> None:
    service = await make_service(PlainEngine(), max_queue=2)
    async with service.open(SpeechOptions(), "a"), service.open(SpeechOptions(), "b"):
        with pytest.raises(BusyError) as refused:
            service.open(SpeechOptions(), "c")
        assert 1 <= refused.value.retry_after <= 60
    assert (await speak(service, "Now there is room.")).any()
    assert service.status().errors == {"busy": 1}


async def test_the_tone_engine_speaks_through_it(make_service: MakeService) -> None:
    service = await make_service(ToneEngine())
    assert np.abs(await speak(service, "Hello world.")).max() > 3000


async def test_the_report_and_the_status_count(make_service: MakeService) -> None:
    service = await make_service(PlainEngine())
    for _ in range(2):
        async with service.open(SpeechOptions(), "test") as stream:
            stream.feed("One is here. Two is here.")
            stream.end()
            samples = sum([chunk.samples.size async for chunk in stream])
    report = stream.report
    assert (report.clauses, report.cached_clauses, report.characters) == (2, 2, 25)
    assert (report.voice, report.engine) == ("plain", "plain")
    assert report.audio_seconds == samples / 16000
    assert 0 < report.first_audio_seconds <= report.total_seconds
    status = service.status()
    assert (status.requests, status.cancelled, status.clauses, status.cached_clauses) == (2, 0, 4, 2)
    assert (status.cache.hits, status.cache.misses, status.cache.entries) == (2, 2, 2)
    assert status.engines == {"plain": {"heard": 2.0}}
    assert status.real_time_factor > 0
    assert status.first_audio_seconds > 0
    assert status.open_streams == status.queued == status.running == 0


async def test_the_log_has_the_figures_and_never_the_text(
    make_service: MakeService, caplog: pytest.LogCaptureFixture
) -> None:
    service = await make_service(PlainEngine())
    with caplog.at_level("INFO"):
        await speak(service, "My secret is 42.", client="192.0.2.1")
    (line,) = [record.getMessage() for record in caplog.records if record.name.endswith("speech.service")]
    assert "192.0.2.1: 16 characters in 1 clauses (0 cached) by plain" in line
    assert "secret" not in caplog.text


async def test_reading_on_after_the_end_or_an_error_does_not_hang(make_service: MakeService) -> None:
    service = await make_service(PlainEngine(), max_audio=1.0)
    async with service.open(SpeechOptions(), "test") as stream:
        stream.end()
        assert len([chunk async for chunk in stream]) == 2
        assert [chunk async for chunk in stream] == []
    async with service.open(SpeechOptions(), "test") as stream:
        stream.feed("One is here. Two is here. Three is here.")
        stream.end()
        for _ in range(2):
            with pytest.raises(SpeechError, match="seconds of audio"):
                await _collect(stream)


class DawdlingEngine(PlainEngine):
    """Does not come back for more work when it has said something."""

    def __init__(self) -> None:
        super().__init__()
        self.back = threading.Event()

    def serve(self, jobs: JobSource) -> None:
        while (job := jobs.take(wait=True)) is not None:
            for samples in self.synthesize(job):
                job.emit(samples)
            job.finish()
            self.back.wait(30)


async def test_the_time_of_what_was_just_heard_counts(make_service: MakeService) -> None:
    engine = DawdlingEngine()
    service = await make_service(engine)
    assert service.status().real_time_factor == 0
    await speak(service, "Hello there.")
    assert service.status().real_time_factor > 0
    engine.back.set()

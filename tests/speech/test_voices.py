"""Which voice says what: the default, the language's, mixed text, and one loudness for all."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.speech.conftest import happened, soon, speak
from tests.speech.engines import FailingEngine, GatedEngine, PlainEngine, voice
from wyoming_cosyvoice.audio.loudness import loudness
from wyoming_cosyvoice.audio.pcm import to_float
from wyoming_cosyvoice.engines.engine import REFERENCE_LOUDNESS
from wyoming_cosyvoice.engines.registry import Engines
from wyoming_cosyvoice.speech.request import SpeechOptions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.speech.conftest import MakeService
    from wyoming_cosyvoice.engines.engine import Engine

MIXED = "打开 living room 的灯。"


def _two_engines() -> tuple[PlainEngine, PlainEngine]:
    chinese = PlainEngine(voice("zh_f", "zh"), voice("zh_m", "zh", gender="male"), name="first", rate=24000)
    english = PlainEngine(
        voice("en_m", "en", gender="male"), voice("en_f", "en"), voice("ja_f", "ja", "en"), name="second", rate=16000
    )
    return chinese, english


def _said(*engines: PlainEngine) -> list[tuple[str, str]]:
    return [(item.voice, "".join(s.spoken for s in item.spans).strip()) for e in engines for item in e.utterances]


async def test_the_same_voice_says_all_of_a_mixed_text(make_service: MakeService) -> None:
    chinese, english = _two_engines()
    service = await make_service(chinese, english)
    await speak(service, MIXED, voice="zh_f")
    assert [name for name, _ in _said(chinese, english)] == ["zh_f"]
    assert len(chinese.utterances[0].spans) == 3


async def test_the_best_voice_of_the_same_gender_says_foreign_words(make_service: MakeService) -> None:
    chinese, english = _two_engines()
    service = await make_service(chinese, english, mixed="best-voice")
    for lead, helper in (("zh_f", "en_f"), ("zh_m", "en_m")):
        samples = await speak(service, MIXED, voice=lead)
        assert [name for name, _ in _said(chinese)][-2:] == [lead, lead]
        assert _said(english)[-1] == (helper, "living room")
        assert samples.size == pytest.approx((3 * 0.57) * 24000, rel=0.01), "all at the lead's rate"


async def test_a_language_nobody_speaks_stays_with_the_lead(make_service: MakeService) -> None:
    chinese, english = _two_engines()
    service = await make_service(chinese, english, mixed="best-voice")
    await speak(service, "안녕하세요.", voice="zh_f")
    assert [name for name, _ in _said(chinese, english)] == ["zh_f"]


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("你好。Hello.", "zh_f"),
        ("Hello there. 你好。", "en_f"),
        ("はい、そうです。", "ja_f"),
        ("请打开Living Room的灯，谢谢。", "zh_f"),
        ("请播放Taylor Swift的Love Story。", "zh_f"),
        ("Living Roomの電気をつけて。", "ja_f"),
        ("Play 夜曲 by Jay Chou in the living room.", "en_f"),
    ],
)
async def test_without_a_voice_or_language_the_first_clauses_language_chooses(
    make_service: MakeService, text: str, speaker: str
) -> None:
    chinese, english = _two_engines()
    service = await make_service(chinese, english)
    async with service.open(SpeechOptions(), "test") as stream:
        assert (stream.voice.id, stream.rate) == ("zh_f", 24000)
        stream.feed(text)
        stream.end()
        chunks = [chunk async for chunk in stream]
        assert stream.voice.id == stream.report.voice == speaker
    assert {name for name, _ in _said(chinese, english)} == {speaker}
    assert {chunk.rate for chunk in chunks} == {24000}, "the rate was promised before the text was known"


async def test_a_configured_voice_or_a_language_is_not_overruled(make_service: MakeService) -> None:
    chinese, english = _two_engines()
    service = await make_service(chinese, english, voice="zh_m")
    await speak(service, "Hello.")
    await speak(service, "你好。", language="en")
    assert [name for name, _ in _said(chinese, english)] == ["zh_m", "en_m"]


async def test_one_rate_for_a_stream_of_several_engines(make_service: MakeService) -> None:
    chinese, english = _two_engines()
    service = await make_service(chinese, english, mixed="best-voice")
    async with service.open(SpeechOptions(sample_rate=22050, voice="en_f"), "test") as stream:
        stream.feed(MIXED)
        stream.end()
        assert {chunk.rate async for chunk in stream} == {22050}


def _level(samples: np.ndarray, rate: int = 16000) -> float:
    return loudness(to_float(samples), rate)


async def _levels(make_service: MakeService, loud: float | None, soft: float | None) -> tuple[float, float]:
    engine = PlainEngine(voice("loud", loudness=loud), name="loud", seconds=3.0, level=0.2)
    quiet = PlainEngine(voice("soft", loudness=soft), name="soft", seconds=3.0, level=0.05)
    service = await make_service(engine, quiet)
    return _level(await speak(service, "Hello.", voice="loud")), _level(await speak(service, "Hello.", voice="soft"))


async def test_voices_that_come_with_their_loudness_sound_equally_loud(make_service: MakeService) -> None:
    plain = await _levels(make_service, REFERENCE_LOUDNESS, REFERENCE_LOUDNESS)
    assert plain[0] - plain[1] == pytest.approx(12, abs=0.5), "12 dB apart as they are"
    levelled = await _levels(make_service, plain[0], plain[1])
    assert levelled[0] == pytest.approx(levelled[1], abs=1.0)
    assert levelled[0] == pytest.approx(REFERENCE_LOUDNESS, abs=1.0)


async def test_voices_of_unknown_loudness_are_measured_first(make_service: MakeService) -> None:
    loud, soft = await _levels(make_service, None, None)
    assert loud == pytest.approx(soft, abs=1.0)
    assert loud == pytest.approx(REFERENCE_LOUDNESS, abs=1.0)


async def test_a_voice_is_measured_once_and_remembered_over_restarts(make_service: MakeService) -> None:
    audio = []
    for measured in (True, False):
        engine = PlainEngine(voice("new", "ja", loudness=None))
        service = await make_service(engine)
        audio.append(await asyncio.gather(*(speak(service, text) for text in ("はい。", "いいえ。"))))
        assert len(engine.heard) == 2 + measured
        await service.stop(1)
    for before, after in zip(*audio, strict=True):
        np.testing.assert_array_equal(before, after)


async def test_voices_of_unknown_loudness_are_measured_while_nobody_asks(make_service: MakeService) -> None:
    engine = PlainEngine(voice("a", loudness=None), voice("b", loudness=None), voice("c"))
    service = await make_service(engine)
    service.measure_voices()
    await soon(lambda: engine.metrics()["heard"] == 2 and service.status().running == 0)
    assert [said.voice for said in engine.utterances] == ["a", "b"]
    other = PlainEngine(voice("d", loudness=None))
    service.replace_engines(Engines([other]))
    await soon(lambda: [said.voice for said in other.utterances] == ["d"])


async def test_stopping_does_not_wait_for_a_measurement(make_service: MakeService) -> None:
    engine = GatedEngine(voice("new", loudness=None))
    service = await make_service(engine)
    service.measure_voices()
    await happened(engine.began)
    await service.stop(0)
    assert engine.closed.is_set()


@pytest.mark.parametrize("content", ["", "[1]", '{"a": "b"}', "\x00", '{"plain 1 new": NaN}'])
async def test_a_damaged_file_of_levels_is_measured_anew(
    make_service: MakeService, tmp_path: Path, content: str
) -> None:
    (tmp_path / "levels.json").write_text(content)
    engine = PlainEngine(voice("new", loudness=None))
    service = await make_service(engine)
    await speak(service, "Hello.")
    assert len(engine.heard) == 2
    assert len(json.loads((tmp_path / "levels.json").read_text())) == 1


async def test_a_voice_that_can_not_be_measured_is_taken_as_it_is(
    make_service: MakeService, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Unmeasured(FailingEngine):
        """Fails with the sentence that is measured."""

        def __init__(self) -> None:
            super().__init__(self._fail)
            self.voices = (voice("new", loudness=None),)

        @staticmethod
        def _fail(text: str) -> None:
            if text != "Hello.":
                raise RuntimeError("no")

    service = await make_service(Unmeasured())
    plain = await make_service(PlainEngine(voice("new")))
    for _ in range(2):
        np.testing.assert_array_equal(await speak(service, "Hello."), await speak(plain, "Hello."))
    assert caplog.text.count("can't be measured") == 1
    assert not (tmp_path / "levels.json").exists(), "the next start tries again"


async def test_explain_shows_the_clauses(make_service: MakeService) -> None:
    engines: tuple[Engine, ...] = _two_engines()
    service = await make_service(*engines)
    clauses = await service.explain("Hello. 你好。", SpeechOptions())
    assert [[span.language for span in clause.spans] for clause in clauses] == [["en"], ["zh"]]


async def test_two_models_with_a_voice_of_one_name(make_service: MakeService) -> None:
    # CosyVoice and the starter both have a zh_female_1, and a house may use both
    better, starter = PlainEngine(voice("zh_f", "zh"), name="better"), PlainEngine(voice("zh_f", "zh"), name="starter")
    service = await make_service(better, starter)
    assert [named.id for _, named in service.engines.voices] == ["zh_f", "starter/zh_f"]
    for name in ("zh_f", "better/zh_f", "starter/zh_f", "Starter/ZH_F"):
        await speak(service, f"{name} 说话。", voice=name)
    assert (len(better.utterances), len(starter.utterances)) == (2, 2)
    assert {said.voice for said in starter.utterances} == {"zh_f"}, "an engine knows its voices by their own names"


def test_the_same_model_twice_adds_no_voice() -> None:
    engines = Engines([PlainEngine(voice("zh_f", "zh")), PlainEngine(voice("zh_f", "zh"))])
    ids = [named.id for _, named in engines.voices]
    assert len(ids) == len(set(ids))
    assert {engines.find(name)[1].id for name in ids} == set(ids)

"""The engine through its contract, with the tiny model."""

import dataclasses
import math
import shutil
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from wyoming_cosyvoice.engines.cosyvoice import CosyVoice, load
from wyoming_cosyvoice.engines.cosyvoice import model as loading
from wyoming_cosyvoice.engines.cosyvoice.chunking import UPSTREAM, WHOLE
from wyoming_cosyvoice.engines.cosyvoice.decoding import DecodeBatch
from wyoming_cosyvoice.engines.cosyvoice.engine import CosyVoiceEngine, EngineSettings
from wyoming_cosyvoice.engines.cosyvoice.kernel import open_kernel
from wyoming_cosyvoice.engines.cosyvoice.kernel.decoder import AVX2, VNNI
from wyoming_cosyvoice.engines.cosyvoice.pacing import HoldBack, Pace
from wyoming_cosyvoice.engines.cosyvoice.performance import Performance
from wyoming_cosyvoice.engines.cosyvoice.schedule import QUALITIES, FlowPlan, euler
from wyoming_cosyvoice.engines.engine import Utterance
from wyoming_cosyvoice.engines.registry import Engines
from wyoming_cosyvoice.errors import BadRequestError
from wyoming_cosyvoice.text.clause import Language, Span

Floats = NDArray[np.float32]


def utterance(text: str, language: Language = "zh", **changes: Any) -> Utterance:
    return dataclasses.replace(Utterance((Span(language, text, text),), "zh_female_1"), **changes)


class Recorder:
    """A job that keeps what it is given."""

    def __init__(self, utterance: Utterance) -> None:
        self.utterance = utterance
        self.cancelled = False
        self.blocks: list[Floats] = []
        self.error: Exception | None = None
        self.ways = 0
        self.finished = 0
        self.on_way: Callable[[], None] = lambda: None
        self.on_emit: Callable[[], None] = lambda: None

    def under_way(self) -> None:
        self.ways += 1
        self.on_way()

    def emit(self, samples: Floats) -> None:
        self.blocks.append(samples)
        self.on_emit()

    def finish(self) -> None:
        self.finished += 1

    def fail(self, error: Exception) -> None:
        self.error = error

    @property
    def samples(self) -> Floats:
        return np.concatenate([np.empty(0, np.float32), *self.blocks])


class Jobs:
    """Hands out jobs; those of `later` only after so many asks."""

    def __init__(self, *jobs: Recorder, later: tuple[tuple[int, Recorder], ...] = ()) -> None:
        self._ready = list(jobs)
        self._later = list(later)
        self._asked = 0

    def take(self, *, wait: bool) -> Recorder | None:
        self._asked += 1
        while self._later and (wait or self._later[0][0] <= self._asked):
            self._ready.append(self._later.pop(0)[1])
        return self._ready.pop(0) if self._ready else None

    def quiet(self, seconds: float) -> bool:
        return False


@pytest.fixture(scope="module")
def engine(model: CosyVoice) -> CosyVoiceEngine:
    return CosyVoiceEngine(model)


def speak(engine: CosyVoiceEngine, *utterances: Utterance) -> list[Recorder]:
    jobs = [Recorder(item) for item in utterances]
    engine.serve(Jobs(*jobs))
    return jobs


def test_an_utterance_becomes_samples(engine: CosyVoiceEngine) -> None:
    (job,) = speak(engine, utterance("你好，我是语音助手。"))
    assert (job.finished, job.error) == (1, None)
    assert job.samples.dtype == np.float32
    assert np.isfinite(job.samples).all()
    assert np.abs(job.samples).max() <= 1
    assert len(job.samples) % 256 == 0
    # 11 text ids: between 22 and 220 speech tokens of 20 ms each
    assert 0.4 < len(job.samples) / engine.sample_rate < 4.5
    totals = engine.metrics()
    assert totals["audio_seconds"] > 0.4
    assert {"prefill_seconds", "decode_seconds", "flow_seconds", "vocoder_seconds", "tokens"} <= totals.keys()


def test_the_same_seed_gives_the_same_samples(engine: CosyVoiceEngine) -> None:
    first, second, other = speak(
        engine, utterance("打开灯。", seed=7), utterance("打开灯。", seed=7), utterance("打开灯。", seed=8)
    )
    np.testing.assert_array_equal(first.samples, second.samples)
    assert not np.array_equal(first.samples[:5000], other.samples[:5000])


def test_neighbours_in_the_batch_change_nothing(engine: CosyVoiceEngine) -> None:
    said = [
        utterance("你好，我是语音助手。", seed=1),
        utterance("Hello, the kitchen light is on.", "en", voice="en_male_1", seed=2),
        utterance("今日はとてもいい天気ですね。", "ja", voice="ja_male_1", seed=3),
        utterance("好。", seed=4),
        utterance("안녕하세요.", "ko", voice="ko_female_1", seed=5),
        utterance("客厅温度是二十二度。", seed=6, speed=1.3),
    ]
    alone = [speak(engine, item)[0] for item in said]
    jobs = [Recorder(item) for item in said]
    engine.serve(Jobs(*jobs[:3], later=((5, jobs[3]), (9, jobs[4]), (40, jobs[5]))))
    for job, reference in zip(jobs, alone, strict=True):
        assert job.error is None
        assert job.finished == 1
        np.testing.assert_array_equal(job.samples, reference.samples)


def test_chunks_leave_before_the_utterance_ends(model: CosyVoice) -> None:
    engine = CosyVoiceEngine(model)
    text = "收到好友从远方寄来的生日礼物，那份意外的惊喜与深深的祝福让我心中充满了甜蜜的快乐。"
    (job,) = speak(engine, utterance(text))
    assert len(job.blocks) >= 3
    # 70 tokens are 120 frames; 34 of them overlap
    assert len(job.blocks[0]) == 256 * (120 - 34)
    (whole,) = speak(CosyVoiceEngine(model, EngineSettings(chunking=WHOLE)), utterance(text))
    assert len(whole.blocks) == 1
    # each cut may lose a fraction of a frame
    assert abs(len(whole.samples) - len(job.samples)) <= 256 * len(job.blocks)


@pytest.mark.skipif(open_kernel() is None, reason="no kernel: no C compiler at installation, or no AVX2")
def test_a_quick_processor_is_heard_after_fewer_tokens(tiny_int8_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, first, revisions = (
        "收到好友从远方寄来的生日礼物，那份意外的惊喜与深深的祝福让我心中充满了甜蜜的快乐。",
        [],
        [],
    )
    best = open_kernel()
    assert best is not None
    for vectors, threads in ((AVX2, 2), (best[1], 1), (best[1], 2)):
        monkeypatch.setattr(loading, "open_kernel", partial(open_kernel, vectors))
        engine = CosyVoiceEngine(load(tiny_int8_bundle, threads))
        (job,) = speak(engine, utterance(text))
        first.append(len(job.blocks[0]) // 256)
        revisions.append(engine.revision)
    # of 70 tokens 120 frames, of 45 tokens 77, and 34 of them overlap
    assert first == [86, 86, 43 if best[1] >= VNNI else 86]
    assert (revisions[2] == revisions[0]) is (best[1] < VNNI)


def test_what_nobody_waits_for_is_cut_late(engine: CosyVoiceEngine) -> None:
    text = "收到好友从远方寄来的生日礼物，那份意外的惊喜与深深的祝福让我心中充满了甜蜜的快乐。"
    awaited, later = speak(engine, utterance(text), utterance(text, awaited=False))
    assert engine.hastens
    assert (awaited.ways, later.ways) == (1, 1)
    assert len(later.blocks) < len(awaited.blocks)
    # 142 tokens are 244 frames; 34 of them overlap
    assert len(later.blocks[0]) == 256 * (244 - 34)


def test_others_may_begin_while_the_first_sound_is_kept_back(
    engine: CosyVoiceEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HoldBack, "_wait", lambda *_: math.inf)
    job = Recorder(utterance("收到好友从远方寄来的生日礼物，那份意外的惊喜与深深的祝福让我心中充满了甜蜜的快乐。"))
    made: dict[str, float] = {}
    before = engine.metrics().get("audio_seconds", 0.0)

    def note(moment: str) -> None:
        made.setdefault(moment, engine.metrics().get("audio_seconds", 0.0) - before)

    job.on_way, job.on_emit = partial(note, "under way"), partial(note, "heard")
    engine.serve(Jobs(job))
    assert made["under way"] < 1
    assert made["heard"] > 2


@pytest.mark.parametrize("swift", [False, True])
def test_others_may_begin_once_what_nobody_waits_for_is_decoded(
    engine: CosyVoiceEngine, monkeypatch: pytest.MonkeyPatch, swift: bool
) -> None:
    monkeypatch.setattr(Pace, "swift", swift)
    text = "收到好友从远方寄来的生日礼物，那份意外的惊喜与深深的祝福让我心中充满了甜蜜的快乐。"

    def done_when_under_way(*, awaited: bool) -> dict[str, float]:
        before, made = engine.metrics(), dict[str, float]()

        def note() -> None:
            made.update({name: value - before.get(name, 0) for name, value in engine.metrics().items()})

        job = Recorder(utterance(text, awaited=awaited))
        job.on_way = note
        engine.serve(Jobs(job))
        assert job.ways == 1
        return made

    awaited, later = done_when_under_way(awaited=True), done_when_under_way(awaited=False)
    assert awaited["vocoder_seconds"] > 0, "the first clause of a text is made alone until it has its first samples"
    assert later.get("vocoder_seconds", 0) == 0
    if swift:
        assert later["tokens"] == 0, "where sound is made swiftly, all clauses are decoded together"
    else:
        assert later["tokens"] >= 141, "all of the first piece but the one drawn of the prompt"


def test_other_cuts_are_another_revision(model: CosyVoice) -> None:
    revisions = {CosyVoiceEngine(model, EngineSettings(chunking=cuts)).revision for cuts in (WHOLE, UPSTREAM)}
    revisions.add(CosyVoiceEngine(model, EngineSettings(vocoder="griffin_lim")).revision)
    revisions.add(CosyVoiceEngine(model, EngineSettings(quality="fast")).revision)
    revisions.add(CosyVoiceEngine(model).revision)
    assert len(revisions) == 5


def test_a_quality_of_other_steps_is_another_revision(model: CosyVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    before = CosyVoiceEngine(model).revision
    monkeypatch.setitem(cast("dict[str, FlowPlan]", QUALITIES), "balanced", euler(4))
    assert CosyVoiceEngine(model).revision != before


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
def test_speed_changes_the_length(engine: CosyVoiceEngine, speed: float) -> None:
    text = "收到好友从远方寄来的生日礼物。"
    plain, changed = speak(engine, utterance(text), utterance(text, speed=speed))
    assert len(changed.samples) == pytest.approx(len(plain.samples) / speed, abs=256 * 3)


def test_a_cancelled_job_stops_and_the_others_go_on(engine: CosyVoiceEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HoldBack, "_wait", lambda *_: 0.0)  # two pieces that were held back leave together
    text = "收到好友从远方寄来的生日礼物，那份意外的惊喜与深深的祝福让我心中充满了甜蜜的快乐。"
    stopped, other = Recorder(utterance(text)), Recorder(utterance(text, seed=3))

    def cancel() -> None:
        stopped.cancelled = True

    stopped.on_emit = cancel
    never = Recorder(utterance(text))
    never.cancelled = True
    engine.serve(Jobs(stopped, other, never))
    (alone,) = speak(engine, utterance(text, seed=3))
    assert len(stopped.blocks) == 1
    assert (stopped.finished, never.finished, other.finished) == (1, 1, 1)
    assert not never.blocks
    np.testing.assert_array_equal(other.samples, alone.samples)


def test_cancelling_is_heard_between_two_evaluations_of_the_flow(model: CosyVoice) -> None:
    engine = CosyVoiceEngine(model)
    job = Recorder(utterance("你好，我是语音助手。"))
    evaluations = []

    def watched(feed: Any, cancelled: Callable[[], bool]) -> Any:
        evaluations.append(feed)
        job.cancelled = True
        return estimator(feed, cancelled)

    flow = model.flow
    estimator = flow._estimator
    flow._estimator = watched
    try:
        engine.serve(Jobs(job))
    finally:
        flow._estimator = estimator
    assert len(evaluations) <= 2  # one of two rows
    assert (job.finished, job.blocks) == (1, [])


def test_the_oldest_sounds_first(engine: CosyVoiceEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HoldBack, "_wait", lambda *_: 0.0)  # whose sound is held back depends on the clock
    text = "收到好友从远方寄来的生日礼物，那份意外的惊喜与深深的祝福让我心中充满了甜蜜的快乐。"
    jobs = [Recorder(utterance(text, seed=number)) for number in range(3)]
    order: list[int] = []
    for number, job in enumerate(jobs):
        job.on_emit = partial(order.append, number)
    engine.serve(Jobs(*jobs))
    assert order[0] == 0
    assert order.index(1) < order.index(2)
    assert all(job.finished == 1 for job in jobs)


def test_decoding_goes_on_while_an_utterance_sounds(model: CosyVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    # an utterance whose listener waits would have both processors
    monkeypatch.setattr(Performance, "rank", (2, 0))
    stepped = threading.Event()
    step = DecodeBatch.step

    def watched_step(batch: DecodeBatch, *args: Any, **options: Any) -> Any:
        stepped.set()
        return step(batch, *args, **options)

    monkeypatch.setattr(DecodeBatch, "step", watched_step)
    waits: list[bool] = []

    estimator = model.flow._estimator

    def patient(feed: Any, cancelled: Callable[[], bool]) -> Any:
        """Run the estimator only after the decoder has made another step, but for the last chunk's."""
        stepped.clear()
        if len(waits) < 4:
            waits.append(stepped.wait(10))
        return estimator(feed, cancelled)

    monkeypatch.setattr(model.flow, "_estimator", patient)
    job = Recorder(utterance("收到好友从远方寄来的生日礼物，那份意外的惊喜与深深的祝福让我心中充满了甜蜜的快乐。"))
    CosyVoiceEngine(model).serve(Jobs(job))
    assert (job.finished, job.error) == (1, None)
    assert waits == [True] * 4


def test_a_broken_step_fails_what_is_decoded_once(engine: CosyVoiceEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    step = DecodeBatch.step
    steps: list[None] = []

    def breaking_step(batch: DecodeBatch, *args: Any, **options: Any) -> Any:
        steps.append(None)
        if len(steps) == 60:  # in the middle of a long text, after its first chunk has begun to sound
            raise RuntimeError("out of memory")
        return step(batch, *args, **options)

    text = "收到好友从远方寄来的生日礼物，那份意外的惊喜与深深的祝福让我心中充满了甜蜜的快乐。"
    with monkeypatch.context() as patch:
        patch.setattr(DecodeBatch, "step", breaking_step)
        broken = speak(engine, utterance(text), utterance(text, seed=1))
    assert [(str(job.error), job.finished) for job in broken] == [("out of memory", 0)] * 2
    (fine,) = speak(engine, utterance(text))
    assert fine.finished == 1


def test_what_cannot_be_said_fails_alone(engine: CosyVoiceEngine) -> None:
    empty, long, fine = speak(engine, utterance(""), utterance("龘" * 300), utterance("好。"))
    assert isinstance(empty.error, BadRequestError)
    assert isinstance(long.error, BadRequestError)
    assert "too long" in str(long.error)
    assert fine.error is None
    assert fine.samples.size


def test_voices_have_ids_and_upstreams_names(engine: CosyVoiceEngine) -> None:
    voices = {voice.id: voice for voice in engine.voices}
    assert len(voices) == 7
    assert "中文女" in voices["zh_female_1"].aliases
    assert voices["yue_female_1"].languages[0] == "yue"
    assert Engines([engine]).find("韩语女")[1].id == "ko_female_1"
    for voice in engine.voices:
        assert sorted(voice.languages + voice.experimental) == ["en", "ja", "ko", "yue", "zh"]
        assert voice.gender in voice.id


def test_a_foreign_language_gets_its_tag(engine: CosyVoiceEngine) -> None:
    assert engine.explain(utterance("好", "yue")).startswith("<|yue|>好 -> 50358 ")
    assert engine.explain(utterance("好", "yue", voice="yue_female_1")).startswith("好 -> ")
    assert engine.explain(utterance("OK", "en")).startswith("OK -> ")
    mixed = Utterance((Span("zh", "请说", "请说"), Span("ja", "ありがとう", "ありがとう")), "zh_female_1")
    assert engine.explain(mixed).startswith("<|ja|>请说ありがとう")


def test_griffin_lim_speaks_whole_utterances(model: CosyVoice) -> None:
    engine = CosyVoiceEngine(model, EngineSettings(vocoder="griffin_lim"))
    plain, fast = speak(engine, utterance("你好，我是语音助手。"), utterance("你好，我是语音助手。", speed=1.5))
    assert plain.error is None
    assert np.abs(plain.samples).max() > 0
    assert len(fast.samples) == pytest.approx(len(plain.samples) / 1.5, abs=256 * 3)
    with pytest.raises(BadRequestError, match="no vocoder 'wavenet'"):
        CosyVoiceEngine(model, EngineSettings(vocoder="wavenet"))


def test_the_named_vocoders_take_a_mel(model: CosyVoice) -> None:
    mel = np.random.RandomState(0).standard_normal((80, 12)).astype(np.float32) - 4
    assert {name: vocoder(mel).shape for name, vocoder in model.vocoders.items()} == {
        "hift": (256 * 12,),
        "griffin_lim": (256 * 12,),
    }


def test_a_style_is_an_instruction_where_the_model_takes_one(
    tmp_path: Path, tiny_bundle: Path, engine: CosyVoiceEngine
) -> None:
    shutil.copytree(tiny_bundle, tmp_path / "instruct")
    manifest = tmp_path / "instruct" / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"instruct": false', '"instruct": true'), "utf-8")
    instructed = CosyVoiceEngine(load(tmp_path / "instruct"))
    style = "A calm woman."
    said = instructed.explain(utterance("好", style=style))
    assert said.split(" -> ")[1].split()[-7:-1] == ["27", "521", "2670", "28722", "662", "29"]
    assert engine.explain(utterance("好", style=style)) == engine.explain(utterance("好"))
    calm, plain = speak(instructed, utterance("你好", style=style), utterance("你好"))
    assert calm.error is None
    assert plain.error is None
    assert not np.array_equal(calm.samples[:4000], plain.samples[:4000])


def test_a_closed_engine_says_so(tiny_bundle: Path) -> None:
    engine = CosyVoiceEngine(load(tiny_bundle))
    speak(engine, utterance("好。"))
    engine.close()
    with pytest.raises(RuntimeError, match="closed"):
        engine.explain(utterance("好。"))

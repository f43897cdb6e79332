"""The pronunciation dictionary: what is found, how readings are told apart, and files that change or are broken."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.speech.plan import Planner, PlanSettings
from wyoming_cosyvoice.text.clause import Phonemes, Span
from wyoming_cosyvoice.text.lexicon import Entry, Lexicon, pinyin_syllables, read_reading
from wyoming_cosyvoice.text.lexicon_files import LexiconFiles, shipped_entries

if TYPE_CHECKING:
    from pathlib import Path

    from wyoming_cosyvoice.text.clause import Language


def entry(word: str, say: str = "x", language: Language = "en", *, case: bool = False) -> Entry:
    return Entry(word, language, say, case_sensitive=case)


def found(lexicon: Lexicon, text: str, language: Language = "en") -> list[str]:
    return [text[match.start : match.end] for match in lexicon.find(text, [{language}] * len(text))]


def spans(text: str, lexicon: Lexicon) -> list[Span]:
    planner = Planner(PlanSettings(lexicon=lexicon))
    return [span for clause in planner.feed(text) + planner.finish() for span in clause.spans]


# --- finding


def test_the_leftmost_and_longest_entry_is_found() -> None:
    lexicon = Lexicon([entry("New York"), entry("York"), entry("New York City"), entry("City Hall")])
    assert found(lexicon, "New York City Hall, York") == ["New York City", "York"]


def test_alphabetic_words_stand_alone_and_chinese_ones_need_not() -> None:
    assert found(Lexicon([entry("AC")]), "AC ACID SAC AC2 (AC) AC's") == ["AC", "AC", "AC"]
    assert found(Lexicon([entry("长大", language="zh")]), "他长大了", "zh") == ["长大"]
    assert found(Lexicon([entry("AC", language="zh")]), "开AC吧", "zh") == ["AC"]


def test_case_counts_only_where_it_is_said_to() -> None:
    assert found(Lexicon([entry("Nguyen")]), "nguyen NGUYEN") == ["nguyen", "NGUYEN"]
    assert found(Lexicon([entry("US", case=True)]), "us US") == ["US"]
    both = Lexicon([entry("us", "we"), entry("US", "America", case=True)])
    assert [match.entry.say for match in both.find("us US", [{"en"}] * 5)] == ["we", "America"]


def test_entries_belong_to_their_language() -> None:
    lexicon = Lexicon([entry("銀行", language="zh"), entry("銀行", language="ja")])
    assert [match.entry.language for match in lexicon.find("銀行", [{"ja"}] * 2)] == ["ja"]


def test_a_later_entry_wins() -> None:
    lexicon = Lexicon([entry("a", "first"), entry("a", "second")])
    assert [match.entry.say for match in lexicon.find("a", [{"en"}])] == ["second"]
    assert len(lexicon) == 1


def test_time_is_linear_whatever_the_entries() -> None:
    lexicon = Lexicon(entry("a" * length, language="zh") for length in range(1, 65))

    def seconds(length: int) -> float:
        text = "b" + "a" * length + "c"
        started = time.process_time()
        found(lexicon, text, "zh")
        return time.process_time() - started

    short = min(seconds(500) for _ in range(3))
    assert min(seconds(4_000) for _ in range(3)) < 8 * 2.5 * short + 0.02


@given(st.lists(st.text("ab好 ", min_size=1, max_size=4), max_size=8), st.text("ab好 ", max_size=60))
def test_matches_are_entries_that_do_not_overlap(listed: list[str], text: str) -> None:
    lexicon = Lexicon(entry(word) for word in listed)
    end = 0
    for match in lexicon.find(text, [{"en"}] * len(text)):
        assert match.start >= end
        assert text[match.start : match.end] == match.entry.word
        end = match.end


# --- readings


@pytest.mark.parametrize(
    ("reading", "word", "language", "expected"),
    [
        ("/aɪˈoʊli/", "Aioli", "en", Phonemes("ipa", "aɪˈoʊli")),
        ("chóng qìng", "重庆", "zh", Phonemes("pinyin", "chong2 qing4")),
        ("Chong2 qing4", "重庆", "zh", Phonemes("pinyin", "chong2 qing4")),
        ("lǜ sè", "绿色", "zh", Phonemes("pinyin", "lü4 se4")),
        ("lv4 se4", "绿色", "zh", Phonemes("pinyin", "lü4 se4")),
        ("hoeng1 gong2", "香港", "yue", Phonemes("jyutping", "hoeng1 gong2")),
        ("とうきょう", "東京", "ja", Phonemes("kana", "とうきょう")),
        ("トーキョー", "東京", "ja", Phonemes("kana", "トーキョー")),
        ("崇庆", "重庆", "zh", "崇庆"),
        ("win", "Nguyen", "en", "win"),
        ("air conditioning", "AC", "zh", "air conditioning"),
        ("win2", "Nguyen", "en", "win2"),
    ],
)
def test_a_reading_is_known_by_its_looks(reading: str, word: str, language: Language, expected: Phonemes | str) -> None:
    say, phonemes = read_reading(reading, word, language)
    assert (say if phonemes is None else phonemes) == expected


def test_pinyin_without_tones_is_no_pinyin() -> None:
    assert pinyin_syllables("chong qing") == []
    assert pinyin_syllables("xī'ān") == ["xi1", "an1"]


# --- in a plan


def test_a_reading_becomes_the_spans_phonemes_or_words() -> None:
    lexicon = Lexicon(
        [
            Entry("重庆", "zh", phonemes=Phonemes("pinyin", "chong2 qing4")),
            Entry("Nguyen", "en", say="win"),
            Entry("AC", "zh", say="空调"),
        ]
    )
    assert spans("我在重庆。", lexicon)[1] == Span("zh", "重庆", "重庆", Phonemes("pinyin", "chong2 qing4"))
    assert Span("en", "Nguyen", "win") in spans("Mr. Nguyen is here.", lexicon)
    assert Span("zh", "AC", "空调") in spans("打开AC吧", lexicon)
    assert "空调" not in [span.spoken for span in spans("The AC is on.", lexicon)]


def test_other_words_may_be_of_another_language() -> None:
    lexicon = Lexicon(
        [Entry("Xiaomi", "en", say="小米 5"), Entry("AC", "en", say="AC unit"), Entry("umm", "en", say="")]
    )
    assert [(span.language, span.text, span.spoken) for span in spans("My Xiaomi.", lexicon)] == [
        ("en", "My ", "My"),
        ("zh", "Xiaomi", "小米五"),
        ("en", ".", "."),
    ]
    assert [span.spoken for span in spans("The AC is on", lexicon)] == ["The", "AC unit", "is on"]
    assert [span.text for span in spans("Well umm yes", lexicon)] == ["Well umm", " yes"]


def test_the_spans_are_still_the_text() -> None:
    lexicon = Lexicon([Entry("重庆", "zh", phonemes=Phonemes("pinyin", "chong2 qing4"))])
    text = "从 重庆 到 Beijing 要 3 小时。"
    assert "".join(span.text for span in spans(text, lexicon)) == text


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("把空调调到26度", "tiao2 dao4"),
        ("设备已经重置", "chong2 zhi4"),
        ("亮度设为百分之五十", "wei2"),
        ("温度为25度", "wei2"),
        ("调一点点", "tiao2"),
        ("该还款了", "huan2 kuan3"),
        ("我在朝阳区", "chao2 yang2"),
        ("有两只猫", "liang3 zhi1"),
        ("有 3 只猫", "san1 zhi1"),
        ("在第 2 行", "di4 er4 hang2"),
        ("切换到浴室", "qie1 huan4"),
    ],
)
def test_shipped_readings(text: str, reading: str) -> None:
    assert reading in [span.phonemes.text for span in spans(text, Lexicon(shipped_entries())) if span.phonemes]


@pytest.mark.parametrize(
    "text", ["空调到货了", "强调大家", "一切换了样", "体重来看", "他得到了", "当时长大", "市长按下"]
)
def test_shipped_readings_do_not_cross_words(text: str) -> None:
    readings = [span.text for span in spans(text, Lexicon(shipped_entries())) if span.phonemes]
    assert not {"调到", "调大", "切换", "重来", "时长", "长按", "为", "调"}.intersection(readings)


# --- files


def write(files: LexiconFiles, name: str, text: str) -> Path:
    files.folder.mkdir(exist_ok=True, parents=True)
    path = files.folder / name
    path.write_text(text, encoding="utf-8")
    # file systems may count time in coarse steps
    write.clock += 1_000_000_000  # type: ignore[attr-defined]
    os.utime(path, ns=(write.clock, write.clock))  # type: ignore[attr-defined]
    return path


write.clock = 1_700_000_000_000_000_000  # type: ignore[attr-defined]


@pytest.fixture
def files(tmp_path: Path) -> LexiconFiles:
    return LexiconFiles(tmp_path)


def test_without_files_there_are_the_shipped_entries(files: LexiconFiles) -> None:
    assert len(files.refresh()) == len(files.current) > 100
    assert files.mistakes == []


def test_a_file_is_read_and_read_again_when_it_changes(files: LexiconFiles) -> None:
    assert found(files.refresh(), "Nguyen") == []
    path = write(
        files, "en.yaml", "Nguyen: win\nno: know\n1984: nineteen eighty-four\nAC: {reading: air con, case: yes}\n"
    )
    assert found(files.refresh(), "nguyen no 1984 AC ac") == ["nguyen", "no", "1984", "AC"]
    unchanged = files.refresh()
    assert unchanged is files.refresh()
    write(files, "en.yaml", "Aioli: /aɪˈoʊli/\n")
    assert found(files.refresh(), "Nguyen Aioli") == ["Aioli"]
    path.unlink()
    assert found(files.refresh(), "Aioli") == []


def test_the_users_entry_wins_over_the_shipped_one(files: LexiconFiles) -> None:
    write(files, "zh.yaml", "朝阳: zhāo yáng\n调到:\n")
    assert [span.phonemes for span in spans("朝阳", files.refresh())] == [Phonemes("pinyin", "zhao1 yang2")]
    assert not any(span.phonemes for span in spans("把它调到最大", files.current))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: b\nc: [\n", 3, "no YAML"),
        ("a: b\n\tc: d\n", 2, "no YAML"),
        ("- a\n- b\n", 1, "expected lines of the form"),
        ("just words", 1, "expected lines of the form"),
        ("a: b\nc: [d]\n", 2, "expected a reading"),
        ("a: b\nc: {reading: d, colour: red}\n", 2, "only `reading` and `case`"),
        ("a: b\n\n\nc: {case: true}\n", 4, "expected a `reading`"),
        ("c: {reading: d, case: perhaps}\n", 1, "true or false"),
        ("a: b\n重庆: chong2\n", 2, "1 syllables for a word of 2"),
        ("? [a, b]\n: c\n", 1, "expected a word"),
        ("a: b\n" + "x" * 100 + ": y\n", 2, "too long"),
        ("a: b\nc: " + "y" * 1000 + "\n", 2, "too long"),
        ("a: &x b\nc: !!python/object:os.system {}\n", 2, "expected a `reading`"),
        ("[" * 5000, 1, "no YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_last_good_file_stays(
    files: LexiconFiles, caplog: pytest.LogCaptureFixture, text: str, line: int, message: str
) -> None:
    write(files, "zh.yaml", "好家: hao3 jia1\n")
    good = files.refresh()
    path = write(files, "zh.yaml", text)
    assert files.refresh() is good
    (mistake,) = files.mistakes
    assert (mistake.path, mistake.line) == (path, line)
    assert message in mistake.message
    files.refresh()
    assert [record.getMessage().startswith(f"{path}:{line}: ") for record in caplog.records] == [True]
    write(files, "zh.yaml", "好家: hao4 jia1\n")
    files.refresh()
    assert files.mistakes == []


def test_one_bad_file_does_not_hide_the_others(files: LexiconFiles) -> None:
    write(files, "zh.yaml", "[")
    write(files, "en.yaml", "Nguyen: win\n")
    assert found(files.refresh(), "Nguyen") == ["Nguyen"]
    assert [mistake.path.name for mistake in files.mistakes] == ["zh.yaml"]


def test_files_of_another_encoding_or_a_folder_are_refused_by_name(files: LexiconFiles) -> None:
    path = write(files, "ja.yaml", "x")
    path.write_bytes("東京: トーキョー\n".encode("shift_jis"))
    (files.folder / "ko.yaml").mkdir()
    files.refresh()
    assert sorted(mistake.path.name for mistake in files.mistakes) == ["ja.yaml", "ko.yaml"]
    assert "UTF-8" in files.mistakes[0].message


def test_a_mistake_is_logged_as_an_error(files: LexiconFiles, caplog: pytest.LogCaptureFixture) -> None:
    write(files, "zh.yaml", "[")
    files.refresh()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]

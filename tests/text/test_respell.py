"""An engine without phonemes reads other characters that sound right."""

from __future__ import annotations

import pytest

from wyoming_cosyvoice.text.clause import Phonemes, Span
from wyoming_cosyvoice.text.lexicon_files import shipped_entries
from wyoming_cosyvoice.text.respell import respelled


def respell(word: str, alphabet: str, reading: str) -> str:
    (span,) = respelled([Span("zh", word, word, Phonemes(alphabet, reading))])  # type: ignore[arg-type]
    assert span.text == word
    return span.spoken


@pytest.mark.parametrize(
    ("word", "reading", "expected"),
    [
        ("重庆", "chong2 qing4", "虫庆"),
        ("重庆", "chóng qìng", "虫庆"),
        ("调到", "tiao2 dao4", "条到"),
        ("慢慢地", "man4 man4 de5", "慢慢地"),
        ("不行", "bu4 xing2", "不形"),
    ],
)
def test_characters_with_several_readings_are_replaced(word: str, reading: str, expected: str) -> None:
    spoken = respell(word, "pinyin", reading)
    assert len(spoken) == len(word)
    assert spoken == expected


def test_a_wrong_count_of_syllables_changes_nothing() -> None:
    assert respell("重庆", "pinyin", "chong2") == "重庆"
    assert respell("重庆", "pinyin", "chongqing") == "重庆"


def test_pinyin_for_a_latin_word_becomes_characters() -> None:
    assert len(respell("Xiaomi", "pinyin", "xiao3 mi3")) == 2


def test_other_alphabets() -> None:
    assert respell("東京", "kana", "とうきょう") == "とうきょう"
    assert respell("香港", "jyutping", "hoeng1 gong2") == "香港"
    assert respell("hello", "ipa", "həˈloʊ") == "hello"
    plain = Span("zh", "重庆", "重庆")
    assert respelled([plain]) == (plain,)


def test_every_shipped_reading_has_a_spelling_that_pypinyin_reads_so() -> None:
    pypinyin = pytest.importorskip("pypinyin")
    unreachable = set()
    for entry in shipped_entries():
        if entry.phonemes is None:
            continue
        spoken = respell(entry.word, "pinyin", entry.phonemes.text)
        for char, syllable in zip(spoken, entry.phonemes.text.split(), strict=True):
            readings = pypinyin.pinyin(char, style=pypinyin.Style.TONE3, heteronym=True, neutral_tone_with_five=True)[0]
            assert (
                char in "不一"
                or syllable.endswith("5")
                or syllable.replace("ü", "v") in [one.replace("ü", "v") for one in readings]
            )
            kept = char in entry.word and char not in "不一" and not syllable.endswith("5")
            if kept and readings[0] != syllable:
                unreachable.add(syllable)
    # no common character has only these
    assert unreachable <= {"dei3", "qie1", "qia3", "zhao2", "ge3", "jiao2", "liao3"}

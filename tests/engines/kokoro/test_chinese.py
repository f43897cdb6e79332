"""Mandarin phonemes: facts of pinyin, and readings that depend on the phrase."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.engines.kokoro.chinese import Chinese
from wyoming_cosyvoice.engines.kokoro.pinyin import to_phonemes


@pytest.fixture(scope="module")
def chinese() -> Chinese:
    return Chinese()


@pytest.mark.parametrize(
    ("syllable", "phonemes"),
    [
        ("ma1", "ma→"), ("ma2", "ma↗"), ("ma3", "ma↓"), ("ma4", "ma↘"), ("ma5", "ma"), ("mǎ", "ma↓"), ("ma", "ma"),
        ("zhi1", "ꭧɨ→"), ("si4", "sɨ↘"), ("xi1", "ɕi→"), ("ri4", "ɻɨ↘"),
        ("yi1", "i→"), ("ya1", "ja→"), ("you3", "jou↓"), ("yong4", "jʊ↘ŋ"), ("ying1", "i→ŋ"), ("yin1", "i→n"),
        ("wu3", "u↓"), ("wo3", "wo↓"), ("wei4", "wei↘"), ("wen2", "wə↗n"), ("weng1", "wə→ŋ"),
        ("yu3", "y↓"), ("yue4", "ɥe↘"), ("yuan2", "ɥɛ↗n"), ("yun2", "y↗n"),
        ("ju4", "ʨy↘"), ("quan2", "ʨʰɥɛ↗n"), ("xue2", "ɕɥe↗"), ("lü4", "ly↘"), ("lv4", "ly↘"), ("nüe4", "nɥe↘"),
        ("lu4", "lu↘"), ("liu2", "ljou↗"), ("gui4", "kwei↘"), ("dun1", "twə→n"), ("bo1", "pwo→"), ("o2", "ɔ↗"),
        ("er2", "ɚ↗"), ("zhuang1", "ꭧwa→ŋ"), ("xiong2", "ɕjʊ↗ŋ"), ("lüè", "lɥe↘"),
    ],
)  # fmt: skip
def test_syllables(syllable: str, phonemes: str) -> None:
    assert to_phonemes(syllable) == phonemes


@pytest.mark.parametrize("text", ["", "xyz", "bü7q", "!", "zhx1"])
def test_what_is_no_syllable_has_no_phonemes(text: str) -> None:
    assert to_phonemes(text) is None


def test_phrases_decide_readings(chinese: Chinese) -> None:
    assert chinese.phonemes("银行") == "i↗nxa↗ŋ"
    assert chinese.phonemes("行走") == "ɕi↗ŋʦou↓"


def test_marks_become_those_the_model_knows(chinese: Chinese) -> None:
    assert chinese.phonemes("好，走。") == "xau↓, ʦou↓. "


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    assert isinstance(Chinese().phonemes(text), str)

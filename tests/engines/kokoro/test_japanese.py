"""Japanese readings and phonemes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.engines.kokoro import kana
from wyoming_cosyvoice.engines.kokoro.japanese import Japanese
from wyoming_cosyvoice.engines.kokoro.vocabulary import SYMBOLS


@pytest.fixture(scope="module")
def japanese() -> Japanese:
    return Japanese()


@pytest.mark.parametrize(
    ("written", "phonemes"),
    [
        ("きょう", "kʲoɯ"), ("キョー", "kʲoː"), ("しゅっぱつ", "ɕɨʔpaʦɨ"), ("がっこー", "ɡaʔkoː"), ("さんぽ", "sampo"),
        ("さんか", "saŋka"), ("さんち", "saɲʨi"), ("さんた", "santa"), ("ほん", "hoɴ"), ("パーティー", "paːtʲiː"),
        ("ファン", "ɸaɴ"), ("ヴァイオリン", "vaioɾʲiɴ"), ("じゅーす", "ʥɨːsɨ"), ("ひゃく", "çakɯ"), ("ﾃﾚﾋﾞ", "teɾebʲi"),
        ("abc", ""), ("", ""),
    ],
)  # fmt: skip
def test_kana(written: str, phonemes: str) -> None:
    assert kana.to_phonemes(written) == phonemes


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("今日は東京へ行きます。", "キョーワトーキョーエイキマス"),
        ("洗濯物を外に干しました。", "センタクモノヲソトニホシマシタ"),
        ("先生が映画を見た", "センセーガエーガヲミタ"),
        ("二十三度です", "ニジューサンドデス"),
        ("さんびゃくえん、はっぴゃくえん", "サンビャクエンハッピャクエン"),
        ("お母さんはじゅっぷん後に来ます", "オカーサンワジュップンゴニキマス"),
        ("テレビの音量を下げて", "テレビノオンリョーヲサゲテ"),
    ],
)
def test_readings(japanese: Japanese, text: str, reading: str) -> None:
    assert japanese.kana(text) == reading


def test_words_stand_apart_and_endings_do_not(japanese: Japanese) -> None:
    assert japanese.phonemes("雨が降りました。").split() == ["ame", "ɡa", "ɸɯɾʲimaɕita."]


@given(st.text(max_size=40))
def test_any_text_gives_symbols_of_the_model(japanese: Japanese, text: str) -> None:
    assert not set(japanese.phonemes(text)) - set(SYMBOLS)

"""Korean as it is said: the examples are those of the Standard Pronunciation's articles and everyday words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.engines.kokoro.hangul import CODAS, NUCLEI, ONSETS, pronounce
from wyoming_cosyvoice.engines.kokoro.korean import Korean
from wyoming_cosyvoice.engines.kokoro.vocabulary import SYMBOLS


def said(word: str) -> str:
    return "".join(
        chr(0xAC00 + ONSETS.index(item.onset) * 588 + NUCLEI.index(item.nucleus) * 28 + CODAS.index(item.coda))
        for item in pronounce(word)
    )


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        # liaison
        ("옷이", "오시"), ("밖에", "바께"), ("앉아", "안자"), ("닭이", "달기"), ("값이", "갑씨"), ("강아지", "강아지"),
        # codas at the end of a word
        ("꽃", "꼳"), ("부엌", "부억"), ("몇", "멷"), ("앞", "압"), ("여덟", "여덜"), ("값", "갑"), ("삶", "삼"),
        # nasals
        ("국물", "궁물"), ("합니다", "함니다"), ("앞문", "암문"), ("백만", "뱅만"),
        ("독립", "동닙"), ("음료", "음뇨"),
        # ㄹ
        ("신라", "실라"), ("칼날", "칼랄"), ("끓는", "끌른"),
        # tense consonants
        ("학교", "학꾜"), ("없다", "업따"), ("읽다", "익따"), ("옷장", "옫짱"),
        ("있습니다", "읻씀니다"), ("넓다", "널따"),
        # ㅎ
        ("좋아요", "조아요"), ("많아", "마나"), ("싫어", "시러"), ("좋다", "조타"),
        ("입학", "이팍"), ("못하다", "모타다"),        ("축하", "추카"),
        ("놓는", "논는"), ("않는", "안는"),
        # palatalisation
        ("같이", "가치"), ("굳이", "구지"), ("닫히다", "다치다"),
        # vowels
        ("의사", "의사"), ("주의", "주이"), ("희망", "히망"), ("시계", "시게"), ("가져", "가저"),
        # numbers
        ("십육", "심뉵"), ("열여덟", "열려덜"),
    ],
)  # fmt: skip
def test_sound_changes(written: str, spoken: str) -> None:
    assert said(written) == spoken


def test_a_bound_noun_after_the_future_is_tense() -> None:
    assert Korean().phonemes("할 수").startswith("hal su")
    assert pronounce("수", after_future=True)[0].onset == "ㅆ"


def test_stops_are_voiced_between_voiced_sounds() -> None:
    assert Korean().phonemes("가구") == "kaɡu"


@given(st.text(alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=30) | st.text(max_size=30))
def test_any_text_gives_symbols_of_the_model(text: str) -> None:
    assert not set(Korean().phonemes(text)) - set(SYMBOLS)

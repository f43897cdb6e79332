"""What holds for any text: no failure, no digits left, linear time, numbers that read back."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.text.normalize.numbers_read_back import READERS
from wyoming_cosyvoice.text.clause import LANGUAGES, Language
from wyoming_cosyvoice.text.normalize import KINDS, normalize, say_as

languages = st.sampled_from(LANGUAGES)
# Signs and letters of written forms close together find more than any Unicode string does.
written = st.text(alphabet="0123456789.,:-~/%°C$¥€#@&+=()'\" kmhAaPpxX_\n年月日点分時本人개시두백two天第", max_size=60)
numbers = st.one_of(
    st.integers(0, 10**12),
    st.integers(0, 12).map(lambda power: 10**power),
    st.integers(0, 10**6).map(lambda number: number * 10**6),
)


@pytest.mark.parametrize("language", LANGUAGES)
@given(number=numbers)
@settings(max_examples=150, deadline=None)
@example(number=0)
@example(number=10**12)
@example(number=20_000_002)
@example(number=110_110_110)
def test_integers_read_back(language: Language, number: int) -> None:
    assert READERS[language](say_as(str(number), "cardinal", language)) == number


@pytest.mark.parametrize("language", LANGUAGES)
def test_small_integers_read_back(language: Language) -> None:
    assert [READERS[language](normalize(str(number), language)) for number in range(3_000)] == list(range(3_000))


@given(text=st.one_of(st.text(), written), language=languages)
@settings(max_examples=500, deadline=None)
@example(text="㉈", language="zh")
@example(text="㆒㈠㊀㉑㊿", language="ja")
def test_no_text_fails_or_keeps_digits_and_signs(text: str, language: Language) -> None:
    said = normalize(text, language)
    left = [char for char in said if char.isdecimal() or unicodedata.category(char) in ("Sm", "Sc", "No")]
    assert not left


words_only = st.text(st.one_of(st.characters(categories=("L", "Zs")), st.sampled_from("aIVXMkgh .,!?'，。！？、\n")))


@given(text=words_only, language=languages)
@settings(max_examples=500, deadline=None)
def test_a_reading_is_not_read_again(text: str, language: Language) -> None:
    once = normalize(text, language)
    assert normalize(once, language) == once


@given(text=st.one_of(st.text(max_size=40), written), kind=st.sampled_from((*KINDS, "?")), language=languages)
@settings(max_examples=300, deadline=None)
def test_say_as_takes_any_text(text: str, kind: str, language: Language) -> None:
    said = say_as(text, kind, language, "dmy")
    assert not any(char.isdecimal() for char in said)


plain_words = st.lists(st.text(alphabet="bdfjqwz天気날씨은", min_size=1, max_size=8), max_size=8).map(", ".join)


@given(text=plain_words, language=languages)
@settings(deadline=None)
def test_words_stay_to_the_letter(text: str, language: Language) -> None:
    assert normalize(text, language) == text


HOSTILE = (
    "1", ".", ":", "(", "-", "😀", "a", "1.", "1:", "1-", "1/", "1,", "a.", "a@", "a_", "1 ", "$", "#", "₀", "1x", "-1", "A1",
    "00:", "+1 ", "http://", "x.y_", "第", "1年", "3本 ", "IV ", "Mr.", "1 000", "~1", "½", "\u200d", "No. ", "1e", "a-1", "2h",
)  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_time_grows_no_faster_than_the_text(language: Language, piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        best = float("inf")
        for _ in range(2):
            began = time.thread_time()
            normalize(text, language)
            best = min(best, time.thread_time() - began)
        return best

    # Quadratic work would take sixteen times as long for four times the text.
    assert seconds(3_200) < 9 * seconds(800) + 0.002


@pytest.mark.parametrize(("language", "piece"), list(zip(LANGUAGES, ("1", "(", ".", "😀", "1:"), strict=True)))
def test_a_hundred_thousand_signs_are_read(language: Language, piece: str) -> None:
    assert not any(char.isdigit() for char in normalize(piece * (100_000 // len(piece)), language))

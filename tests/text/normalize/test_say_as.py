"""Readings that SSML's say-as asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.text.reading import heard
from wyoming_cosyvoice.speech.plan import Planner, PlanSettings
from wyoming_cosyvoice.text.normalize import normalize, say_as

if TYPE_CHECKING:
    from wyoming_cosyvoice.text.clause import Language

ASKED: list[tuple[Language, str, str, str, str]] = [
    ("en", "AB12", "characters", "", "A B one two"),
    ("en", "a-b", "spell-out", "", "A dash B"),
    ("en", "1234", "digits", "", "one two three four"),
    ("en", "03/04/2026", "date", "dmy", "April third twenty twenty-six"),
    ("en", "03/04/2026", "date", "mdy", "March fourth twenty twenty-six"),
    ("en", "03/04", "date", "md", "March fourth"),
    ("en", "VII", "ordinal", "", "seventh"),
    ("en", "2026", "cardinal", "", "two thousand twenty-six"),
    ("en", "IV", "cardinal", "", "four"),
    ("en", "9:30pm", "time", "", "nine thirty PM"),
    ("en", "8005550100", "telephone", "", "eight zero zero five five five zero one zero zero"),
    ("en", "42.50", "currency", "EUR", "forty-two euros and fifty cents"),
    ("en", "$3", "currency", "", "three dollars"),
    ("zh", "12", "digits", "", "幺二"),
    ("zh", "3", "ordinal", "", "第三"),
    ("zh", "4/3/2026", "date", "dmy", "二零二六年三月四日"),
    ("zh", "13812345678", "cardinal", "", "一百三十八亿一千二百三十四万五千六百七十八"),
    ("zh", "A1", "characters", "", "A幺"),
    ("yue", "12", "ordinal", "", "第十二"),
    ("yue", "110", "telephone", "", "一一零"),
    ("ja", "3", "ordinal", "", "三番目"),
    ("ja", "110", "telephone", "", "イチイチゼロ"),
    ("ja", "2026-04-20", "date", "ymd", "二千二十六年しがつはつか"),
    ("ko", "1", "ordinal", "", "첫 번째"),
    ("ko", "3", "cardinal", "", "삼"),
    ("ko", "14:05", "time", "", "십사 시 오 분"),
]


@pytest.mark.parametrize(("language", "text", "kind", "form", "spoken"), ASKED)
def test_is_said_as_asked(language: Language, text: str, kind: str, form: str, spoken: str) -> None:
    assert heard(say_as(text, kind, language, form), language) == heard(spoken, language)


@pytest.mark.parametrize(
    ("text", "kind", "form"),
    [
        ("hello 5", "cardinal", ""),
        ("99/99/2026", "date", "mdy"),
        ("soon", "time", ""),
        ("4 or 5", "ordinal", ""),
        ("7", "bogus", ""),
    ],
)
def test_what_does_not_fit_is_read_by_its_context(text: str, kind: str, form: str) -> None:
    assert say_as(text, kind, "en", form) == normalize(text, "en")


@pytest.mark.parametrize(
    ("language", "markup", "spoken"),
    [
        ("en", "<say-as interpret-as='date' format='dmy'>03/04/2026</say-as>", "April third, twenty twenty-six"),
        ("zh", "尾号<say-as interpret-as='digits'>2046</say-as>", "尾号二零四六"),
        ("ko", "<say-as interpret-as='ordinal'>2</say-as>", "두 번째"),
    ],
)
def test_ssml_is_read_as_asked(language: Language, markup: str, spoken: str) -> None:
    planner = Planner(PlanSettings(language=language, text_format="ssml"))
    clauses = planner.feed(f"<speak>{markup}</speak>") + planner.finish()
    assert heard("".join(clause.spoken for clause in clauses), language) == heard(spoken, language)

"""A text in pieces becomes the same clauses however it was cut, and no text is too strange to be planned."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.speech.plan import Planner, PlanSettings
from wyoming_cosyvoice.text.clause import LANGUAGES, Clause, Phonemes, Span
from wyoming_cosyvoice.text.lexicon import Entry, Lexicon
from wyoming_cosyvoice.text.lexicon_files import shipped_entries

SETTINGS = PlanSettings(
    lexicon=Lexicon(
        [
            *shipped_entries(),
            Entry("b", "en", say="bee"),
            Entry("好", "zh", phonemes=Phonemes("pinyin", "hao3")),
            Entry("の", "ja", say="no"),
        ]
    )
)
SSML = PlanSettings(text_format="ssml", lexicon=SETTINGS.lexicon)
# what texts are made of, the more telling the more often
TEXT = st.text() | st.text(
    st.sampled_from("ab1 .,。，！?:;-…*_`#|>[](){}<>/&\"'“”「」\n\t好我唔のカ가é€°%\u0301\u200d😀\ufdd0\ud800")
)


def plan(*pieces: str, settings: PlanSettings = SETTINGS) -> list[Clause]:
    planner = Planner(settings)
    return [clause for piece in pieces for clause in planner.feed(piece)] + planner.finish()


# --- pieces


def test_a_short_first_clause_comes_out_before_the_text_is_over() -> None:
    planner = Planner(SETTINGS)
    early = planner.feed("没问题，客厅的灯已经打开了，现在")
    assert [clause.text for clause in early] == ["没问题，客厅的灯已经打开了，"]
    assert [clause.text for clause in planner.finish()] == ["现在"]


def test_markdown_that_is_cut_between_pieces_is_still_markdown() -> None:
    assert [clause.text for clause in plan("This is *", "*bold*", "*. See [do", "cs](htt", "ps://x.org).")] == [
        "This is bold.",
        "See docs.",
    ]


def test_a_unit_that_is_cut_between_pieces_stays_with_its_number() -> None:
    (clause,) = plan("室温 2", "1", ".", "5", " ", "°", "C")
    assert clause.text == "室温 21.5 °C"


def test_every_clause_tells_whether_a_sentence_ends() -> None:
    clauses = plan("Sure, I can do that, the lights are on. Bye.")
    assert [clause.ends_sentence for clause in clauses] == [False, True, True]


@given(TEXT, st.data(), st.sampled_from([SETTINGS, SSML]))
def test_any_cutting_gives_the_same_clauses(text: str, data: st.DataObject, settings: PlanSettings) -> None:
    whole = plan(text, settings=settings)
    assert plan(*text, settings=settings) == whole
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    pieces = [text[first:last] for first, last in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert plan(*pieces, settings=settings) == whole


@given(TEXT)
def test_clauses_come_out_no_later_than_with_the_deciding_character(text: str) -> None:
    """Feeding more at once never brings a clause out later than feeding characters does."""
    by_character, at_once = Planner(SETTINGS), Planner(SETTINGS)
    early = [clause for char in text for clause in by_character.feed(char)]
    assert at_once.feed(text) == early


# --- any text


class _Debug(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record.getMessage())


@given(TEXT, st.sampled_from([None, *LANGUAGES]), st.sampled_from(["text", "ssml"]), st.integers(20, 60))
def test_any_text_is_planned_and_what_is_lost_is_logged(
    text: str, language: Literal["zh"] | None, text_format: Literal["text", "ssml"], maximum: int
) -> None:
    handler, logger = _Debug(), logging.getLogger("wyoming_cosyvoice")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        clauses = plan(text, settings=PlanSettings(language, "zh", text_format, maximum, 6, SETTINGS.lexicon))
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    kept = "".join(char for clause in clauses for char in clause.text if char.isalnum())
    assert kept == "".join(char for char in text if char.isalnum()) or handler.records
    for clause in clauses:
        assert clause.spans or clause.pause is not None
        assert len(clause.spoken) <= maximum
        assert all(span.spoken.strip() or span.phonemes for span in clause.spans)


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "!?", "😀", "\ud800", "\ufdd0\ufdd1", "。。。", "<p></p>", "```\n```"]
)
def test_text_with_nothing_to_say_gives_no_clause(text: str) -> None:
    assert plan(text) == []


def test_a_text_cannot_forge_the_inner_placeholders() -> None:
    assert plan("a\ufdd0b\ufdd1c", settings=SSML)[0].text == "abc"


# --- length


def test_no_clause_is_spoken_longer_than_the_engine_takes() -> None:
    settings = PlanSettings(max_characters=40)
    numbers = " ".join(["7777777777"] * 20)
    clauses = plan(f"数字是 {numbers} 完。", settings=settings)
    assert all(len(clause.spoken) <= 40 for clause in clauses)
    assert "".join("".join(clause.text.split()) for clause in clauses) == "".join(f"数字是{numbers}完。".split())
    assert [clause.ends_sentence for clause in clauses] == [False] * (len(clauses) - 1) + [True]


def test_a_number_of_many_digits_is_said_in_shares() -> None:
    clauses = plan("1" * 150, settings=PlanSettings(max_characters=100, default_language="en"))
    assert sum(clause.spoken.count("one") for clause in clauses) == 150
    assert all(len(clause.spoken) <= 100 for clause in clauses)


@pytest.mark.parametrize("text_format", ["text", "ssml"])
@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "(",
        "「",
        "1",
        ".",
        "😀",
        '"',
        "“",
        "*",
        "_",
        "<",
        "&",
        "`",
        "|",
        "，",
        "好",
        "a ",
        "1.",
        "- ",
        "U.S. ",
        "a@",
        "http://",
    ],
)
def test_time_is_linear(unit: str, text_format: Literal["text", "ssml"]) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        started = time.process_time()
        plan(text, settings=PlanSettings(text_format=text_format))
        return time.process_time() - started

    seconds(500)
    short = min(seconds(1_000) for _ in range(2))
    assert min(seconds(8_000) for _ in range(2)) < 8 * 2.5 * short + 0.05  # quadratic would be 64 times


def test_a_long_text_is_planned_in_linear_time_and_its_first_clause_at_once() -> None:
    sentences = "没问题，今天室内温度是 25.5 °C，湿度 60 %，Living Room 的灯已经在 12:30 关了。"
    text = sentences * (10_000 // len(sentences))

    def seconds(length: int) -> float:
        started = time.process_time()
        plan(text[:length])
        return time.process_time() - started

    seconds(1000)
    assert seconds(10_000) < 8 * 2.5 * seconds(1_250) + 0.1
    planner = Planner(SETTINGS)
    fed = next(count for count in range(1, len(text)) if planner.feed(text[count - 1]))
    assert fed <= 24  # characters, of 10,000


# --- readings and corpus


def test_a_plan_needs_no_lexicon() -> None:
    (clause,) = plan("调到 5", settings=PlanSettings())
    assert clause.spans == (Span("zh", "调到 5", clause.spoken),)


def test_the_corpus_can_be_cut_anywhere() -> None:
    folder = Path(__file__).parents[1] / "text" / "corpus"
    lines = [line for file in sorted(folder.glob("*.tsv")) for line in file.read_text(encoding="utf-8").splitlines()]
    text = "\n".join(line.split("\t")[0] for line in lines)
    whole = plan(text)
    assert len(whole) > 60
    assert plan(*text) == whole

"""Where a text is cut into clauses, and where it must not be.

In the tables ¦ marks a cut at a sentence's end, ‖ one inside a sentence; both are taken out before the text is split.
"""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.text.split import Piece, Splitter

SENTENCES = [
    # full stops: an end, and the counter-examples
    "It is late. ¦Good night.",
    "Dr. Smith met Mrs. Jones. ¦They talked.",
    "It costs 3.5 dollars. ¦Cheap!",
    "Update to v1.2.3 now. ¦Then restart.",
    "Open example.com in a browser. ¦It works.",
    "Use e.g. the kitchen light, i.e. that one. ¦Done.",
    "No. 5 is alive. ¦Yes.",
    "No. ¦I can't.",
    "See Fig. 3 and p. 12. ¦Thanks.",
    "He lives in the U.S. ¦They know.",
    "The U.S. President spoke. ¦He left.",
    "It opens at 9 a.m. on Monday. ¦See you.",
    "J. K. Rowling wrote it. ¦George W. Bush read it.",
    "Milk, eggs etc. are there. ¦Bring bread etc. ¦The shop is open.",
    "Apple Inc. announced it. ¦It is big.",
    "It weighs approx. 5 kg. ¦Heavy.",
    "hello there. ¦how are you?",
    "On Jan. 5 it snowed. ¦It was cold.",
    "OK.¦然后呢？",
    "版本3.5已发布。¦请更新。",
    # marks in rows, quotes, brackets
    "Really?! ¦Yes!!! ¦Fine.",
    "Wait... what did you say? ¦Nothing.",
    "Wait... ¦The door is open.",
    "我……我不知道。¦真的。",
    "真的吗？！¦是的。",
    '"Is it cold?" she asked. ¦"No."',
    'He said "stop." ¦Then he left.',
    "他说：“好。”¦然后走了。",
    "“真的吗？”的意思是怀疑。¦对。",
    "「行く。」と言った。¦「はい。」",
    "『本当ですか？』と聞いた。¦返事はない。",
    "（他来了。）¦我走了。",
    "他（真的！）来了。¦好。",
    "(It rained.) ¦We stayed.",
    "It grew.[1] ¦It shrank.[2, 3] ¦End.",
    "Great!🎉 ¦Next one.",
    "你好！😊¦再见。",
    "**Note.** ¦Read it.",
    # lines, paragraphs, lists
    "First line\n¦Second line",
    "One.\n\n¦Two.",
    "- milk\n¦- bread\n¦- eggs",
    "1. Open the door. ¦2. Close it.",
    "1. 打开灯\n¦2. 关灯",
    "windows\r\n¦line ends",
    # numbers and units stay whole
    "It is 1,000 km away. ¦Far.",
    "At 12:30 we eat. ¦Come.",
    "192.168.1.1 is the router. ¦Fine.",
    "Yahoo!Japan is a site. ¦OK.",
    "What?¦好的。",
]

FIRST_CLAUSES = [
    "好的，客厅的灯已经打开了，‖现在温度是二十度。",
    "好的，‖客厅卧室厨房书房走廊阳台和院子里的灯现在都已经全部打开了。",  # no better comma comes in time
    "Sure, I can do that, ‖the lights are on.",
    "Turning on the lights in the living room ‖and the kitchen right now.",
    "我已经帮你把客厅和卧室的灯全部都关掉了‖因为现在没有人在家。",
    "東京、大阪に行きます。",  # whose kanji they are is not known at the comma
    "今日の天気は、‖とてもいいですね。",
    "リビングの現在の温度は‖二十二度で湿度は四十五パーセントです。",
    "거실의 온도는 이십이 도이고 ‖습도는 사십오 퍼센트입니다.",
    "It is 1,000,000 times better, ‖I think.",
    "At 12:30:15 sharp, ‖we start.",
]


def split(*texts: str, first: int = 100, maximum: int = 200) -> list[Piece]:
    splitter = Splitter(first, maximum)
    return [piece for text in texts for piece in splitter.feed(text)] + splitter.finish()


def marked(text: str) -> tuple[str, list[str]]:
    return re.sub("[¦‖]", "", text), [part.strip() for part in re.split("[¦‖]", text)]


@pytest.mark.parametrize("case", SENTENCES)
def test_sentences_end_where_a_reader_ends_them(case: str) -> None:
    text, expected = marked(case)
    # nothing is said before them, so that no first clause is cut short
    pieces = split("X.\n" + text)[1:]
    assert [piece.text for piece in pieces] == expected
    assert all(piece.ends_sentence for piece in pieces)


@pytest.mark.parametrize("case", FIRST_CLAUSES)
def test_the_first_clause_is_short(case: str) -> None:
    text, expected = marked(case)
    pieces = split(text, first=12)
    assert [piece.text for piece in pieces] == expected
    assert [piece.ends_sentence for piece in pieces] == [False] * (len(pieces) - 1) + [True]


def test_later_clauses_are_whole_sentences() -> None:
    text = "好的，没问题，请稍等。客厅的灯已经打开了，卧室的灯也打开了，厨房的灯还关着，请问还有什么需要？"
    assert [piece.text for piece in split(text, first=6)][2:] == [text[text.index("客") :]]


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("灯开了。好", "好"),
        ("It is late. ", " "),
        ("灯开了。\n", "\n"),
        ("First\n", "\n"),
        ("好的，客厅的灯开了，现", "现"),
    ],
)
def test_a_clause_comes_out_with_the_character_that_decides_it(text: str, needed: str) -> None:
    splitter = Splitter(12, 200)
    assert splitter.feed(text.removesuffix(needed)) == []
    assert len(splitter.feed(needed)) == 1


def test_a_number_in_two_pieces_of_a_stream_stays_one() -> None:
    assert [piece.text for piece in split("It is 12", ".", "5", " ", "°C", " now. ", "Warm.")] == [
        "It is 12.5 °C now.",
        "Warm.",
    ]


# --- length


def test_a_long_sentence_is_cut_at_commas_first() -> None:
    text = "一二三四五六七八九十，" * 30
    pieces = split(text, maximum=50)
    assert all(piece.text.endswith("，") and len(piece.text) <= 50 for piece in pieces)
    assert "".join(piece.text for piece in pieces) == text


def test_without_commas_it_is_cut_at_spaces_but_not_before_a_unit() -> None:
    text = "word and 12 km " * 40
    pieces = split("X.\n" + text, maximum=60)[1:]
    assert " ".join(piece.text for piece in pieces) == text.strip()
    assert not any(piece.text.endswith("12") for piece in pieces)


def test_no_cut_falls_into_a_character_or_a_number() -> None:
    text = "한국어글" * 10 + "e\u0301" * 20 + "好" * 40 + "1234567890" * 3 + "好" * 30
    pieces = split("X.\n" + text, maximum=40)[1:]
    assert "".join(piece.text for piece in pieces) == text
    assert not any(piece.text[0] == "\u0301" for piece in pieces)
    assert any("1234567890" * 3 in piece.text for piece in pieces)


@given(st.text(st.sampled_from('a1. ,，。好é́\u0301\u200d😀"「」\n'), max_size=400), st.integers(8, 40))
def test_no_piece_is_much_longer_than_the_maximum(text: str, maximum: int) -> None:
    # what clings to the character before it may go on to twice the length
    assert all(len(piece.text) <= 2 * maximum + 2 for piece in split(text, maximum=maximum))


# --- any cutting, any text

MARKED = st.text(st.sampled_from("a b1 .…!?。！？,，:;\"'“”「」()[]*\n\t好のé가\u0301😀"), max_size=120)


@given(MARKED | st.text(max_size=120), st.integers(1, 30), st.integers(8, 60))
def test_any_cutting_gives_the_same_pieces(text: str, first: int, maximum: int) -> None:
    assert split(*text, first=first, maximum=maximum) == split(text, first=first, maximum=maximum)


@given(MARKED | st.text(max_size=120), st.integers(8, 60))
def test_no_character_but_space_is_lost(text: str, maximum: int) -> None:
    pieces = split(text, maximum=maximum)
    assert "".join("".join(piece.text for piece in pieces).split()) == "".join(text.split())


@pytest.mark.parametrize(
    "unit", ["[", "(", "1", ".", "😀", '"', "“", "*", "<", "，", ",", " ", "好", "U.S. ", "。", "a\u0301"]
)
def test_time_is_linear(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        started = time.process_time()
        split(text)
        return time.process_time() - started

    seconds(1000)
    short = min(seconds(5_000) for _ in range(3))
    long = min(seconds(40_000) for _ in range(3))
    assert long < 8 * 2.5 * short + 0.02  # quadratic would be 64 times

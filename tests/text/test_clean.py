"""What is written for the eye is not spoken, and no word is lost."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.speech.plan import Planner, PlanSettings
from wyoming_cosyvoice.text.clean import Cleaner, clean_inline, clean_line_start


def read(text: str) -> list[str]:
    """The clauses of a text as they are written once it is clean."""
    planner = Planner(PlanSettings(max_characters=2000))
    return [clause.text for clause in planner.feed(text) + planner.finish()]


INLINE = [
    # Markdown
    ("This is **important** now", "This is important now"),
    ("这是**重点**内容", "这是重点内容"),
    ("*em* and ***both*** and _under_ and __strong__", "em and both and under and strong"),
    ("half a **pair", "half a pair"),
    ("2 * 3 and 2*3", "2 * 3 and 2*3"),
    ("my_file_name", "my_file_name"),
    ("~~gone~~ and ==marked==", "gone and marked"),
    ("about ~5 and a == b", "about ~5 and a == b"),
    ("run `sudo reboot` now", "run sudo reboot now"),
    ("see [the docs](https://example.com/a_(b)) here", "see the docs here"),
    ("see [the docs][1] here", "see the docs here"),
    ("![a red lamp](lamp.png) is on", "a red lamp is on"),
    ('[title](https://x.org "A title")', "title"),
    ("cut off](https://example.com/x) here", "cut off here"),
    ("go to <https://example.com> now", "go to https://example.com now"),
    (r"\*not a list\*", "not a list"),
    (r"sensor.living\_room", "sensor.living_room"),
    # citations
    ("It grew.[1]", "It grew."),
    ("It grew[2, 3] fast[^4]", "It grew fast"),
    ("结果【4:0†source】不错", "结果不错"),
    ("press [1] to go on", "press [1] to go on"),
    ("a list[0] of things", "a list of things"),
    # pictures and signs
    ("Great! 🎉👍🏽 Done", "Great! Done"),
    ("你好😊世界", "你好 世界"),
    ("family 👨‍👩‍👧 flag 🇨🇳 key 1️⃣", "family flag key 1"),
    ("nice :) really ;-) <3", "nice really"),
    ("10:30 and 5:3", "10:30 and 5:3"),
    ("20 °C → 25 ℃ © ™", "20 °C → 25 ℃ © ™"),
    ("┌──┐ box", "box"),
    # invisible characters
    ("zero\u200bwidth\u00ad \u202ebidi\u202c\ufeff", "zerowidth bidi"),
    ("bell\x07 null\x00 escape\x1b[0m", "bell null escape[0m"),
    ("lone \ud800 surrogate", "lone surrogate"),
    ("か\u3099", "が"),
    ("ニ\u3000全角", "ニ 全角"),
    # runs
    ("Wow!!! Really???", "Wow! Really?"),
    ("什么？！？！", "什么？"),
    ("wait......", "wait…"),
    ("等等。。。", "等等…"),
    ("a,,,, b", "a, b"),
    ("one ------ two", "one - two"),
    ("name: ______", "name:"),
    ("a   b\t c", "a b c"),
    ("1. Milk", "1, Milk"),
    ("2. 牛奶", "2、牛奶"),
]


@pytest.mark.parametrize(("text", "expected"), INLINE)
def test_inside_a_line(text: str, expected: str) -> None:
    assert Cleaner().clean(text, starts_line=False) == expected


LINES = [
    ("# Title", "Title"),
    ("### Title ###", "Title"),
    ("#hashtag", "#hashtag"),
    ("- item", "item"),
    ("* item", "item"),
    ("• item", "item"),
    ("- [ ] task", "task"),
    ("- [x] task", "task"),
    ("-5 degrees", "-5 degrees"),
    ("> quoted", "quoted"),
    ("> > twice", "twice"),
    ("> - item", "item"),
    ("- **Name**: value", "**Name**: value"),
    ("---", ""),
    ("* * *", ""),
    ("=====", ""),
    ("|---|:-:|", ""),
    ("--- | ---", ""),
    ("[1]: https://example.com 'x'", ""),
    ("[^1]: A note", "A note"),
]


@pytest.mark.parametrize(("text", "expected"), LINES)
def test_at_the_beginning_of_a_line(text: str, expected: str) -> None:
    assert clean_line_start(text) == expected


def test_a_table_is_read_by_cells() -> None:
    assert read("| Room | Temp |\n|------|-----:|\n| Kitchen | 20 |\n| 客厅 | 22 |") == [
        "Room, Temp",
        "Kitchen, 20",
        "客厅，22",
    ]


def test_a_list_is_read_item_by_item() -> None:
    assert read("Buy:\n- milk\n- **bread**\n\n1. One\n2) Two") == ["Buy:", "milk", "bread", "1, One", "2, Two"]


def test_program_code_is_not_read_but_fenced_prose_is() -> None:
    assert read("Try this:\n```python\nfor x in y:\n    print(x)\n```\nDone.") == ["Try this:", "Done."]
    assert read("A poem:\n```\nRoses are red\n```\nDone.") == ["A poem:", "Roses are red", "Done."]
    assert read("A poem:\n~~~text\nRoses are red\n~~~\nDone.") == ["A poem:", "Roses are red", "Done."]
    assert read("Run ```ls``` now.") == ["Run ls now."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>One</p><p>Two</p>", ["One", "Two"]),
        ("a<br>b<br/>c", ["a", "b", "c"]),
        ("<ul><li>milk</li><li>bread</li></ul>", ["milk", "bread"]),
        ("<b>bold</b> and <a href='x. y'>link</a>.", ["bold and link."]),
        ("<table><tr><td>a</td><td>b</td></tr></table>", ["a, b"]),
        ("<script>alert(1)</script>Hi <style>p {}</style>there", ["Hi there"]),
        ("<think>The user wants 5.</think>Sure.", ["Sure."]),
        ('<img src="x.png" alt="a lamp"> is on', ["a lamp is on"]),
        ("Tom &amp; Jerry &lt;4 &nbsp;x &#8364;5", ["Tom & Jerry <4 x €5"]),
        ("AT&T &unknown; R&D", ["AT&T &unknown; R&D"]),
        ("5 < 6 and a<b, then", ["5 < 6 and a<b, then"]),
        ("<!-- hidden -->shown", ["shown"]),
        ("Use the `<br>` tag", ["Use the <br> tag"]),
        ("<unknown>kept</unknown>", ["<unknown>kept</unknown>"]),
        ("x <b unclosed", ["x <b unclosed"]),
    ],
)
def test_html(text: str, expected: list[str]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize("text", ["", " \n\t ", "!!!", "🎉", "***", "---", "```", "\u200b", "()[]{}", "\ud83d"])
def test_nothing_to_say_gives_nothing(text: str) -> None:
    assert read(text) == []


def test_what_is_dropped_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    read("Hi 🎉\n```python\nsecret\n```\n<script>hidden</script>\n???")
    for lost in ("🎉", "secret", "hidden", "???"):
        assert any(lost in record.getMessage() for record in caplog.records)


@given(st.text(st.sampled_from("ab 1*_`~[](){}<>|#-=.!\\\"'\n好の가🎉\u200d"), max_size=80))
def test_letters_and_digits_survive(text: str) -> None:
    """But for link targets, citations and tags, which need a bracket."""
    if any(char in text for char in "[]<>"):
        return
    kept = [char for char in clean_inline(text.replace("\n", " ")) if char.isalnum()]
    assert kept == [char for char in text if char.isalnum()]


@given(st.text(max_size=200))
def test_any_text_can_be_cleaned(text: str) -> None:
    assert clean_inline(text) == clean_inline(text).strip()

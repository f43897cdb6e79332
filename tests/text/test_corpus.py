"""Mixed-language sentences are divided and read as a native reader would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wyoming_cosyvoice.speech.plan import Planner, PlanSettings
from wyoming_cosyvoice.text.lexicon import Lexicon
from wyoming_cosyvoice.text.lexicon_files import shipped_entries

if TYPE_CHECKING:
    from collections.abc import Iterable

CORPUS = Path(__file__).parent / "corpus"
CORPORA = ("mixed.tsv", "mixed_held_out.tsv", "mixed_second.tsv")
LEXICON = Lexicon(shipped_entries())


def cases(name: str) -> list[tuple[str, str]]:
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return [(text, spans) for line in lines if not line.startswith("#") for text, spans in [line.split("\t")]]


def letters(spans: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Only what is heard: marks and spaces away, neighbours of one language joined."""
    result: list[tuple[str, str]] = []
    for language, words in spans:
        heard = "".join(char for char in words if char.isalnum()).casefold()
        if heard and result and result[-1][0] == language:
            result[-1] = (language, result[-1][1] + heard)
        elif heard:
            result.append((language, heard))
    return result


def read(text: str) -> list[tuple[str, str]]:
    planner = Planner(PlanSettings(lexicon=LEXICON))
    clauses = planner.feed(text) + planner.finish()
    return letters((span.language, span.spoken) for clause in clauses for span in clause.spans)


@pytest.mark.parametrize(("text", "spans"), [case for file in CORPORA for case in cases(file)])
def test_mixed_sentences(text: str, spans: str) -> None:
    expected = [(language, words) for span in spans.split(" | ") for language, words in [span.split(" ", 1)]]
    assert read(text) == letters(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("密码是ABC123", [("zh", "密码是"), ("en", "abc"), ("zh", "幺二三")]),
        ("买了RTX4090显卡", [("zh", "买了"), ("en", "rtx"), ("zh", "四零九零显卡")]),
        ("用了iPhone15", [("zh", "用了"), ("en", "iphone"), ("zh", "十五")]),
        ("CO2 600 ppm，正常", [("zh", "二氧化碳六百ppm正常")]),
        ("CO₂ 600 正常", [("en", "co"), ("zh", "二六百正常")]),
        ("iPad 2 台", [("en", "ipad"), ("zh", "两台")]),
        ("在 Windows 2000 上", [("zh", "在"), ("en", "windows"), ("zh", "两千上")]),
    ],
)
def test_numbers_behind_names(text: str, expected: list[tuple[str, str]]) -> None:
    assert read(text) == expected

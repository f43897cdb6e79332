"""`wyoming-cosyvoice explain` prints the plan of a text."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wyoming_cosyvoice.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WYOMING_COSYVOICE_DATA_DIR", str(tmp_path))


def explain(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["explain", "--json", *arguments]) == 0
    result = json.loads(capsys.readouterr().out)
    assert isinstance(result, dict)
    return result


def test_json_tells_clauses_and_spans(capsys: pytest.CaptureFixture[str]) -> None:
    (clause,) = explain(capsys, "打开 Living Room 的 2 盏灯")["clauses"]
    assert clause["text"] == "打开 Living Room 的 2 盏灯"
    assert [(span["language"], span["text"].strip()) for span in clause["spans"]] == [
        ("zh", "打开"),
        ("en", "Living Room"),
        ("zh", "的 2 盏灯"),
    ]
    assert clause["spans"][2]["spoken"].replace(" ", "") == "的两盏灯"


@pytest.mark.parametrize(
    "text",
    [
        "室温 25.5 °C，湿度 60 %。",
        "It costs $3.50 at 10:30.",
        "3月5日は 20 ℃ です",
        "3시 30분, 15 %",
        "佢哋有 5 個 + 3 個",
    ],
)
def test_no_digit_or_symbol_is_left_in_what_is_spoken(capsys: pytest.CaptureFixture[str], text: str) -> None:
    for clause in explain(capsys, text)["clauses"]:
        assert not re.search(r"[\d%°℃$+@#&=/]", clause["spoken"])


def test_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(capsys, "東京", "--language", "ja-JP")["clauses"][0]["spans"][0]["language"] == "ja"
    (clause, other) = explain(capsys, "--ssml", '<speak>One<break time="1s"/><prosody rate="2">two</prosody></speak>')[
        "clauses"
    ]
    assert (clause["pause"], clause["ends_sentence"], other["speed"]) == (1.0, False, 2.0)


def test_the_users_dictionary_is_used(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "lexicon").mkdir()
    (tmp_path / "lexicon" / "en.yaml").write_text("Nguyen: win\nAioli: /aɪˈoʊli/\n", encoding="utf-8")
    (clause,) = explain(capsys, "Nguyen likes Aioli.")["clauses"]
    assert [span["spoken"] for span in clause["spans"]][:2] == ["win", "likes"]
    assert clause["spans"][2]["phonemes"] == {"alphabet": "ipa", "text": "aɪˈoʊli"}


def test_the_table_says_why_there_are_no_phonemes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "你好 world, 把它调到 5"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0].split() == ["clause", "language", "text", "spoken", "reading"]
    assert any("en" in line and "world" in line for line in lines)
    assert any("pinyin tiao2 dao4" in line for line in lines)
    assert "no model is installed" in captured.err


def test_an_engine_tells_its_reading(capsys: pytest.CaptureFixture[str]) -> None:
    (clause,) = explain(capsys, "--model", "tone", "--voice", "tone_low", "abc")["clauses"]
    assert len(clause["phonemes"].split()) == 3
    assert main(["explain", "--model", "tone", "abc"]) == 0
    assert clause["phonemes"] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x", "--language", "tlh"], "zh"),
        (["x", "--model", "tone", "--voice", "nobody"], "tone_low"),
    ],
)
def test_mistakes_end_with_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert main(["explain", *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert len(captured.err.splitlines()) == 1


def test_a_text_can_come_from_standard_input() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "wyoming_cosyvoice", "explain", "--json", "-"],
        input="你好。再见。",
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        check=True,
    )
    assert [clause["text"] for clause in json.loads(result.stdout)["clauses"]] == ["你好。", "再见。"]


def test_nothing_to_say_is_an_empty_plan(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(capsys, "!!!") == {"clauses": []}
    assert main(["explain", ""]) == 0

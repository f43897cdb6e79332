"""The golden corpus and how two readings are compared.

A corpus line is `written TAB spoken TAB comment`; `{a|b}` in `spoken` lists equally good readings. Compared is what is
heard: not punctuation, not spaces where they change nothing, not the case of letters; Japanese numbers in kanji and in
kana are the same by an own small reader.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wyoming_cosyvoice.text.clause import Language

CORPUS = Path(__file__).parent / "corpus"
FOLDERS = ("held_out", "worked", "fresh")


@dataclass(frozen=True)
class Case:
    language: Language
    written: str
    spoken: str

    def readings(self) -> list[str]:
        parts = re.split(r"\{([^}]*)\}", self.spoken)
        choices = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
        return ["".join(choice) for choice in itertools.product(*choices)]

    def __str__(self) -> str:
        return f"{self.language}: {self.written}"


def load(folder: str, language: Language) -> list[Case]:
    lines = (CORPUS / folder / f"{language}.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [Case(language, row[0], row[1]) for row in rows]


def heard(text: str, language: Language) -> str:
    """What two spellings of one reading have in common."""
    if language == "en":
        words = re.sub(r"[-–—]", " ", text.lower().replace("’", "'"))
        return " ".join(re.sub(r"[^\w' ]", "", words).split())
    text = re.sub(r"[^\w]", "", text.upper())
    if language == "ja":
        text = re.sub("[ァ-ヶ]", lambda match: chr(ord(match[0]) - 0x60), text)
        text = re.sub("[零一二三四五六七八九十百千万億]+", lambda match: _kanji_reading(match[0]), text)
        text = text.replace("点", "てん")
    return text


_CHANGED = {"三百": "さんびゃく", "六百": "ろっぴゃく", "八百": "はっぴゃく", "三千": "さんぜん", "八千": "はっせん"}
_SIGNS = dict(
    zip(
        "零一二三四五六七八九十百千万億",
        [
            "れい",
            "いち",
            "に",
            "さん",
            "よん",
            "ご",
            "ろく",
            "なな",
            "はち",
            "きゅう",
            "じゅう",
            "ひゃく",
            "せん",
            "まん",
            "おく",
        ],
        strict=True,
    )
)


def _kanji_reading(kanji: str) -> str:
    for signs, sound in _CHANGED.items():
        kanji = kanji.replace(signs, sound)
    return "".join(_SIGNS.get(sign, sign) for sign in kanji)

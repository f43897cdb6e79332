"""Marks of all scripts brought to the few that Kokoro knows."""

from __future__ import annotations

import re

_MARKS = str.maketrans(
    {
        "，": ",", "、": ",", "､": ",", "。": ".", "．": ".", "｡": ".", "！": "!", "？": "?", "：": ":", "；": ";",
        "⋯": "…", "「": "“", "」": "”", "『": "“", "』": "”", "《": "“", "》": "”", "〈": "“", "〉": "”", "【": "“",
        "】": "”", "«": "“", "»": "”", "（": "(", "）": ")", "［": "(", "］": ")", "[": "(", "]": ")", "–": "—",
        "―": "—", "~": "—", "～": "—", "〜": "—", "・": " ", "·": " ", "/": ",", "\u3000": " ", '"': "“",
    }
)  # fmt: skip

STOPS = ",.!?:;…—"
"""The marks behind which a voice pauses or ends."""

_ENDS_OR_OPENS = ",.!?:;…—“”()"


def marks(text: str) -> str:
    """Return the marks of a stretch between words: at most one that matters, with a space on the side of a word."""
    mapped = text.translate(_MARKS)
    kept = "".join(char for char in mapped if char in _ENDS_OR_OPENS)
    opening = "".join(char for char in kept if char in "“(")[-1:]
    closing = "".join(char for char in kept if char in "”)")[:1]
    stops = [char for char in kept if char in STOPS]
    stop = next((char for char in "?!….;:—," if char in stops), "")
    if not (opening or closing or stop):
        return " " if text else ""
    return f"{closing}{stop} {opening}"


def tidy(phonemes: str) -> str:
    """Leave one space between words, none before a closing mark, and no mark at the start but an opening one."""
    text = re.sub(r"\s+", " ", phonemes)
    text = re.sub(r" +(?=[,.!?:;…”)])", "", text)
    text = re.sub(r"([,.!?:;…—])[,.:;…—]+", r"\1", text)
    return re.sub(r"^[\s,.!?:;…—”)]+", "", text).strip()

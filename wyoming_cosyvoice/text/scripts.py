"""Which script a character belongs to."""

from __future__ import annotations

import unicodedata
from typing import Literal

Script = Literal["han", "kana", "hangul", "letter", "digit", "atom", "other"]

ATOM = "\ufdd0"
"""Stands for a piece of text that markup reads in its own way (U+FDD0, which Unicode reserves for such inner use)."""
LANGUAGE_MARK = "\ufdd1"
"""Stands for a change of language by markup."""

_HAN = (("\u3400", "\u4dbf"), ("\u4e00", "\u9fff"), ("\uf900", "\ufaff"), ("\U00020000", "\U0003fffd"))


def words(table: str) -> frozenset[str]:
    """Return the words of a table written as text."""
    return frozenset(table.split())


def script(char: str) -> Script:
    """Return the script of one character; letters of every alphabet but Hangul and kana are `letter`."""
    if char < "\u1100":
        if char.isdecimal():
            return "digit"
        return "letter" if char.isalpha() else "other"
    return _wide_script(char)


def _wide_script(char: str) -> Script:
    if "\u4e00" <= char <= "\u9fff" or char in "々〇〆ヶ" or any(first <= char <= last for first, last in _HAN):
        return "han"
    if "\u3041" <= char <= "\u309f" or ("\u30a1" <= char <= "\u30ff" and char != "・") or "\uff66" <= char <= "\uff9f":
        return "kana"
    if "\uac00" <= char <= "\ud7a3" or "\u1100" <= char <= "\u11ff" or "\u3131" <= char <= "\u318e":
        return "hangul"
    if char == ATOM:
        return "atom"
    if char.isdecimal():
        return "digit"
    return "letter" if char.isalpha() else "other"


def is_wide(char: str) -> bool:
    """Whether it is a character of Chinese, Japanese or Korean writing, punctuation included."""
    return char >= "\u1100" and unicodedata.east_asian_width(char) in {"W", "F"}


def is_joined(char: str) -> bool:
    """Whether it belongs to the character before it: combining marks, joiners, variation selectors, skin tones."""
    return (
        char in "\u200c\u200d"
        or "\ufe00" <= char <= "\ufe0f"
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or (char > "\u02ff" and unicodedata.category(char) in {"Mn", "Mc", "Me"})
    )

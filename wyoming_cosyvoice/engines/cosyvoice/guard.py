"""Notices that the language model has run away.

A model that lost the text repeats a handful of tokens (a stuck syllable, or the tokens of silence) until the length
limit: up to 20 tokens of audio for each text token. Speech never stays within a few of the 4096 tokens for seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class RunawayGuard:
    """Says when the last `window` tokens hold at most `distinct` different ones."""

    def __init__(self, window: int = 100, distinct: int = 10) -> None:
        self._window = window
        self._distinct = distinct

    def stuck(self, tokens: Sequence[int]) -> bool:
        """Whether generation should end here."""
        tail = tokens[-self._window :]
        return len(tail) == self._window and len(set(tail)) <= self._distinct

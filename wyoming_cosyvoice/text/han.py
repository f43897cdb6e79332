"""Decides whether Chinese characters are Mandarin, Cantonese or Japanese."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming_cosyvoice.text import evidence
from wyoming_cosyvoice.text.runs import told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wyoming_cosyvoice.text.clause import Language
    from wyoming_cosyvoice.text.runs import Run

_READERS = frozenset({"zh", "yue", "ja"})


class HanReader:
    """Knows a clause and what came before it; reads its runs of Chinese characters.

    `forced` is the language that the user named, `default` the one where nothing tells, `previous` that of the sentence
    before. `kana` and `cantonese` sum up the sentence so far, and with this clause after construction.
    """

    def __init__(
        self,
        runs: Sequence[Run],
        forced: Language | None,
        default: Language,
        previous: Language | None,
        *,
        kana: bool,
        cantonese: int,
    ) -> None:
        self._runs = runs
        self._forced = forced if forced in _READERS else None
        self.kana = kana or any(run.kind == "kana" for run in runs)
        han = [run.text for run in runs if run.kind == "han"]
        unquoted = [run.text for run in told(runs) if run.kind == "han"]
        self.cantonese = cantonese + sum(evidence.cantonese_score(text) for text in unquoted)
        # a Cantonese conversation goes on in sentences that only lack its marks
        goes_on = previous == "yue" and self.cantonese >= 0
        is_cantonese = default == "yue" or goes_on or self.cantonese >= evidence.CANTONESE
        self._chinese: Language = "yue" if is_cantonese else "zh"
        chinese = sum(len(text) for text in han if evidence.is_chinese(text))
        kana_count = sum(len(run.text) for run in runs if run.kind == "kana")
        self._mostly_chinese = chinese > kana_count
        self._kanji_first = (default == "ja" or previous == "ja") and not is_cantonese

    def read(self, index: int) -> Language:
        """Return the language of the run of Chinese characters at `index`."""
        if self._forced:
            return self._forced
        run = self._runs[index]
        if run.quoted and evidence.cantonese_score(run.text) >= evidence.CANTONESE:
            return "yue"  # 粤语里“唔该”是谢谢的意思: a quotation does not make the sentence Cantonese
        if evidence.is_chinese(run.text):
            return self._chinese
        if evidence.is_japanese(run.text) or self._touches_kana(index):
            return "ja"
        is_japanese = (self.kana or self._kanji_first) and not self._mostly_chinese
        return "ja" if is_japanese else self._chinese

    def _touches_kana(self, index: int) -> bool:
        return any(0 <= near < len(self._runs) and self._runs[near].kind == "kana" for near in (index - 1, index + 1))

"""Which language each part of a clause is in: scripts first, then words, then what the sentence said before.

Digits, units and punctuation belong to the language of the sentence, not to their neighbour: in 「我的 iPhone 15」 a
Chinese speaker reads 十五.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from wyoming_cosyvoice.errors import UnsupportedLanguageError
from wyoming_cosyvoice.text import evidence
from wyoming_cosyvoice.text.addresses import find_addresses
from wyoming_cosyvoice.text.scripts import script
from wyoming_cosyvoice.text.units import is_unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wyoming_cosyvoice.text.clause import Language
    from wyoming_cosyvoice.text.scripts import Script

_PRIMARY: dict[str, Language] = {"zh": "zh", "cmn": "zh", "en": "en", "ja": "ja", "ko": "ko", "yue": "yue"}
_OPENING, _CLOSING = "“‘「『《〈\"'", "”’」』》〉\"'"
_CANTONESE_SUBTAGS = frozenset({"hk", "mo", "yue"})


def base_language(code: str) -> Language:
    """Map what users send to a base code: ``zh-HK`` is `yue`, ``zh-TW`` is `zh`, ``en-GB`` is `en`.

    Raises UnsupportedLanguageError, which lists the known codes.
    """
    primary, *subtags = code.strip().replace("_", "-").lower().split("-")
    known = _PRIMARY.get(primary)
    if known is None:
        raise UnsupportedLanguageError(
            f"The language {code[:40]!r} is not known", f"Use one of: {', '.join(_PRIMARY)}, with or without a region"
        )
    return "yue" if known == "zh" and _CANTONESE_SUBTAGS.intersection(subtags) else known


def is_ambiguous(text: str) -> bool:
    """Whether Chinese characters stand in it and nothing says if they are Chinese or Japanese."""
    scripts = {script(char) for char in text}
    if "han" not in scripts or "kana" in scripts:
        return False
    return not evidence.is_chinese(text) and not evidence.is_japanese(text)


@dataclass(frozen=True, slots=True)
class Context:
    """What the clauses before told: the scores of the sentence so far, and the language of the sentence before it."""

    scores: tuple[tuple[Language, float], ...] = ()
    kana: bool = False
    cantonese: int = 0
    previous: Language | None = None


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring characters of one script."""

    kind: Script | Literal["address"]
    text: str


def find_spans(
    text: str, forced: Language | None, default: Language, context: Context
) -> tuple[list[tuple[Language, str]], Language, Context]:
    """Divide a clause by language.

    `forced` is the language that the user named: it decides how Chinese characters are read and who owns the digits;
    words in another script keep their own language. `default` decides where the text does not.
    Returns the spans (their texts joined are `text`), the language of the sentence and what the next clause must know.
    """
    runs = _find_runs(text)
    han = _HanReader(runs, forced, default, context)
    languages: list[Language | None] = [_letters_language(runs, index, han) for index in range(len(runs))]
    scores = _score(runs, languages, dict(context.scores))
    sentence = _sentence_language(scores, runs, forced, context.previous or default)
    _settle_neutral(runs, languages, sentence)
    spans = _merge(runs, languages, sentence)
    after = Context(tuple(scores.items()), han.kana, han.cantonese, context.previous)
    return spans, sentence, after


def next_sentence(sentence: Language) -> Context:
    """Return the context of the first clause of the next sentence."""
    return Context(previous=sentence)


def _find_runs(text: str) -> list[_Run]:
    """Divide a text by script; an address is one run."""
    runs: list[_Run] = []
    position = 0
    for start, end in [*find_addresses(text), (len(text), len(text))]:
        runs += [_Run(kind, "".join(chars)) for kind, chars in groupby(text[position:start], script)]
        if start < end:
            runs.append(_Run("address", text[start:end]))
        position = end
    return runs


class _HanReader:
    """Decides for each run of Chinese characters whether it is Chinese, Cantonese or Japanese."""

    def __init__(self, runs: Sequence[_Run], forced: Language | None, default: Language, context: Context) -> None:
        self._forced = forced if forced in {"zh", "yue", "ja"} else None
        self.kana = context.kana or any(run.kind == "kana" for run in runs)
        self._runs = runs
        han = [run.text for run in runs if run.kind == "han"]
        told = [run.text for index, run in enumerate(runs) if run.kind == "han" and not self._is_quoted(index)]
        self.cantonese = context.cantonese + sum(evidence.cantonese_score(text) for text in told or han)
        self._chinese: Language = "yue" if default == "yue" or self.cantonese >= evidence.CANTONESE else "zh"
        self._kanji_first = default == "ja" or context.previous == "ja"
        chinese = sum(len(text) for text in han if evidence.is_chinese(text))
        kana = sum(len(run.text) for run in runs if run.kind == "kana")
        self._mostly_chinese = chinese > kana

    def read(self, index: int) -> Language:
        """Return the language of the run of Chinese characters at `index`."""
        if self._forced:
            return self._forced
        text = self._runs[index].text
        if self._is_quoted(index) and evidence.cantonese_score(text) >= evidence.CANTONESE:
            return "yue"  # 粤语里“唔该”是谢谢的意思: a quotation does not make the sentence Cantonese
        if evidence.is_chinese(text):
            return self._chinese
        if evidence.is_japanese(text) or self._touches_kana(index):
            return "ja"
        if self.kana and not self._mostly_chinese:
            return "ja"
        return "ja" if self._kanji_first and not self._mostly_chinese and self._chinese == "zh" else self._chinese

    def _is_quoted(self, index: int) -> bool:
        before = self._runs[index - 1].text if index else ""
        after = self._runs[index + 1].text if index + 1 < len(self._runs) else ""
        return before[-1:] in _OPENING and after[:1] in _CLOSING and before != "" != after

    def _touches_kana(self, index: int) -> bool:
        return any(0 <= near < len(self._runs) and self._runs[near].kind == "kana" for near in (index - 1, index + 1))


def _letters_language(runs: Sequence[_Run], index: int, han: _HanReader) -> Language | None:
    run = runs[index]
    if run.kind == "han":
        return han.read(index)
    if run.kind == "kana":
        return "ja"
    if run.kind == "hangul":
        return "ko"
    return "en" if run.kind == "letter" and not _belongs_to_number(runs, index) else None


def _score(
    runs: Sequence[_Run], languages: Sequence[Language | None], scores: dict[Language, float]
) -> dict[Language, float]:
    """Add to each language's score: a character or a word counts one, a word of grammar more."""
    for run, language in zip(runs, languages, strict=True):
        if language is not None:
            scores[language] = scores.get(language, 0) + evidence.weight(run.text, language)
    return scores


def _sentence_language(
    scores: dict[Language, float], runs: Sequence[_Run], forced: Language | None, fallback: Language
) -> Language:
    if forced and (forced in scores or not scores):
        return forced
    if not scores:
        return "en" if any(run.kind == "address" and not run.text[0].isdecimal() for run in runs) else fallback
    return max(scores, key=lambda language: scores[language])  # the first one wins a draw


def _settle_neutral(runs: Sequence[_Run], languages: list[Language | None], sentence: Language) -> None:
    """Give digits, marks and units to the sentence, and what stands inside an English phrase to English."""
    for index in range(len(runs)):
        run = runs[index]
        if run.kind == "other" and _inside_phrase(runs, languages, index):
            languages[index] = "en"
        elif languages[index] is None:
            languages[index] = sentence
    _settle_phrases(runs, languages)


def _settle_phrases(runs: Sequence[_Run], languages: list[Language | None]) -> None:
    """Read the digits inside an English phrase that has its own grammar ("I have 3 apples") in English."""
    first = None
    for index in range(len(runs) + 1):
        inside = index < len(runs) and runs[index].kind in {"letter", "digit", "other"}
        if inside and first is None and languages[index] == "en" and runs[index].kind == "letter":
            first = index
        elif not inside and first is not None:
            last = max(at for at in range(first, index) if runs[at].kind == "letter")
            words = [runs[at].text for at in range(first, last + 1) if runs[at].kind == "letter"]
            if len(words) >= 3 and evidence.has_english_grammar(words):
                languages[first : last + 1] = ["en"] * (last + 1 - first)
            first = None


def _belongs_to_number(runs: Sequence[_Run], index: int) -> bool:
    """Whether letters are a unit ("5 kg", "80 km/h", "20 °C") or one letter that touches a digit ("5G", "A4")."""
    text = runs[index].text
    before = runs[index - 1] if index else None
    after = runs[index + 1] if index + 1 < len(runs) else None
    if len(text) == 1 and any(near is not None and near.kind == "digit" for near in (before, after)):
        return True
    if before is None or not is_unit(text):
        return False
    if before.kind == "digit":
        return True
    if index < 2:
        return False
    if before.text in {"/", "·"}:
        return is_unit(runs[index - 2].text)
    return before.text in {" ", "°", " °"} and runs[index - 2].kind == "digit"


def _inside_phrase(runs: Sequence[_Run], languages: Sequence[Language | None], index: int) -> bool:
    """Whether marks stand between two English words, or bind a word to a number (COVID-19) or end it (C++)."""
    text = runs[index].text
    if not index or languages[index - 1] != "en" or runs[index - 1].kind != "letter":
        return False
    after = runs[index + 1] if index + 1 < len(runs) else None
    if text.strip() in {"+", "++", "#"} and text[0] != " ":
        return True
    if after is None:
        return False
    if after.kind == "digit":
        return text in {"-", "_", "."}  # else the digits would be read as a negative number
    return after.kind == "letter" and all(char in " '’&.,/+:;!?()-_\"“”@#*" for char in text)


def _merge(
    runs: Sequence[_Run], languages: Iterable[Language | None], sentence: Language
) -> list[tuple[Language, str]]:
    merged: list[tuple[Language, list[str]]] = []
    for run, language in zip(runs, languages, strict=True):
        language = language or sentence  # noqa: PLW2901
        if merged and merged[-1][0] == language:
            merged[-1][1].append(run.text)
        else:
            merged.append((language, [run.text]))
    return [(language, "".join(texts)) for language, texts in merged]

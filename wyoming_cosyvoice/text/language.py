"""Which language each part of a clause is in: scripts first, then words, then what the sentence said before.

Digits, units and punctuation belong to the language of the sentence, not to their neighbour: in 「我的 iPhone 15」 a
Chinese speaker reads 十五.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from wyoming_cosyvoice.errors import UnsupportedLanguageError
from wyoming_cosyvoice.text import evidence
from wyoming_cosyvoice.text.han import HanReader
from wyoming_cosyvoice.text.neutral import WIDE_MARKS, belongs_to_number, settle
from wyoming_cosyvoice.text.runs import find_runs, told
from wyoming_cosyvoice.text.scripts import script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wyoming_cosyvoice.text.clause import Language
    from wyoming_cosyvoice.text.runs import Run

_PRIMARY: dict[str, Language] = {"zh": "zh", "cmn": "zh", "en": "en", "ja": "ja", "ko": "ko", "yue": "yue"}
_WIDE_LANGUAGES = frozenset({"zh", "yue", "ja"})
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


def find_spans(
    text: str, forced: Language | None, default: Language, context: Context
) -> tuple[list[tuple[Language, str]], Language, Context]:
    """Divide a clause by language.

    `forced` is the language that the user named: it decides how Chinese characters are read and who owns the digits;
    words in another script keep their own language. `default` decides where the text does not.
    Returns the spans (their texts joined are `text`), the language of the sentence and what the next clause must know.
    """
    runs = find_runs(text)
    han = HanReader(runs, forced, default, context.previous, kana=context.kana, cantonese=context.cantonese)
    languages = [_letters_language(runs, index, han) for index in range(len(runs))]
    scores = _score(runs, languages, context)
    sentence = _sentence_language(scores, runs, forced, context.previous or default)
    spans = _merge(runs, settle(runs, languages, sentence))
    after = Context(tuple(scores.items()), han.kana, han.cantonese, context.previous)
    return spans, sentence, after


def next_sentence(sentence: Language) -> Context:
    """Return the context of the first clause of the next sentence."""
    return Context(previous=sentence)


def _letters_language(runs: Sequence[Run], index: int, han: HanReader) -> Language | None:
    run = runs[index]
    if run.kind == "han":
        return han.read(index)
    if run.kind == "kana":
        return "ja"
    if run.kind == "hangul":
        return "ko"
    return "en" if run.kind == "letter" and not belongs_to_number(runs, index) else None


def _score(runs: Sequence[Run], languages: Sequence[Language | None], context: Context) -> dict[Language, float]:
    """Add to each language's score: a character or a word counts one, a word of grammar more, a quotation nothing."""
    scores = {language: score / 2 for language, score in context.scores}  # what was said last counts most
    telling = {id(run) for run in told(runs)}
    for run, language in zip(runs, languages, strict=True):
        if language is not None and id(run) in telling:
            scores[language] = scores.get(language, 0) + evidence.weight(run.text, language)
    return scores


def _sentence_language(
    scores: dict[Language, float], runs: Sequence[Run], forced: Language | None, fallback: Language
) -> Language:
    english = [run.text for run in runs if run.kind == "letter"]
    if forced and (forced in scores or (set(scores) <= {"en"} and not evidence.has_english_grammar(english))):
        return forced  # also for names and addresses alone: Wi-Fi 6, www.example.com
    if not scores:
        return "en" if any(run.kind == "address" and not run.text[0].isdecimal() for run in runs) else fallback
    if _has_wide_marks(runs):
        scores = {language: score for language, score in scores.items() if language != "en"}
    if not scores:
        return fallback if fallback in _WIDE_LANGUAGES else "zh"  # names only so far: 「Bluetooth 5.3、」
    return max(scores, key=lambda language: scores[language])  # the first one wins a draw


def _has_wide_marks(runs: Sequence[Run]) -> bool:
    """Whether it has marks of Chinese or Japanese writing, and no English grammar."""
    english = [run.text for run in runs if run.kind == "letter"]
    marks = any(char in WIDE_MARKS for run in runs if run.kind == "other" for char in run.text)
    return marks and not evidence.has_english_grammar(english)


def _merge(runs: Sequence[Run], languages: Sequence[Language]) -> list[tuple[Language, str]]:
    neighbours = groupby(zip(languages, runs, strict=True), key=lambda pair: pair[0])
    return [(language, "".join(run.text for _, run in pairs)) for language, pairs in neighbours]

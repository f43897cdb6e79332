"""The golden corpus: what a native reader says for every written form.

`held_out` was written before the rules, `worked` while they were made, `fresh` after them; docs/reading.md has the rates of
the first try.
"""

from __future__ import annotations

import pytest

from tests.text.reading import FOLDERS, Case, heard, load
from wyoming_cosyvoice.text.clause import LANGUAGES, Language
from wyoming_cosyvoice.text.normalize import normalize

CASES = [
    pytest.param(case, id=f"{folder}-{case}")
    for folder in FOLDERS
    for language in LANGUAGES
    for case in load(folder, language)
]


@pytest.mark.parametrize("case", CASES)
def test_reads_as_a_native_would(case: Case) -> None:
    said = heard(normalize(case.written, case.language), case.language)
    assert said in [heard(reading, case.language) for reading in case.readings()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_corpus_is_large_enough(language: Language) -> None:
    written = [case.written for folder in ("held_out", "worked") for case in load(folder, language)]
    assert len(set(written)) >= 120


@pytest.mark.parametrize("case", CASES)
def test_words_stay_as_they_are(case: Case) -> None:
    once = normalize(case.written, case.language)
    assert normalize(once, case.language) == once
    assert not any(char.isdigit() for char in once)

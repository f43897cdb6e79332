"""A recogniser understands what the server says: each sentence by a real Wyoming client, errors bounded a language.

The sentences and how they were chosen: sentences/README.md. Limits hold for all sentences of a language together.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from wyoming.tts import Synthesize, SynthesizeVoice

from tests.asr.recogniser import Scorer, distance
from tests.server.harness import ask

if TYPE_CHECKING:
    from tests.asr.recogniser import Recogniser
    from tests.server.harness import Server
    from wyoming_cosyvoice.text.clause import Language

SENTENCES = Path(__file__).with_name("sentences")


def read_sentences(language: str, kind: str) -> list[tuple[str, str]]:
    """Return what is sent and what should be heard."""
    lines = (SENTENCES / f"{language}_{kind}.tsv").read_text("utf-8").splitlines()
    return [(text, said or text) for text, _, said in (line.partition("\t") for line in lines)]


@pytest.mark.asr
@pytest.mark.starter
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("language", "limit"), [("en", 0.04), ("zh", 0.05), ("ja", 0.05), ("ko", 0.15)], ids=["en", "zh", "ja", "ko"]
)
async def test_a_recogniser_understands(
    language: Language, limit: float, speaking_server: Server, recogniser: Recogniser, scorer: Scorer
) -> None:
    sentences = read_sentences(language, "tuned") + read_sentences(language, "fresh")
    assert len(sentences) >= 30
    errors = length = 0
    report = []
    async with speaking_server.client() as client:
        for text, said in sentences:
            answer = await ask(client, Synthesize(text, voice=SynthesizeVoice(language=language)).event())
            assert answer.shape == ["audio-start", "audio-chunk", "audio-stop"]
            heard = recogniser.transcribe(np.frombuffer(answer.audio, np.int16), answer.rate, language)
            wrong, units = scorer.errors(said, heard, language)
            errors, length = errors + wrong, length + units
            if wrong:
                report.append(f"{wrong}/{units} {text} => {heard}")
    rate = errors / length
    print(f"{language}: {errors}/{length} = {rate:.2%}", *report, sep="\n  ")  # noqa: T201 - shown where the test fails
    assert rate <= limit


def test_the_distance_is_levenshteins() -> None:
    assert distance("kitten", "sitting") == 3
    assert distance("", "abc") == 3
    assert distance("abc", "") == 3
    assert distance(["a", "b"], ["a", "b"]) == 0


def test_the_score_counts_what_a_listener_would() -> None:
    scorer = Scorer()
    assert scorer.errors("seven thirty", "Seven thirty.", "en") == (0, 2)
    assert scorer.errors("二十六度", "26度", "zh") == (0, 4)
    assert scorer.errors("窗户还开着", "窗戶還開著", "zh") == (0, 5)
    assert scorer.errors("十点十五分", "10.15分", "zh") == (0, 5)
    assert scorer.errors("とーきょー", "東京", "ja") == (0, 5)
    assert scorer.errors("값", "갑", "ko") == (1, 3)
    assert scorer.errors("甲|乙", "乙", "zh") == (0, 1)

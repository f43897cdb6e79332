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
# Shows the recogniser that both languages may come; none of its English words is in a sentence.
BILINGUAL = "今天的meeting改到Friday，请reply一下email。"
PURE: tuple[Language, ...] = ("zh", "en")
KINDS = ("tuned", "fresh", "last", "unseen")


def read_sentences(language: str, kind: str) -> list[tuple[str, str]]:
    """Return what is sent and what should be heard."""
    path = SENTENCES / f"{language}_{kind}.tsv"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [(text, said or text) for text, _, said in (line.partition("\t") for line in lines)]


class Listener:
    """Has sentences said and hears them; what it found of a language is kept for the tests that compare."""

    def __init__(self, server: Server, recogniser: Recogniser, scorer: Scorer) -> None:
        self._server, self._recogniser, self._scorer = server, recogniser, scorer
        self._found: dict[str, tuple[int, int]] = {}

    async def errors(self, name: str, language: Language, prompt: str | None = None) -> tuple[int, int]:
        """Return the errors and the length of all sentences of that name."""
        if name not in self._found:
            self._found[name] = await self._listen(name, language, prompt)
        return self._found[name]

    async def _listen(self, name: str, language: Language, prompt: str | None) -> tuple[int, int]:
        sentences = [sentence for kind in KINDS for sentence in read_sentences(name, kind)]
        assert len(sentences) >= 30
        errors = length = 0
        report = []
        async with self._server.client() as client:
            for text, said in sentences:
                answer = await ask(client, Synthesize(text, voice=SynthesizeVoice(language=language)).event())
                assert answer.shape == ["audio-start", "audio-chunk", "audio-stop"]
                samples = np.frombuffer(answer.audio, np.int16)
                heard = self._recogniser.transcribe(samples, answer.rate, language, prompt)
                wrong, units = self._scorer.errors(said, heard, language)
                errors, length = errors + wrong, length + units
                if wrong:
                    report.append(f"{wrong}/{units} {text} => {heard}")
        # shown where the test fails
        print(f"{name}: {errors}/{length} = {errors / length:.2%}", *report, sep="\n  ")  # noqa: T201
        return errors, length


@pytest.fixture(scope="module")
def listener(speaking_server: Server, recogniser: Recogniser, scorer: Scorer) -> Listener:
    return Listener(speaking_server, recogniser, scorer)


@pytest.mark.asr
@pytest.mark.starter
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("language", "limit"), [("en", 0.04), ("zh", 0.05), ("ja", 0.05), ("ko", 0.15)], ids=["en", "zh", "ja", "ko"]
)
async def test_a_recogniser_understands(language: Language, limit: float, listener: Listener) -> None:
    errors, length = await listener.errors(language, language)
    assert errors / length <= limit


@pytest.mark.asr
@pytest.mark.starter
@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_english_inside_chinese_is_understood(listener: Listener) -> None:
    """How it is heard, what was measured, and controls: sentences/README.md.

    Meant was 1.5 times the error of sentences in one language. Measured were 8.6 % of the first 60 sentences and 9.4 %
    of all 80 (8.4 and 7.9 % with the next two forms of the graph) against 3.1 %. Native voices of both languages, cut
    together, have 12.0 % of those 60. So the limit is absolute; a graph that rounds otherwise moved it by 1 %.
    """
    errors, length = await listener.errors("mixed", "zh", BILINGUAL)
    pure = [await listener.errors(language, language) for language in PURE]
    times = errors / length / (sum(wrong for wrong, _ in pure) / sum(units for _, units in pure))
    print(f"mixed sentences have {times:.1f} times the error of pure ones")  # noqa: T201
    assert errors / length <= 0.105


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
    assert scorer.errors("打开front door的灯", "打开Frontdoor的灯", "zh") == (0, 6)
    assert scorer.errors("ceiling fan的转速", "Sealing fan的转速", "zh") == (0, 5)
    assert scorer.errors("study room的灯", "Stady room的灯", "zh") == (1, 4)
    assert scorer.errors("you have two mails", "You have to males.", "en") == (0, 4)
    assert scorer.errors("motion in the back yard", "Motion in the backyard.", "en") == (0, 5)
    assert scorer.errors("set to seventy two", "Set to 72.", "en") == (0, 4)
    assert scorer.errors("十点十五分", "10.15分", "zh") == (0, 5)
    assert scorer.errors("とーきょー", "東京", "ja") == (0, 5)
    assert scorer.errors("값", "갑", "ko") == (1, 3)
    assert scorer.errors("甲|乙", "乙", "zh") == (0, 1)

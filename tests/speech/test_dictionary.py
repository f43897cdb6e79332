"""A running service takes up the user's pronunciation dictionary, and changes of it, without a restart."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.speech.conftest import speak
from tests.speech.engines import PlainEngine, voice
from wyoming_cosyvoice.speech.request import SpeechOptions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.speech.conftest import MakeService


def _write(data_dir: Path, text: str, second: int) -> None:
    path = data_dir / "lexicon" / "en.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (second, second))  # file systems may count time in coarse steps


async def test_the_dictionary_is_used_and_read_again(make_service: MakeService, tmp_path: Path) -> None:
    engine = PlainEngine(voice("en_f", "en"))
    service = await make_service(engine)
    for second, reading in enumerate(("win", "nwin"), 1):
        _write(tmp_path, f"Nguyen: {reading}\n", second)
        await speak(service, "Mr. Nguyen is here.")
        assert reading in [span.spoken for span in engine.utterances[-1].spans]


async def test_a_broken_dictionary_leaves_the_last_good_one(make_service: MakeService, tmp_path: Path) -> None:
    service = await make_service(PlainEngine(voice("en_f", "en")))
    for second, text in enumerate(("Nguyen: win\n", "Nguyen: [\n"), 1):
        _write(tmp_path, text, second)
        (clause,) = await service.explain("Nguyen", SpeechOptions())
        assert clause.spoken == "win"

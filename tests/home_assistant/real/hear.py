"""Hear with the recogniser what was said: ``python -m tests.home_assistant.real.hear FILE.json``.

Runs in the environment of `script/setup --test`, which has the recogniser. The file lists ``[language, text, sound]``,
a sound being a file of 16-bit mono samples at 16 kHz; prints for each what was heard and the rate of errors, as JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from tests.asr.recogniser import Recogniser, Scorer, assemble


def main(listing: Path) -> None:
    """Hear the sounds."""
    with tempfile.TemporaryDirectory() as name:
        recogniser = Recogniser(assemble(Path(name)))
        scorer = Scorer()
        answers = []
        for language, text, sound in json.loads(listing.read_text(encoding="utf-8")):
            heard = recogniser.transcribe(np.frombuffer(Path(sound).read_bytes(), np.int16), 16_000, language)
            errors, length = scorer.errors(text, heard, language)
            answers.append({"heard": heard, "error_rate": errors / length})
    print(json.dumps(answers))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))

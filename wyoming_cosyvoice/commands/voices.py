"""List the voices of the installed models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from wyoming_cosyvoice import config

if TYPE_CHECKING:
    import argparse

    from wyoming_cosyvoice.engines.engine import Engine, Voice


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which model, and how to print."""
    config.add_arguments(parser, only=("data_dir", "download_dir", "model", "threads"))
    parser.add_argument("--json", action="store_true", help="print one JSON array")


def run(arguments: argparse.Namespace) -> int:
    """Load the models and print their voices."""
    from wyoming_cosyvoice.engines.loading import load_engines  # noqa: PLC0415 - heavy

    engines = load_engines(config.from_arguments(arguments))
    try:
        rows = [_row(engine, voice) for engine, voice in engines.voices]
    finally:
        for engine in engines:
            engine.close()
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    for row in rows:
        languages = ",".join(row["languages"] + [f"({code})" for code in row["experimental"]])
        print(f"{row['id']:24} {languages:24} {row['engine']:10} {row['description']}")
    return 0


def _row(engine: Engine, voice: Voice) -> dict[str, Any]:
    return {
        "id": voice.id,
        "description": voice.description,
        "languages": list(voice.languages),
        "experimental": list(voice.experimental),
        "gender": voice.gender,
        "aliases": list(voice.aliases),
        "speakers": list(voice.speakers),
        "engine": engine.name,
        "attribution": f"{voice.attribution.name} {voice.attribution.url}".strip(),
    }

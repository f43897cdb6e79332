"""Show how a text would be read: clauses, languages, words, phonemes. Attach it to a report about a wrong reading."""

from __future__ import annotations

import json
import logging
import sys
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wyoming_cosyvoice import config
from wyoming_cosyvoice.errors import ModelError, NoVoiceError
from wyoming_cosyvoice.speech.plan import Planner, PlanSettings
from wyoming_cosyvoice.text.language import base_language
from wyoming_cosyvoice.text.lexicon_files import LexiconFiles

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.engines.engine import Engine, Voice
    from wyoming_cosyvoice.text.clause import Clause

_SETTINGS = ("data_dir", "download_dir", "model", "voice", "language", "threads", "debug")
_HEAD = ("clause", "language", "text", "spoken", "reading")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the text and what changes its reading."""
    parser.add_argument("text", help="what to explain; - reads it from standard input")
    parser.add_argument("--ssml", action="store_true", help="the text is SSML")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    config.add_arguments(parser, only=_SETTINGS)


def run(arguments: argparse.Namespace) -> int:
    """Plan the text and print the plan. An engine is asked for its phonemes if one is installed."""
    settings = config.from_arguments(arguments)
    logging.basicConfig(level=logging.DEBUG if settings.debug else logging.WARNING, format=settings.log_format)
    text = sys.stdin.read() if arguments.text == "-" else arguments.text
    # JSON is for programs that compare readings: a named voice is what makes it worth loading a model
    chosen = None if arguments.json and settings.voice is None else _engine(settings)
    clauses = _plan(text, settings, chosen, ssml=arguments.ssml)
    phonemes = [_phonemes(clause, chosen) for clause in clauses]
    if arguments.json:
        print(json.dumps(_as_json(clauses, phonemes), ensure_ascii=False, indent=2))
    else:
        for line in _table(clauses, phonemes):
            print(line)
    return 0


def _engine(settings: Config) -> tuple[Engine, Voice] | None:
    """Return the engine that would speak and its voice, None if none is installed. Never installs one."""
    from wyoming_cosyvoice.engines.loading import load_engines  # noqa: PLC0415 - heavy
    from wyoming_cosyvoice.store.library import Library  # noqa: PLC0415

    language = base_language(settings.language) if settings.language else None
    if settings.model == "auto" and not Library(settings.models_dir).installed():
        print("No phonemes: no model is installed", file=sys.stderr)
        return None
    try:
        engine, voice = load_engines(settings).choose(settings.voice, language)
    except (NoVoiceError, ModelError) as error:
        print(f"No phonemes: {error}", file=sys.stderr)
        return None
    return engine, voice


def _plan(text: str, settings: Config, chosen: tuple[Engine, Voice] | None, *, ssml: bool) -> list[Clause]:
    files = LexiconFiles(settings.data_dir)
    plan = PlanSettings(
        language=base_language(settings.language) if settings.language else None,
        text_format="ssml" if ssml else "text",
        lexicon=files.refresh(),
    )
    if chosen is not None:
        engine, voice = chosen
        plan = replace(plan, default_language=voice.languages[0], max_characters=engine.max_characters)
    planner = Planner(plan)
    return planner.feed(text) + planner.finish()


def _phonemes(clause: Clause, chosen: tuple[Engine, Voice] | None) -> str | None:
    from wyoming_cosyvoice.engines.engine import Utterance  # noqa: PLC0415

    if chosen is None or not clause.spans:
        return None
    engine, voice = chosen
    return engine.explain(Utterance(clause.spans, voice.local_id))


def _as_json(clauses: Sequence[Clause], phonemes: Sequence[str | None]) -> dict[str, Any]:
    return {"clauses": [_clause(clause, reading) for clause, reading in zip(clauses, phonemes, strict=True)]}


def _clause(clause: Clause, phonemes: str | None) -> dict[str, Any]:
    spans: list[dict[str, Any]] = []
    for span in clause.spans:
        shown: dict[str, Any] = {"language": span.language, "text": span.text, "spoken": span.spoken}
        if span.phonemes is not None:
            shown["phonemes"] = {"alphabet": span.phonemes.alphabet, "text": span.phonemes.text}
        spans.append(shown)
    result: dict[str, Any] = {
        "text": clause.text,
        "spoken": clause.spoken,
        "spans": spans,
        "ends_sentence": clause.ends_sentence,
    }
    # what says nothing new is left out
    extra = {"pause": clause.pause, "voice": clause.voice, "phonemes": phonemes}
    result |= {name: value for name, value in extra.items() if value is not None}
    result |= {name: value for name in ("speed", "volume") if (value := getattr(clause, name)) != 1.0}
    return result


def _table(clauses: Sequence[Clause], phonemes: Sequence[str | None]) -> Iterator[str]:
    rows = [_HEAD]
    for number, (clause, reading) in enumerate(zip(clauses, phonemes, strict=True), 1):
        for index, span in enumerate(clause.spans):
            given = f"{span.phonemes.alphabet} {span.phonemes.text}" if span.phonemes else ""
            rows.append((str(number) if index == 0 else "", span.language, span.text.strip(), span.spoken, given))
        if not clause.spans:
            rows.append((str(number), "", "", "", f"silence {clause.pause} s"))
        if reading is not None:
            rows.append(("", "", "", "", reading))
    widths = [max(_width(row[column]) for row in rows) for column in range(len(_HEAD) - 1)]
    for row in rows:
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()


def _width(text: str) -> int:
    """Columns of a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)

"""Read a book or an article (EPUB, Markdown, text) into one audio file with chapters."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Never

from tqdm import tqdm

from wyoming_cosyvoice import config as configuration
from wyoming_cosyvoice.audio.book import check_suffix, write_book
from wyoming_cosyvoice.engines.loading import load_engines
from wyoming_cosyvoice.errors import BadRequestError
from wyoming_cosyvoice.speech.narration import narrate
from wyoming_cosyvoice.speech.request import SpeechOptions
from wyoming_cosyvoice.speech.service import SpeechService
from wyoming_cosyvoice.text.document import read_document
from wyoming_cosyvoice.text.language import base_language

if TYPE_CHECKING:
    import argparse

    from wyoming_cosyvoice.speech.narration import Narration
    from wyoming_cosyvoice.text.document import Paragraph


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `read`; the server's own (voice, speed, model, ...) work too."""
    parser.add_argument("file", type=Path, help="an .epub, .md or .txt file")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the file to make: .wav .flac .mp3 .opus .m4b")
    configuration.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read the document; a run that was stopped goes on where it was."""
    output: Path = arguments.output
    check_suffix(output)
    if not output.parent.is_dir():
        raise BadRequestError(f"There is no folder {output.parent}", "Make it first")
    paragraphs = list(read_document(arguments.file))
    if not paragraphs:
        raise BadRequestError(f"{arguments.file.name} has no text", "Give another file")
    narration = asyncio.run(_narrate(configuration.from_arguments(arguments), paragraphs, output))
    partial = output.with_name(f"{output.stem}.partial{output.suffix}")
    try:
        write_book(partial, narration.samples, narration.rate, narration.chapters, arguments.file.stem)
        partial.replace(output)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise BadRequestError(f"Cannot write {output}: {error.strerror}", "Make room and run it again") from error
    narration.remove()
    print(f"{output}: {len(narration.chapters)} chapters")
    return 0


async def _narrate(config: configuration.Config, paragraphs: list[Paragraph], output: Path) -> Narration:
    engines = await asyncio.to_thread(load_engines, config)
    service = SpeechService(engines, config)
    await service.start()
    total = sum(len(paragraph.text) for paragraph in paragraphs)
    try:
        with tqdm(total=total, unit="char", unit_scale=True) as bar:
            options = SpeechOptions(
                voice=config.voice,
                language=base_language(config.language) if config.language else None,
                sample_rate=None,
            )
            return await narrate(service, options, paragraphs, output, lambda one: _advance(bar, one))
    finally:
        await service.stop(0.0)


def _advance(bar: tqdm[Never], paragraph: Paragraph) -> None:
    bar.update(len(paragraph.text))
    if paragraph.chapter:
        bar.set_description(paragraph.chapter[:30])

"""Say a text into a WAV file, without a server."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING

from wyoming_cosyvoice import config
from wyoming_cosyvoice.errors import BadRequestError

if TYPE_CHECKING:
    import argparse

    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.speech.request import SpeechOptions, SpeechReport

_SETTINGS = (
    "data_dir",
    "download_dir",
    "model",
    "voice",
    "speaker",
    "language",
    "speed",
    "volume",
    "sentence_silence",
    "mixed",
    "threads",
    "max_text_length",
    "clause_timeout",
    "debug",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the text, the file and the settings that change how a text sounds."""
    parser.add_argument("text", help="what to say; - reads it from standard input")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.wav", help="where to write it")
    parser.add_argument("--ssml", action="store_true", help="the text is SSML")
    parser.add_argument("--style", help="how to say it, where the model takes instructions")
    parser.add_argument("--seed", type=int, help="another number, another rendering")
    parser.add_argument("--sample-rate", type=int, metavar="HERTZ", help="samples a second (default: the model's own)")
    config.add_arguments(parser, only=_SETTINGS)


def run(arguments: argparse.Namespace) -> int:
    """Load the model, say the text and write the file."""
    settings = config.from_arguments(arguments)
    logging.basicConfig(level=logging.DEBUG if settings.debug else logging.WARNING, format=settings.log_format)
    text = sys.stdin.read() if arguments.text == "-" else arguments.text
    output: Path = arguments.output
    if not output.parent.is_dir():
        raise BadRequestError(f"There is no folder {output.parent}", "Make it first, or write elsewhere with -o")
    report = asyncio.run(_say(settings, text, arguments, output))
    print(
        f"{output}: {report.audio_seconds:.2f} s of audio in {report.total_seconds:.2f} s, voice {report.voice}",
        file=sys.stderr,
    )
    return 0


async def _say(settings: Config, text: str, arguments: argparse.Namespace, output: Path) -> SpeechReport:
    from wyoming_cosyvoice.engines.loading import load_engines  # noqa: PLC0415 - heavy
    from wyoming_cosyvoice.speech.service import SpeechService  # noqa: PLC0415

    service = SpeechService(await asyncio.to_thread(load_engines, settings), settings)
    await service.start()
    partial = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        async with service.open(_options(arguments), "say") as stream:
            stream.feed(text)
            stream.end()
            with wave.open(str(partial), "wb") as file:
                file.setparams((1, 2, stream.rate, 0, "NONE", ""))
                async for chunk in stream:
                    file.writeframes(chunk.samples.astype("<i2", copy=False).tobytes())
        # only a whole recording takes the name: an error leaves what was there
        partial.replace(output)
        return stream.report
    finally:
        partial.unlink(missing_ok=True)
        await service.stop(0)


def _options(arguments: argparse.Namespace) -> SpeechOptions:
    from wyoming_cosyvoice.speech.request import SpeechOptions  # noqa: PLC0415
    from wyoming_cosyvoice.text.language import base_language  # noqa: PLC0415

    return SpeechOptions(
        voice=arguments.voice,
        speaker=arguments.speaker,
        language=base_language(arguments.language) if arguments.language else None,
        style=arguments.style,
        seed=arguments.seed,
        text_format="ssml" if arguments.ssml else "text",
        sample_rate=arguments.sample_rate,
    )

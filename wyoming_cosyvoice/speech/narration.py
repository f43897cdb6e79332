"""Long texts to samples on disk, resumable.

Beside the file to be made lie ``NAME.partial.pcm``, the samples so far, and ``NAME.partial.txt``, a journal of one
line a paragraph: how many bytes of samples there were after it. Whatever was written behind the last line of the
journal (a power cut, a full disk) is cut off on resuming, so a paragraph is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from wyoming_cosyvoice.audio.book import Chapter
from wyoming_cosyvoice.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wyoming_cosyvoice.speech.request import SpeechOptions
    from wyoming_cosyvoice.speech.service import SpeechService
    from wyoming_cosyvoice.text.document import Paragraph

PARAGRAPH_PAUSE = 0.5
CHAPTER_PAUSE = 1.5
"""Seconds of silence."""


@dataclass(frozen=True, slots=True)
class Narration:
    """A finished narration: its samples on disk."""

    samples: Path
    rate: int
    chapters: tuple[Chapter, ...]
    journal: Path

    def remove(self) -> None:
        """Remove the partial files."""
        self.samples.unlink(missing_ok=True)
        self.journal.unlink(missing_ok=True)


async def narrate(
    service: SpeechService,
    options: SpeechOptions,
    paragraphs: Sequence[Paragraph],
    target: Path,
    progress: Callable[[Paragraph], None],
) -> Narration:
    """Speak paragraphs one after another into the partial files of `target`, going on where an earlier run stopped.

    `progress` is told each paragraph that is done. Raises SpeechError; what was made until then stays for the next run.
    """
    async with service.open(options, "read") as stream:
        rate = stream.rate
    partial = _Partial(
        target.with_name(target.name + ".partial.pcm"), target.with_name(target.name + ".partial.txt"), []
    )
    try:
        partial.resume(_identity(options, paragraphs, rate))
        await _speak(service, options, paragraphs, partial, progress)
    except OSError as error:
        raise BadRequestError(
            f"Cannot write {partial.samples}: {error.strerror}", "Make room and run it again"
        ) from error
    chapters = tuple(
        Chapter(paragraph.chapter, start // 2)
        for paragraph, start in zip(paragraphs, [0, *partial.ends], strict=False)
        if paragraph.chapter is not None
    )
    return Narration(partial.samples, rate, chapters, partial.journal)


@dataclass
class _Partial:
    """The partial files; `ends` are the bytes of samples after each paragraph that is done."""

    samples: Path
    journal: Path
    ends: list[int]

    def resume(self, identity: str) -> None:
        """Take over what an earlier run of the same identity made, and cut the samples off behind it."""
        if self.journal.is_file() and self.samples.is_file():
            head, *lines = self.journal.read_text(encoding="utf-8").splitlines() or [""]
            size = self.samples.stat().st_size
            for line in lines if head == identity else []:
                # a cut or damaged line ends what can be trusted
                if not line.isdecimal() or not (self.ends or [0])[-1] <= int(line) <= size:
                    break
                self.ends.append(int(line))
        with self.samples.open("ab") as file:
            file.truncate(self.ends[-1] if self.ends else 0)
        self.journal.write_text("".join(f"{line}\n" for line in [identity, *self.ends]), encoding="utf-8")


async def _speak(
    service: SpeechService,
    options: SpeechOptions,
    paragraphs: Sequence[Paragraph],
    partial: _Partial,
    progress: Callable[[Paragraph], None],
) -> None:
    """Speak what is not there yet."""
    done = len(partial.ends)
    for paragraph in paragraphs[:done]:
        progress(paragraph)
    with partial.samples.open("ab") as audio, partial.journal.open("a", encoding="utf-8") as log:
        for paragraph in paragraphs[done:]:
            async with service.open(options, "read") as stream:
                pause = 0.0 if audio.tell() == 0 else CHAPTER_PAUSE if paragraph.chapter else PARAGRAPH_PAUSE
                audio.write(bytes(2 * int(pause * stream.rate)))
                stream.feed(paragraph.text)
                stream.end()
                async for chunk in stream:
                    audio.write(chunk.samples.astype("<i2").tobytes())
            audio.flush()
            partial.ends.append(audio.tell())
            log.write(f"{audio.tell()}\n")
            log.flush()
            progress(paragraph)


def _identity(options: SpeechOptions, paragraphs: Sequence[Paragraph], rate: int) -> str:
    """Return what must be the same for going on: the text, how it is said, and the rate."""
    digest = hashlib.sha256(json.dumps([asdict(options), rate], sort_keys=True).encode())
    for paragraph in paragraphs:
        digest.update(json.dumps(asdict(paragraph)).encode())
    return digest.hexdigest()

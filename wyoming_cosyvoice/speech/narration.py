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
    samples = target.with_name(target.name + ".partial.pcm")
    journal = target.with_name(target.name + ".partial.txt")
    async with service.open(options, "read") as stream:
        rate = stream.rate
    done = _resume(journal, samples, _identity(options, paragraphs, rate))
    for paragraph in paragraphs[: len(done)]:
        progress(paragraph)
    starts = [0, *done]
    try:
        with samples.open("ab") as audio, journal.open("a", encoding="utf-8") as log:
            for paragraph in paragraphs[len(done) :]:
                pause = 0.0 if audio.tell() == 0 else CHAPTER_PAUSE if paragraph.chapter else PARAGRAPH_PAUSE
                audio.write(bytes(2 * int(pause * rate)))
                async with service.open(options, "read") as stream:
                    stream.feed(paragraph.text)
                    stream.end()
                    async for chunk in stream:
                        audio.write(chunk.samples.astype("<i2").tobytes())
                audio.flush()
                starts.append(audio.tell())
                log.write(f"{audio.tell()}\n")
                log.flush()
                progress(paragraph)
    except OSError as error:
        raise BadRequestError(f"Cannot write {samples}: {error.strerror}", "Make room and run it again") from error
    chapters = tuple(
        Chapter(paragraph.chapter, start // 2)
        for paragraph, start in zip(paragraphs, starts, strict=False)
        if paragraph.chapter is not None
    )
    return Narration(samples, rate, chapters, journal)


def _identity(options: SpeechOptions, paragraphs: Sequence[Paragraph], rate: int) -> str:
    """Return what must be the same for going on: the text, how it is said, and the rate."""
    digest = hashlib.sha256(json.dumps([asdict(options), rate], sort_keys=True).encode())
    for paragraph in paragraphs:
        digest.update(json.dumps(asdict(paragraph)).encode())
    return digest.hexdigest()


def _resume(journal: Path, samples: Path, identity: str) -> list[int]:
    """Return the bytes after each paragraph that is done, and cut the samples off behind the last."""
    done: list[int] = []
    if journal.is_file() and samples.is_file():
        head, *lines = journal.read_text(encoding="utf-8").splitlines() or [""]
        size = samples.stat().st_size
        if head == identity:
            for line in lines:
                # a cut or damaged line ends what can be trusted
                if not line.isdecimal() or int(line) > size or (done and int(line) < done[-1]):
                    break
                done.append(int(line))
    with samples.open("ab") as file:
        file.truncate(done[-1] if done else 0)
    journal.write_text("".join(f"{line}\n" for line in [identity, *done]), encoding="utf-8")
    return done

"""`wyoming-cosyvoice read`: a document becomes one file with chapters, and a run that was stopped goes on."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest

from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.engines.registry import Engines
from wyoming_cosyvoice.engines.tone import ToneEngine
from wyoming_cosyvoice.errors import BadRequestError
from wyoming_cosyvoice.speech.narration import CHAPTER_PAUSE, PARAGRAPH_PAUSE, narrate
from wyoming_cosyvoice.speech.request import SpeechOptions
from wyoming_cosyvoice.speech.service import SpeechService
from wyoming_cosyvoice.text.document import Paragraph

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
BOOK = [
    Paragraph("Chapter one.", "One"),
    Paragraph("The first paragraph has a few words."),
    Paragraph("The second has a few more."),
    Paragraph("Chapter two.", "Two"),
    Paragraph("And this is the end."),
]


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[SpeechService]:
    service = SpeechService(Engines([ToneEngine()]), Config(data_dir=tmp_path))
    await service.start()
    yield service
    await service.stop(0)


async def test_chapters_begin_where_their_first_sound_is_written(service: SpeechService, tmp_path: Path) -> None:
    told: list[Paragraph] = []
    narration = await narrate(service, SpeechOptions(), BOOK, tmp_path / "book.wav", told.append)
    assert told == BOOK
    assert [chapter.title for chapter in narration.chapters] == ["One", "Two"]
    data = narration.samples.read_bytes()
    # a chapter's mark stands before the pause that leads to it, so that jumping there does not cut its first sound
    second = narration.chapters[1].start * 2
    pause = 2 * int(CHAPTER_PAUSE * narration.rate)
    assert not any(data[second : second + pause])
    assert any(data[second + pause : second + 2 * pause])
    assert narration.chapters[0].start == 0
    assert CHAPTER_PAUSE > PARAGRAPH_PAUSE


@pytest.mark.parametrize(
    "damage", ["none", "half a paragraph", "cut journal", "garbage in the journal", "lost samples"]
)
async def test_a_stopped_run_ends_in_the_same_bytes(service: SpeechService, tmp_path: Path, damage: str) -> None:
    whole = await narrate(service, SpeechOptions(), BOOK, tmp_path / "a.wav", lambda _: None)
    expected = whole.samples.read_bytes()
    told: list[Paragraph] = []

    def stop_after_three(paragraph: Paragraph) -> None:
        told.append(paragraph)
        if len(told) == 3:
            raise asyncio.CancelledError

    target = tmp_path / "b.wav"
    with pytest.raises(asyncio.CancelledError):
        await narrate(service, SpeechOptions(), BOOK, target, stop_after_three)
    samples, journal = tmp_path / "b.wav.partial.pcm", tmp_path / "b.wav.partial.txt"
    if damage == "half a paragraph":
        samples.write_bytes(samples.read_bytes() + b"\x01\x02\x03")
    elif damage == "cut journal":
        journal.write_text(journal.read_text()[:-3])
    elif damage == "garbage in the journal":
        journal.write_text(journal.read_text() + "99999999999\nxyz\n")
    elif damage == "lost samples":
        samples.write_bytes(samples.read_bytes()[:100])
    before = service.status().requests
    again = await narrate(service, SpeechOptions(), BOOK, target, lambda _: None)
    assert again.samples.read_bytes() == expected
    assert again.chapters == whole.chapters
    if damage in {"none", "half a paragraph", "garbage in the journal"}:
        # the rate is asked for once, and two paragraphs were left
        assert service.status().requests - before == 3
    again.remove()
    assert not samples.exists()
    assert not journal.exists()


async def test_another_voice_begins_anew(service: SpeechService, tmp_path: Path) -> None:
    target = tmp_path / "a.wav"
    low = await narrate(service, SpeechOptions(voice="tone_low"), BOOK, target, lambda _: None)
    data = low.samples.read_bytes()
    high = await narrate(service, SpeechOptions(voice="tone_high"), BOOK, target, lambda _: None)
    assert high.samples.read_bytes() != data


async def test_a_folder_that_can_not_be_written_is_told(service: SpeechService, tmp_path: Path) -> None:
    (tmp_path / "a.wav.partial.pcm").mkdir()
    with pytest.raises(BadRequestError, match="a.wav.partial.pcm"):
        await narrate(service, SpeechOptions(), BOOK, tmp_path / "a.wav", lambda _: None)


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "wyoming_cosyvoice", "read", *map(str, arguments)]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_a_book_from_the_command_line(tmp_path: Path) -> None:
    book = tmp_path / "book.md"
    book.write_text("# One\n\nSome words here.\n\n# Two\n\nSome more.\n")
    result = run(book, "-o", tmp_path / "book.opus", "--model", "tone", "--data-dir", tmp_path)
    assert (result.returncode, result.stdout) == (0, f"{tmp_path / 'book.opus'}: 2 chapters\n"), result.stderr
    with av.open(str(tmp_path / "book.opus"), "r") as container:
        assert [one["metadata"]["title"] for one in container.chapters()] == ["One", "Two"]
    assert sorted(path.name for path in tmp_path.glob("book.*")) == ["book.md", "book.opus"]


def test_interrupted_by_ctrl_c_and_run_again(tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text(
        "\n\n".join(f"This is paragraph {name}." for name in ("one", "two", "three", "four", "five", "six"))
    )
    arguments = (book, "-o", tmp_path / "book.wav", "--data-dir", tmp_path)
    process = subprocess.Popen(command(*arguments, "--model", "tone:0.6"), cwd=ROOT, stderr=subprocess.DEVNULL)
    journal = tmp_path / "book.wav.partial.txt"
    while not journal.exists() or len(journal.read_text().splitlines()) < 3:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    kept = (tmp_path / "book.wav.partial.pcm").read_bytes()
    assert len(kept) > 0
    assert not (tmp_path / "book.wav").exists()
    # the engine's name is the same at another speed, so this is the same work
    assert run(*arguments, "--model", "tone").returncode == 0
    with wave.open(str(tmp_path / "book.wav")) as file:
        assert file.readframes(file.getnframes()).startswith(kept[: int(journal_bytes(kept))])


def journal_bytes(kept: bytes) -> int:
    """Leave out the last paragraph's tail: it may have been cut and made again, to the same samples."""
    return len(kept) // 2


@pytest.mark.parametrize(
    ("name", "output", "said"),
    [
        ("a.mkv", "a.wav", "no kind"),
        ("none.txt", "a.wav", "no file"),
        ("a.txt", "a.doc", "no audio format"),
        ("a.txt", "b/c.wav", "no folder"),
    ],
)
def test_mistakes_are_one_clear_line(tmp_path: Path, name: str, output: str, said: str) -> None:
    (tmp_path / "a.txt").write_text("Words.")
    result = run(tmp_path / name, "-o", tmp_path / output, "--model", "tone", "--data-dir", tmp_path)
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert said in result.stderr

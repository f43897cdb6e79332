"""One audio file with chapters from raw samples on disk: WAV, FLAC, MP3, Opus and M4B.

Samples are read block by block, so that a book of any length takes constant memory. WAV is written here, with cue
points as chapters; the others need the `av` package (FFmpeg's libraries), which the `read` extra installs.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from wyoming_cosyvoice.audio.wav import stream_header
from wyoming_cosyvoice.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from wyoming_cosyvoice.audio.pcm import Pcm

_BLOCK = 1 << 16
_MAX_WAV = 2**32 - 2**20


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter's title and its first sample."""

    title: str
    start: int


@dataclass(frozen=True, slots=True)
class _Codec:
    name: str
    container: str
    rates: tuple[int, ...] = ()
    bit_rate: int = 0


_CODECS = {
    ".flac": _Codec("flac", "flac"),
    ".mp3": _Codec("libmp3lame", "mp3", (16000, 22050, 24000, 32000, 44100, 48000), 64_000),
    ".opus": _Codec("libopus", "ogg", (8000, 12000, 16000, 24000, 48000), 32_000),
    ".m4b": _Codec("aac", "ipod", (16000, 22050, 24000, 32000, 44100, 48000), 64_000),
}
SUFFIXES = (".wav", *_CODECS)


def check_suffix(path: Path) -> None:
    """Raise BadRequestError where the file's ending names no format that can be written here."""
    if path.suffix.lower() not in SUFFIXES:
        raise BadRequestError(f"{path.name} names no audio format", f"End it in {', '.join(SUFFIXES)}")
    if path.suffix.lower() != ".wav":
        _av()


def write_book(path: Path, samples: Path, rate: int, chapters: Sequence[Chapter], title: str) -> None:
    """Write mono little-endian int16 samples as one file with chapters; the kind comes from the file's ending."""
    if path.suffix.lower() == ".wav":
        _write_wav(path, samples, rate, chapters)
    else:
        _write_compressed(path, samples, rate, chapters, title)


def _blocks(samples: Path) -> Iterator[Pcm]:
    with samples.open("rb") as file:
        while data := file.read(_BLOCK * 2):
            yield np.frombuffer(data, "<i2")


def _write_wav(path: Path, samples: Path, rate: int, chapters: Sequence[Chapter]) -> None:
    size = samples.stat().st_size
    cue = _cue_chunks(chapters)
    if size + len(cue) > _MAX_WAV:
        raise BadRequestError("The audio is longer than a WAV file can be (4 GiB)", "Write .flac, .opus or .m4b")
    with path.open("wb") as file:
        header = bytearray(stream_header(rate, "zero"))
        struct.pack_into("<I", header, 4, 36 + size + len(cue))
        struct.pack_into("<I", header, 40, size)
        file.write(header)
        for block in _blocks(samples):
            file.write(block.tobytes())
        file.write(cue)


def _cue_chunks(chapters: Sequence[Chapter]) -> bytes:
    """Return the chunks `cue ` and `LIST adtl`, which audio editors show as markers."""
    points = b"".join(
        struct.pack("<II4sIII", number, chapter.start, b"data", 0, 0, chapter.start)
        for number, chapter in enumerate(chapters, 1)
    )
    labels = b"adtl"
    for number, chapter in enumerate(chapters, 1):
        text = chapter.title.encode() + b"\0"
        labels += struct.pack("<4sII", b"labl", 4 + len(text), number) + text + b"\0" * (len(text) % 2)
    return (
        struct.pack("<4sII", b"cue ", 4 + len(points), len(chapters))
        + points
        + struct.pack("<4sI", b"LIST", len(labels))
        + labels
    )


def _write_compressed(path: Path, samples: Path, rate: int, chapters: Sequence[Chapter], title: str) -> None:
    av = _av()
    codec = _CODECS[path.suffix.lower()]
    target = next((one for one in codec.rates if one >= rate), rate)
    length = samples.stat().st_size // 2
    with av.open(str(path), "w", format=codec.container) as container:
        stream = container.add_stream(codec.name, rate=target, layout="mono")
        if codec.bit_rate:
            stream.bit_rate = codec.bit_rate
        container.metadata["title"] = title
        if codec.container == "flac":
            # FFmpeg writes no chapters into FLAC; the Vorbis comments CHAPTERnnn are what players read there
            for number, chapter in enumerate(chapters):
                container.metadata[f"CHAPTER{number:03d}"] = _clock(chapter.start / rate)
                container.metadata[f"CHAPTER{number:03d}NAME"] = chapter.title
        else:
            container.set_chapters(_av_chapters(chapters, length, rate))
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=target)
        position = 0
        for block in _blocks(samples):
            frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, position, Fraction(1, rate)
            position += len(block)
            for ready in resampler.resample(frame):
                container.mux(stream.encode(ready))
        for ready in resampler.resample(None):
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))


def _av_chapters(chapters: Sequence[Chapter], length: int, rate: int) -> list[dict[str, Any]]:
    ends = [chapter.start for chapter in chapters[1:]] + [length]
    return [
        {
            "id": number,
            "start": chapter.start * 1000 // rate,
            "end": end * 1000 // rate,
            "time_base": Fraction(1, 1000),
            "metadata": {"title": chapter.title},
        }
        for number, (chapter, end) in enumerate(zip(chapters, ends, strict=True), 1)
    ]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02d}:{minutes:02d}:{rest:06.3f}"


def _av() -> Any:
    try:
        import av  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise BadRequestError(
            "This machine can write WAV only", "Install wyoming-cosyvoice[read] for FLAC, MP3, Opus and M4B"
        ) from error
    return av

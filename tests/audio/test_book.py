"""One file with chapters."""

from __future__ import annotations

import struct
import wave
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from wyoming_cosyvoice.audio.book import SUFFIXES, Chapter, check_suffix, write_book
from wyoming_cosyvoice.errors import BadRequestError

if TYPE_CHECKING:
    from pathlib import Path

RATE = 24000
CHAPTERS = (Chapter("One", 0), Chapter("第二章", RATE), Chapter("Three", 3 * RATE))


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    path = tmp_path / "samples.pcm"
    time = np.arange(4 * RATE) / RATE
    path.write_bytes((9000 * np.sin(2 * np.pi * 440 * time)).astype("<i2").tobytes())
    return path


@pytest.mark.parametrize("suffix", [one for one in SUFFIXES if one != ".wav"])
def test_length_sound_and_chapters_survive(tmp_path: Path, samples: Path, suffix: str) -> None:
    path = tmp_path / f"book{suffix}"
    write_book(path, samples, RATE, CHAPTERS, "A book")
    with av.open(str(path)) as container:
        assert container.metadata.get("title", container.streams[0].metadata.get("title")) == "A book"
        frames = [frame.to_ndarray().astype(float) for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
        found = [(one["metadata"]["title"], one["start"] * (one["time_base"] or 0)) for one in container.chapters()]
        assert found == [("One", 0), ("第二章", 1), ("Three", 3)]
    sound = np.concatenate([frame.reshape(-1) for frame in frames])
    assert sum(frame.shape[-1] for frame in frames) / rate == pytest.approx(4, abs=0.1)
    assert np.std(sound) > 0


def test_a_wav_file_has_cue_points_and_exact_sizes(tmp_path: Path, samples: Path) -> None:
    path = tmp_path / "book.wav"
    write_book(path, samples, RATE, CHAPTERS, "A book")
    data = path.read_bytes()
    assert struct.unpack_from("<I", data, 4)[0] == len(data) - 8
    with wave.open(str(path)) as file:
        assert file.readframes(file.getnframes()) == samples.read_bytes()
    cue = data.index(b"cue ", 44 + samples.stat().st_size)
    assert struct.unpack_from("<II", data, cue + 4) == (4 + 24 * 3, 3)
    assert [struct.unpack_from("<I", data, cue + 12 + 24 * i + 20)[0] for i in range(3)] == [0, RATE, 3 * RATE]
    assert "第二章".encode() in data[cue:]


def test_an_unknown_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequestError, match=r"End it in \.wav, \.flac, \.mp3, \.opus, \.m4b"):
        check_suffix(tmp_path / "book.doc")

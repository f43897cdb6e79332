"""What arrived: decoded, measured, and heard by a recogniser."""

from __future__ import annotations

import difflib
import json
import os
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.home_assistant.real.server import ROOT


@dataclass(frozen=True)
class Wav:
    """A WAV file that was streamed: its sizes say that nobody knew them."""

    channels: int
    rate: int
    width: int
    samples: bytes

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.width / self.channels / self.rate


def read_wav(data: bytes) -> Wav:
    assert (data[:4], data[8:16], data[36:40]) == (b"RIFF", b"WAVEfmt ", b"data")
    kind, channels, rate, per_second, _, bits = struct.unpack("<HHIIHH", data[20:36])
    assert (kind, per_second) == (1, rate * channels * bits // 8)
    return Wav(channels, rate, bits // 8, data[44:])


def decode(data: bytes) -> Wav:
    """Decode any format with ffmpeg, as a loudspeaker would."""
    command = ["ffmpeg", "-v", "error", "-i", "pipe:0", "-f", "s16le", "-ac", "1", "-ar", "16000", "pipe:1"]
    return Wav(1, 16000, 2, subprocess.run(command, input=data, capture_output=True, check=True).stdout)


def transcribe(files: dict[str, Path]) -> dict[str, str]:
    """Return what the recogniser hears in sound files; `files` by language."""
    python = os.environ.get("COSYVOICE_PYTHON", sys.executable)
    command = [python, "-m", "tests.home_assistant.real.hear", *(f"{name}={path}" for name, path in files.items())]
    heard: dict[str, str] = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    return heard


def likeness(heard: str, spoken: str) -> float:
    """Return how much of the letters agree, from 0 to 1: case, spaces and punctuation can't be heard."""
    left, right = ("".join(char for char in text.casefold() if char.isalnum()) for text in (heard, spoken))
    return difflib.SequenceMatcher(None, left, right, autojunk=False).ratio()

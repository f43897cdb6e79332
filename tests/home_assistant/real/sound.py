"""What arrived: decoded, measured, and heard by a recogniser."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def hear(folder: Path, spoken: list[tuple[str, str, bytes]]) -> list[dict[str, Any]]:
    """Return what the recogniser hears, and how much of it is wrong, of languages, texts and what they sound like."""
    listing = []
    for number, (language, text, data) in enumerate(spoken):
        sound = folder / f"{number}.pcm"
        sound.write_bytes(decode(data).samples)
        listing.append((language, text, str(sound)))
    (folder / "listing.json").write_text(json.dumps(listing))
    python = os.environ.get("COSYVOICE_PYTHON", sys.executable)
    command = [python, "-m", "tests.home_assistant.real.hear", str(folder / "listing.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    heard: list[dict[str, Any]] = json.loads(done.stdout)
    return heard

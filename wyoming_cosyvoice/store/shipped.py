"""Files that come with the program: `models/` beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

import gzip
from pathlib import Path


def shipped(*parts: str) -> Path:
    """Return the path of a file or folder of `models/`.

    Raises FileNotFoundError if the installation lacks it.
    """
    package = Path(__file__).resolve().parent.parent
    for root in (package / "models", package.parent / "models"):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(f"models/{'/'.join(parts)} is missing from this installation")


def whisper_vocabulary() -> bytes:
    """Return Whisper's multilingual vocabulary, what a bundle keeps as `tokenizer.tiktoken`."""
    return gzip.decompress(shipped("cosyvoice", "multilingual.tiktoken.gz").read_bytes())

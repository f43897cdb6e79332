"""Rebuild models/english/ from the Python packages misaki 0.9.4 (lexicon) and g2p-en 2.1.0 (guesses).

Usage: pip download --no-deps misaki==0.9.4 g2p-en==2.1.0 && python script/rebuild/english.py misaki-*.whl g2p_en-*.whl

`lexicon.tsv.gz`: a line a word, sorted by its UTF-8 bytes: word, default phonemes, then `X=phonemes` for other parts of
speech (N noun, V verb, J adjective, R adverb, P past form, E end of a phrase). The reviewed words ("gold") win over the
generated ones ("silver"). `guess.npz`: the weights of the letter-to-sound model in float16.
"""

from __future__ import annotations

import gzip
import json
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parents[2] / "models" / "english"
TAGS = {"NOUN": "N", "VERB": "V", "ADJ": "J", "ADV": "R", "VBD": "P", "VBN": "P", "VBP": "P", "None": "E"}


def line(word: str, value: str | dict[str, str | None]) -> str:
    """Write one entry."""
    if isinstance(value, str):
        return f"{word}\t{value}"
    variants = {TAGS[tag]: reading for tag, reading in value.items() if tag in TAGS and reading}
    return "\t".join([word, str(value["DEFAULT"]), *(f"{tag}={reading}" for tag, reading in sorted(variants.items()))])


def spelt(value: str | dict[str, str | None]) -> bool:
    """Whether the entry says that the noun is spelt (LED), which the frontend does by itself."""
    return isinstance(value, dict) and value.get("NOUN", "") is None


def lexicon(wheel: str) -> bytes:
    """Merge the two dictionaries."""
    with zipfile.ZipFile(wheel) as package:
        silver = json.loads(package.read("misaki/data/us_silver.json"))
        gold = json.loads(package.read("misaki/data/us_gold.json"))
    words = {word: value for word, value in {**silver, **gold}.items() if not spelt(value)}
    lines = [line(word, value).encode() for word, value in words.items()]
    lines.sort(key=lambda entry: entry.split(b"\t", 1)[0])
    return b"\n".join(lines) + b"\n"


def main(misaki: str, g2p_en: str) -> None:
    """Write both files."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with (TARGET / "lexicon.tsv.gz").open("wb") as stream:
        stream.write(gzip.compress(lexicon(misaki), 9, mtime=0))
    with zipfile.ZipFile(g2p_en) as package:
        weights = np.load(BytesIO(package.read("g2p_en/checkpoint20.npz")))
        np.savez(
            TARGET / "guess.npz", allow_pickle=False, **{name: weights[name].astype(np.float16) for name in weights}
        )


if __name__ == "__main__":
    main(*sys.argv[1:3])

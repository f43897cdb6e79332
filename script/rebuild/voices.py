"""Rebuild models/starter/voices.npz from the npm package kokoro-js 1.2.1.

Usage: npm pack kokoro-js@1.2.1 && python script/rebuild/voices.py kokoro-js-1.2.1.tgz

Each voice of the package is `[510, 256]` float32, one style vector for each length of the phoneme string. Kept are the
voices that the starter offers, in float16 (largest error 5e-4, below the noise of the 8-bit weights).
"""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

import numpy as np

from wyoming_cosyvoice.engines.kokoro.voices import VOICES

TARGET = Path(__file__).resolve().parents[2] / "models" / "starter" / "voices.npz"


def main(archive: str) -> None:
    """Read the package and write the kept voices."""
    arrays = {}
    with tarfile.open(archive) as package:
        for name in sorted({item.source for item in VOICES}):
            stream = package.extractfile(f"package/voices/{name}.bin")
            if stream is None:
                raise SystemExit(f"{archive} has no voice {name}")
            arrays[name] = np.frombuffer(stream.read(), "<f4").reshape(510, 256).astype(np.float16)
    np.savez(TARGET, allow_pickle=False, **arrays)
    print(f"{TARGET}: {', '.join(arrays)}")


if __name__ == "__main__":
    main(sys.argv[1])

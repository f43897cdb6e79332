"""Opening an installed bundle as an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.cosyvoice.engine import CosyVoiceEngine, EngineSettings
from wyoming_cosyvoice.engines.cosyvoice.model import load
from wyoming_cosyvoice.engines.processors import threads_for

if TYPE_CHECKING:
    from pathlib import Path


def open_engine(bundle: Path, *, threads: int, vocoder: str, quality: str) -> CosyVoiceEngine:
    """Load the bundle; 0 threads means as many as there are processors. Raises ModelError, which names the file."""
    return CosyVoiceEngine(load(bundle, threads_for(threads)), EngineSettings(vocoder=vocoder, quality=quality))

"""Opening the assembled starter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.kokoro.engine import KokoroEngine
from wyoming_cosyvoice.engines.kokoro.session import Session

if TYPE_CHECKING:
    from wyoming_cosyvoice.store.library import Installed


def load(model: Installed, threads: int) -> KokoroEngine:
    """Open the starter's graph and read what its frontends need."""
    graph = next(name for name in model.manifest.files if name.endswith(".onnx"))
    session = Session(model.folder / graph, threads)
    return KokoroEngine(session, model.manifest.revision)

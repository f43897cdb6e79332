"""Opening the assembled starter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.kokoro.engine import KokoroEngine
from wyoming_cosyvoice.engines.kokoro.session import Session
from wyoming_cosyvoice.engines.memory import return_large_blocks
from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store.manifest import verify

if TYPE_CHECKING:
    from wyoming_cosyvoice.store.library import Installed


def load(model: Installed, threads: int) -> KokoroEngine:
    """Open the starter's graph and read what its frontends need; raises ModelError naming a file that is missing."""
    graph = next((name for name in model.manifest.files if name.endswith(".onnx")), None)
    if graph is None:
        raise ModelError(f"{model.folder} has no graph", "Install the starter again")
    verify(model.folder, model.manifest.files, hashes=False)
    return_large_blocks()  # or freed pieces of graphs and dictionaries stay: 50 MB with all languages loaded
    session = Session(model.folder / graph, threads)
    return KokoroEngine(session, model.manifest.revision)

"""The files of a checkpoint, opened and checked before anything is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wyoming_cosyvoice.convert import layout as model
from wyoming_cosyvoice.convert.weights import Weights, read_voices
from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from wyoming_cosyvoice.convert.checkpoint import Checkpoint

SOURCES = ("llm.pt", "flow.pt", "hift.pt", "spk2info.pt")
_HEAD_WIDTH = 64
"""Of the estimator, where cosyvoice.yaml does not say otherwise: the shapes of its weights don't tell."""


class Parts:
    """Weights, layouts and voices of the four files; ModelError for what doesn't fit together."""

    def __init__(self, files: Mapping[str, Checkpoint], folder: Path, on_read: Callable[[int], object]) -> None:
        self.files = files
        self.head_width = head_width_in(folder)
        self.llm = Weights(files["llm.pt"], on_read)
        self.flow = Weights(files["flow.pt"], on_read)
        self.hift = Weights(files["hift.pt"], on_read, vocoder=True)
        self.llm_layout = model.language_model_layout(self.llm.shapes, str(files["llm.pt"].path))
        self.flow_layout = model.flow_layout(self.flow.shapes, str(files["flow.pt"].path))
        model.vocoder_layout(self.hift.shapes, str(files["hift.pt"].path))
        self.voices = read_voices(files["spk2info.pt"])
        inner = self.flow_layout.estimator.inner
        if inner % self.head_width:
            raise ModelError(
                f"{files['flow.pt'].path}: heads of {self.head_width} don't divide its attention's width of {inner}",
                "Keep the checkpoint's own cosyvoice.yaml beside it",
            )

    def tables(self) -> dict[str, NDArray[np.float32]]:
        """Return the small arrays for what the engine does in numpy."""
        return {
            "llm_embedding": self.llm["llm_embedding.weight"],
            "speech_embedding": self.llm["speech_embedding.weight"],
            "speaker_weight": self.llm["spk_embed_affine_layer.weight"],
            "speaker_bias": self.llm["spk_embed_affine_layer.bias"],
            "flow_speaker_weight": self.flow["spk_embed_affine_layer.weight"],
            "flow_speaker_bias": self.flow["spk_embed_affine_layer.bias"],
            "source_weight": self.hift["m_source.l_linear.weight"].reshape(-1),
            "source_bias": self.hift["m_source.l_linear.bias"],
        }

    def check_finite(self) -> None:
        """Raise ModelError naming every tensor read so far that has values which are not finite."""
        for weights in (self.llm, self.flow, self.hift):
            weights.check_finite()


def head_width_in(folder: Path) -> int:
    """Return the estimator's head width out of cosyvoice.yaml, or the official one where that does not say."""
    path = folder / "cosyvoice.yaml"
    if not path.is_file():
        return _HEAD_WIDTH
    text = path.read_text("utf-8", errors="replace")
    found = re.search(r"^\s*attention_head_dim:\s*(\d{1,4})\s*$", text, re.MULTILINE)
    return max(int(found[1]), 1) if found else _HEAD_WIDTH

"""The tensors of one checkpoint file as a converter wants them: checked, folded, one at a time.

hift.pt comes in two styles of weight normalisation and may carry the prefix of upstream's adversarial training. Both
are hidden here: a weight-normed weight is seen (and read) under its plain name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.convert.layout import SPEAKER_WIDTH, listed
from wyoming_cosyvoice.convert.pickled import TensorRecord
from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from wyoming_cosyvoice.convert.checkpoint import Checkpoint
    from wyoming_cosyvoice.convert.layout import Shape

_NORM_STYLES = (
    (".weight_g", ".weight_v"),
    (".parametrizations.weight.original0", ".parametrizations.weight.original1"),
)


class Weights:
    """Tensors by name as float32 arrays, read when asked for.

    `shapes` are those of the folded tensors. A tensor with values that are not finite reads as zeros and is remembered;
    `check_finite` raises with all such names once everything was read, so that the file is read once only.
    """

    def __init__(
        self, checkpoint: Checkpoint, on_read: Callable[[int], object] | None = None, *, vocoder: bool = False
    ) -> None:
        """`on_read` is told how many bytes were read."""
        self._checkpoint, self._on_read = checkpoint, on_read
        self._infinite: list[str] = []
        tensors = checkpoint.tensors
        self._tensors: Mapping[str, TensorRecord] = _vocoder_names(tensors) if vocoder else tensors
        self._folded: dict[str, tuple[str, str]] = {}
        self.shapes: dict[str, Shape] = {}
        for name, tensor in self._tensors.items():
            self._add(name, tensor.shape)

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        if name not in self._folded:
            return self._read(name).reshape(self.shapes[name])
        gain_name, direction_name = self._folded[name]
        gain, direction = self._read(gain_name), self._read(direction_name)
        norm = np.sqrt(np.square(direction, dtype=np.float64).sum(axis=(1, 2), keepdims=True))
        factor: NDArray[np.float32] = (gain.reshape(-1, 1, 1) / np.maximum(norm, 1e-30)).astype(np.float32)
        return direction * factor

    def check_finite(self) -> None:
        """Raise ModelError naming every tensor read so far that has values which are not finite."""
        if self._infinite:
            names = [f"{name!r} has values that are not finite numbers" for name in self._infinite]
            raise ModelError(f"{self._checkpoint.path} is damaged: {listed(names)}", "Download it again")

    def _add(self, name: str, shape: Shape) -> None:
        for gain, direction in _NORM_STYLES:
            if name.endswith(gain) and name.removesuffix(gain) + direction in self._tensors:
                return
            if name.endswith(direction) and (partner := name.removesuffix(direction) + gain) in self._tensors:
                plain = name.removesuffix(direction) + ".weight"
                if len(shape) == 3 and self._tensors[partner].shape == (shape[0], 1, 1):
                    self._folded[plain] = (partner, name)
                    self.shapes[plain] = shape
                    return
        # upstream has kept the scale of Snake both as [C] and as [C, 1]
        self.shapes[name] = shape[:1] if name.endswith(".alpha") and shape[1:] == (1,) else shape

    def _read(self, name: str) -> NDArray[np.float32]:
        values = self._checkpoint.read(self._tensors[name])
        if self._on_read:
            self._on_read(values.nbytes)
        if np.isfinite(values).all():
            return values
        if name not in self._infinite:
            self._infinite.append(name)
        return np.zeros_like(values)


def read_voices(checkpoint: Checkpoint) -> dict[str, NDArray[np.float32]]:
    """Return spk2info.pt as speaker embeddings `[192]` by name.

    Both upstream's ``{name: {"embedding": [1, 192], ...}}`` and a flat ``{name: tensor}`` are taken.
    """
    tree, voices = checkpoint.tree, {}
    for name, entry in tree.items() if isinstance(tree, dict) else ():
        tensor = entry.get("embedding") if isinstance(entry, dict) else entry
        if not isinstance(tensor, TensorRecord) or tensor.shape not in {(1, SPEAKER_WIDTH), (SPEAKER_WIDTH,)}:
            shape = list(tensor.shape) if isinstance(tensor, TensorRecord) else type(tensor).__name__
            raise ModelError(
                f"{checkpoint.path} has {shape} for the voice {name!r} (expected [1, {SPEAKER_WIDTH}])",
                "Take spk2info.pt from the official CosyVoice-300M-SFT files",
            )
        values = checkpoint.read(tensor).reshape(-1)
        if not np.isfinite(values).all() or not values.any():
            raise ModelError(f"{checkpoint.path} has no usable numbers for the voice {name!r}", "Download it again")
        voices[str(name)] = values
    if not voices:
        raise ModelError(f"{checkpoint.path} has no voices", "Take spk2info.pt from CosyVoice-300M-SFT")
    return voices


def _vocoder_names(tensors: Mapping[str, TensorRecord]) -> dict[str, TensorRecord]:
    # upstream's training saves generator and discriminator together; only the generator speaks
    return {
        name.replace("generator.", ""): tensor
        for name, tensor in tensors.items()
        if not name.startswith("discriminator.")
    }

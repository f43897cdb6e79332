"""The flow's estimator out of a bundle into the kernel's own layout, and its runs."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.engines.cosyvoice.kernel.decoder import BFLOAT16, VNNI
from wyoming_cosyvoice.engines.cosyvoice.kernel.listed import CURE, ListedWeights, pointer
from wyoming_cosyvoice.engines.cosyvoice.kernel.native import NativeModel
from wyoming_cosyvoice.engines.cosyvoice.lengths import MELS
from wyoming_cosyvoice.engines.cosyvoice.sessions import CancelledError
from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FLOW_INDEX = "flow_estimator.json"
_PREFIX = "decoder.estimator."
_BETWEEN = ("down_blocks.0.2.conv", "down_blocks.1.2", "up_blocks.0.2.conv", "up_blocks.1.2", "final_block.block.0")
_VECTOR = 16
_WIDEST_HEAD = 64
_TAPS = 3


class KernelVelocity:
    """The velocity at a point of the flow: 75 MB of weights, as the graph has them.

    It can be used by several threads at once; a run takes one.
    """

    def __init__(self, kernel: tuple[ctypes.CDLL, int], folder: Path) -> None:
        """Read the weights of the bundle `folder`. Raises ModelError where the files don't fit each other."""
        library, vectors = kernel
        self._weights = weights = ListedWeights(folder, "flow_estimator")
        stages = list(_stages(weights))
        blocks = _count(weights, f"{_PREFIX}{stages[0]}1.", ".norm1.weight")
        channels = self._outputs(f"{stages[0]}0.block1.block.0")
        inner = self._outputs(f"{stages[0]}1.0.attn1.to_qkv") // 3
        hidden = self._outputs(f"{stages[0]}1.0.ff.net.0.proj")
        head = int(weights["head_width"][0])
        sides = channels, inner, hidden, head
        if any(side % _VECTOR for side in sides) or not 0 < head <= _WIDEST_HEAD or inner % head:
            raise ModelError(f"{weights.path}: channels, heads and width {sides} are none that the kernel takes", CURE)
        sizes = np.array([channels, inner, hidden, blocks, len(stages), head], np.int32)
        self._model = NativeModel(library, "cosyvoice_flow", "the flow", pointer(sizes), int(vectors >= BFLOAT16))
        for index, stage in enumerate(stages):
            given = 4 * MELS if index == 0 else 2 * channels if index >= len(stages) - 2 else channels
            self._stage(index, stage, blocks, (given, channels, inner, hidden))
        doubled = 2 * channels
        for which, name in enumerate(_BETWEEN):
            self._linear(-1, which, name, doubled if "up_blocks.0" in name else channels, _TAPS * channels)
        self._norm(-1, 0, "final_block.block.1", channels)
        arrays = (
            weights.floats(f"{_PREFIX}final_proj.weight", (channels, MELS)),
            weights.floats(f"{_PREFIX}final_proj.bias", (MELS,)),
        )
        self._model.call("velocity", *map(pointer, arrays))

    @staticmethod
    def suits(kernel: tuple[ctypes.CDLL, int], folder: Path) -> bool:
        """Whether the kernel can run this bundle here: its weights are listed, and there is AVX-512 VNNI."""
        return kernel[1] >= VNNI and (folder / FLOW_INDEX).is_file()

    def __call__(self, feed: Mapping[str, Floats], cancelled: Callable[[], bool]) -> Floats:
        """Return the velocity [1, T, 80] of `x`, `mu`, `cond` [1, T, 80], `speaker` [1, 80] and `time` [1, width]."""
        if cancelled():
            raise CancelledError
        x = np.ascontiguousarray(feed["x"], np.float32)
        arrays = [x, *(np.ascontiguousarray(feed[name], np.float32) for name in ("mu", "speaker", "cond", "time"))]
        velocity = np.empty_like(x)
        self._model.call("run", x.shape[1], *(pointer(array) for array in arrays), pointer(velocity))
        return velocity

    def _stage(self, index: int, name: str, blocks: int, sizes: tuple[int, int, int, int]) -> None:
        given, channels, inner, hidden = sizes
        self._linear(index, 0, f"{name}0.block1.block.0", channels, _TAPS * given)
        self._linear(index, 1, f"{name}0.block2.block.0", channels, _TAPS * channels)
        self._linear(index, 2, f"{name}0.res_conv", channels, given)
        for which in (0, 1):
            self._norm(index, which, f"{name}0.block{which + 1}.block.1", channels)
        for block in range(blocks):
            here = f"{name}1.{block}."
            self._linear(index, 4 * block + 3, f"{here}attn1.to_qkv", 3 * inner, channels, biased=False)
            self._linear(index, 4 * block + 4, f"{here}attn1.to_out.0", channels, inner)
            self._linear(index, 4 * block + 5, f"{here}ff.net.0.proj", hidden, channels)
            self._linear(index, 4 * block + 6, f"{here}ff.net.2", channels, hidden)
            for which, norm in enumerate(("norm1", "norm3")):
                self._norm(index, 2 * block + 2 + which, f"{here}{norm}", channels)

    def _linear(self, index: int, which: int, name: str, outputs: int, inputs: int, *, biased: bool = True) -> None:
        name, weights = f"{_PREFIX}{name}", self._weights
        codes = weights[f"{name}.codes"]
        if codes.shape != (inputs, outputs) or codes.dtype != np.int8:
            raise ModelError(f"{weights.path}: {name} is {list(codes.shape)}, no weight of {[inputs, outputs]}", CURE)
        scales = weights.floats(f"{name}.scales", (outputs,))
        bias = pointer(weights.floats(f"{name}.bias", (outputs,))) if biased else None
        arrays = pointer(codes), pointer(scales), bias
        self._model.call("linear", index, which, outputs, inputs, *arrays)

    def _norm(self, index: int, which: int, name: str, channels: int) -> None:
        arrays = (self._weights.floats(f"{_PREFIX}{name}.{part}", (channels,)) for part in ("weight", "bias"))
        self._model.call("norm", index, which, *map(pointer, arrays))

    def _outputs(self, name: str) -> int:
        return int(self._weights[f"{_PREFIX}{name}.codes"].shape[-1])


def _stages(weights: ListedWeights) -> Iterator[str]:
    """Yield the names of the stages in their order."""
    yield from ("down_blocks.0.", "down_blocks.1.")
    middle = _count(weights, f"{_PREFIX}mid_blocks.", ".0.res_conv.codes")
    yield from (f"mid_blocks.{index}." for index in range(middle))
    yield from ("up_blocks.0.", "up_blocks.1.")


def _count(weights: ListedWeights, before: str, after: str) -> int:
    """Return how many are listed, numbered from 0."""
    return next(number for number in count() if f"{before}{number}{after}" not in weights)

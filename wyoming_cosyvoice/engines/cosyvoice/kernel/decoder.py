"""The language model's weights out of a bundle into the decode kernel's own layout, and its step."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wyoming_cosyvoice.engines.cosyvoice.kernel.listed import CURE, ListedWeights, pointer
from wyoming_cosyvoice.engines.cosyvoice.kernel.native import NativeModel
from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wyoming_cosyvoice.store.bundle import LanguageModelSizes

    Floats = NDArray[np.float32]
    Halves = NDArray[np.float16]

INDEX = "language_model.json"
LANES = 32
"""New rows a call takes."""
_LIBRARY = Path(__file__).with_name("kernels.so")
_VECTOR = 16
_WIDEST_HEAD = 128
_EMBED, _HEAD = 0, 1
_PRODUCTS = ("self_attn.linear_qkv", "self_attn.linear_out", "feed_forward.w_1", "feed_forward.w_2")
_NORMS = ("norm1", "norm2")


AVX2, VNNI, BFLOAT16 = 1, 2, 3
"""Instructions of a processor: AVX2 alone, AVX-512 with VNNI, and with products of bfloat16 too."""


def open_kernel(vectors: int | None = None) -> tuple[ctypes.CDLL, int] | None:
    """Return the compiled kernel and its instructions (`AVX2`, `VNNI` or `BFLOAT16`), or None where there is none.

    `vectors` asks for fewer than the processor has.
    """
    if not _LIBRARY.is_file():
        return None
    try:
        library = ctypes.CDLL(str(_LIBRARY))
    except OSError:  # compiled for another machine, or against another C library
        return None
    found = int(library.cosyvoice_vectors())
    if not found:
        return None
    return library, found if vectors is None else min(vectors, found)


class KernelDecoder:
    """The layers of a language model as the kernel reads them: 190 MB in 8 bits, 100 MB in 4.

    It can be used by several threads at once.
    """

    def __init__(self, kernel: tuple[ctypes.CDLL, int], folder: Path, sizes: LanguageModelSizes, table: Halves) -> None:
        """Read the weights of the bundle `folder`; `table` holds the relative positions and is read at every step.

        Raises ModelError where the files don't fit each other.
        """
        library, vectors = kernel
        self.sizes = sizes
        weights = ListedWeights(folder, "language_model")
        embed, decoder = weights.only("embed.out.0.codes"), weights.only("llm_decoder.codes")
        prefix = embed.removesuffix("embed.out.0.codes")
        inner = weights[f"{prefix}encoders.0.feed_forward.w_1.codes"].shape[0]
        width = sizes.heads * sizes.head_width
        self._numbers = np.array(
            [
                *(width, inner, sizes.layers, sizes.heads, sizes.head_width),
                *(sizes.width, sizes.vocabulary, sizes.positions),
            ],
            np.int32,
        )
        self._model = NativeModel(library, "cosyvoice", "the language model", pointer(self._numbers), vectors)
        self._table = table
        self._product(weights, embed.removesuffix(".codes"), -1, _EMBED, (width, sizes.width))
        self._product(weights, decoder.removesuffix(".codes"), -1, _HEAD, (sizes.vocabulary, width))
        self._norm(weights, f"{prefix}embed.out.1", -1, _EMBED)
        self._norm(weights, f"{prefix}after_norm", -1, _HEAD)
        shapes = ((3 * width, width), (width, width), (inner, width), (width, inner))
        for layer in range(sizes.layers):
            name = f"{prefix}encoders.{layer}."
            for which, (product, shape) in enumerate(zip(_PRODUCTS, shapes, strict=True)):
                self._product(weights, name + product, layer, which, shape)
            for which, norm in enumerate(_NORMS):
                self._norm(weights, name + norm, layer, which)
            bias = weights.floats(f"{name}self_attn.pos_bias", (width,))
            at = ctypes.c_void_p(table[layer].ctypes.data)
            self._model.call("positions", layer, pointer(bias), at)

    @staticmethod
    def suits(folder: Path, sizes: LanguageModelSizes, table: NDArray[np.floating]) -> bool:
        """Whether the kernel can run this bundle: its weights are listed, and its heads are whole vectors."""
        return (
            (folder / INDEX).is_file()
            and table.dtype == np.float16
            and table.flags.c_contiguous
            and sizes.head_width % _VECTOR == 0
            and sizes.head_width <= _WIDEST_HEAD
        )

    def step(
        self,
        rows: Floats,
        places: tuple[NDArray[np.int32], NDArray[np.int32]],
        wanted: NDArray[np.uint8],
        caches: tuple[Halves, Halves],
        threads: int,
    ) -> Floats:
        """Run up to `LANES` new rows [L, D] and return the logits [W, V] of those `wanted` [L].

        `places` say to which row of the caches (keys and values, [layers, rows, heads, positions, head_width]) each
        belongs, and its position there, [L] each. Rows of one sequence come in their order.
        """
        logits = np.empty((int(wanted.sum()), self.sizes.vocabulary), np.float32)
        keys, values = caches
        sequences, positions = places
        self._model.call(
            "step",
            threads,
            len(rows),
            keys.shape[1],
            *(pointer(array) for array in (rows, sequences, positions, wanted, keys, values, logits)),
        )
        return logits

    def _product(self, weights: ListedWeights, name: str, layer: int, which: int, shape: tuple[int, int]) -> None:
        codes, outputs = weights[f"{name}.codes"], shape[0]
        form = _form(codes, shape)
        if form is None:
            raise ModelError(f"{weights.path}: {name} is {list(codes.shape)}, which is no weight of {shape}", CURE)
        scales = weights.floats(f"{name}.scales", (outputs, codes.shape[1]))
        bias = weights.floats(f"{name}.bias", (outputs,))
        arrays = (pointer(array) for array in (codes, scales, bias))
        self._model.call("linear", layer, which, *shape, *form, *arrays)

    def _norm(self, weights: ListedWeights, name: str, layer: int, which: int) -> None:
        width = (int(self._numbers[0]),)
        arrays = (pointer(weights.floats(f"{name}.{part}", width)) for part in ("weight", "bias"))
        self._model.call("norm", layer, which, *arrays)


def _form(codes: NDArray[Any], shape: tuple[int, int]) -> tuple[int, int] | None:
    """Return bits a weight and weights a block."""
    if codes.dtype != np.uint8 or codes.ndim != 3 or len(codes) != shape[0]:
        return None
    _, blocks, size = codes.shape
    for bits, block in ((8, size), (4, 2 * size)):
        # the converter's blocks: 128 weights of 8 bits, 64 of 4
        if block == {8: 128, 4: 64}[bits] and blocks == -(-shape[1] // block):
            return bits, block
    return None

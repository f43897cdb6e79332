"""A loaded bundle: the stages by name, so that each can be compared with a reference."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.audio.griffin_lim import GriffinLim
from wyoming_cosyvoice.engines.cosyvoice.crew import Crew
from wyoming_cosyvoice.engines.cosyvoice.decoding import DecodeBatch, Decoder, GraphBatch, RelativePositions
from wyoming_cosyvoice.engines.cosyvoice.flow import Flow
from wyoming_cosyvoice.engines.cosyvoice.kernel import (
    KernelBatch,
    KernelDecoder,
    KernelVelocity,
    KernelWave,
    open_kernel,
)
from wyoming_cosyvoice.engines.cosyvoice.language_model import LanguageModel
from wyoming_cosyvoice.engines.cosyvoice.sampling import Sampler
from wyoming_cosyvoice.engines.cosyvoice.sessions import open_session, run_graph
from wyoming_cosyvoice.engines.cosyvoice.tokenizer import Tokenizer
from wyoming_cosyvoice.engines.cosyvoice.vocoder import Vocoder, wave_graphs, wave_halves
from wyoming_cosyvoice.engines.memory import return_large_blocks
from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store.bundle import read_manifest
from wyoming_cosyvoice.store.manifest import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import onnxruntime as ort
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice.crew import Run
    from wyoming_cosyvoice.engines.cosyvoice.vocoder import BlockGraph
    from wyoming_cosyvoice.store.bundle import LanguageModelSizes, Manifest

    Floats = NDArray[np.float32]

_LARGEST_COPY = 400_000_000
"""Bytes of a language model that may be in memory twice: 190 MB in 8 bits, not 730 MB in float32."""
_CURE = "Install the model again, or convert it again"


@dataclass(frozen=True, slots=True)
class CosyVoice:
    """The stages of a bundle. `voices` maps a voice's name in the checkpoint to its embedding [192].

    `swift`: the flow has its kernel and there are two processors, so sound takes about a third of the time it lasts.
    """

    manifest: Manifest
    tokenizer: Tokenizer
    language_model: LanguageModel
    sampler: Sampler
    crew: Crew
    flow: Flow
    vocoder: Vocoder
    vocoders: Mapping[str, Callable[[Floats], Floats]]
    voices: Mapping[str, Floats]
    swift: bool


def load(bundle_dir: Path | str, threads: int = 2) -> CosyVoice:
    """Load the bundle in the folder `bundle_dir`.

    Sizes of files are checked, their hashes are not (`models verify` does). Raises ModelError, which names the file.
    """
    folder = Path(bundle_dir)
    manifest = read_manifest(folder)
    verify(folder, manifest.files, hashes=False)
    tables = _read_arrays(folder / "tables.npz")
    sizes = manifest.language_model
    positions = (sizes.layers, sizes.heads, sizes.positions, sizes.head_width)
    return_large_blocks()

    def open_graph(name: str, threads: int = 1) -> ort.InferenceSession:
        return open_session(folder / f"{name}.onnx", threads)

    crew = Crew(threads)

    relative = _map_array(folder / "relative_positions.npy", positions)
    decoder = _open_decoder(folder, sizes, relative, threads)
    language_model = LanguageModel(open_graph("text_encoder", threads), decoder, sizes, tables, relative)
    estimator = _open_estimator(folder, partial(open_graph, threads=_half(threads)))
    flow = Flow(open_graph("flow_encoder"), open_graph("flow_time"), estimator, tables, crew)
    vocoder = Vocoder(open_graph("f0"), _open_wave(folder, manifest, open_graph), tables, crew)
    return CosyVoice(
        manifest=manifest,
        tokenizer=Tokenizer.load(folder / "tokenizer.tiktoken"),
        language_model=language_model,
        sampler=Sampler(),
        crew=crew,
        flow=flow,
        vocoder=vocoder,
        vocoders={"hift": vocoder, "griffin_lim": GriffinLim()},
        voices=_read_arrays(folder / "voices.npz"),
        swift=threads > 1 and isinstance(estimator, KernelVelocity),
    )


def _half(threads: int) -> int:
    """Threads of a graph that has one other beside it: the flow's two rows, the language model beside the flow."""
    return max(threads // 2, 1)


def _open_decoder(
    folder: Path, sizes: LanguageModelSizes, table: NDArray[np.floating], threads: int
) -> Callable[[RelativePositions, Floats, int], DecodeBatch]:
    """Return what makes batches: of the decode kernel where it can, of ONNX Runtime elsewhere."""
    kernel = open_kernel()
    if kernel is not None and KernelDecoder.suits(folder, sizes, table):
        decoder = KernelDecoder(kernel, folder, sizes, table.view(np.float16))
        beside = _half(threads) if threads > 1 else 0
        return lambda _, embedding, rows: KernelBatch(decoder, embedding, rows, threads, beside)
    sessions = _open_sessions(folder, threads)
    return lambda relative, embedding, rows: GraphBatch(sessions, sizes, relative, embedding, rows)


def _open_estimator(folder: Path, open_graph: Callable[[str], ort.InferenceSession]) -> Run[Floats]:
    """Return what makes the flow's velocity: the kernel where it can, ONNX Runtime elsewhere."""
    kernel = open_kernel()
    if kernel is not None and KernelVelocity.suits(kernel, folder):
        return KernelVelocity(kernel, folder)
    return partial(run_graph, open_graph("flow_estimator"), "velocity")


def _open_wave(
    folder: Path, manifest: Manifest, open_graph: Callable[[str], ort.InferenceSession]
) -> tuple[BlockGraph, ...]:
    """Return what makes the wave: the kernel where it can, ONNX Runtime elsewhere."""
    kernel = open_kernel()
    if kernel is not None and KernelWave.suits(folder):
        wave = KernelWave(kernel, folder)
        return wave_halves(wave.coarse, wave.fine)
    return wave_graphs(open_graph, {Path(name).stem for name in manifest.files})


def _open_sessions(folder: Path, threads: int) -> Decoder:
    path = folder / "language_model.onnx"
    alone = open_session(path, threads)
    weights = path.with_name(f"{path.name}.data")
    if threads == 1 or not weights.is_file() or weights.stat().st_size > _LARGEST_COPY:
        return Decoder(alone)
    return Decoder(alone, open_session(path, _half(threads)), _half(threads))


def _read_arrays(path: Path) -> dict[str, Floats]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name].astype(np.float32) for name in arrays.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} can't be read: {error}", _CURE) from error


def _map_array(path: Path, shape: tuple[int, ...]) -> NDArray[np.floating]:
    try:
        mapped: NDArray[np.floating] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} can't be read: {error}", _CURE) from error
    if mapped.shape != shape:
        raise ModelError(f"{path} is {list(mapped.shape)} where {list(shape)} is expected", _CURE)
    return mapped

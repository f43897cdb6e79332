"""From a folder with an official checkpoint to a bundle: `convert` (format: docs/bundle.md)."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from wyoming_cosyvoice.convert import layout as model
from wyoming_cosyvoice.convert.checkpoint import Checkpoint
from wyoming_cosyvoice.convert.estimator import write_flow_estimator, write_flow_time
from wyoming_cosyvoice.convert.flow_encoder import write_flow_encoder
from wyoming_cosyvoice.convert.language_model import relative_positions, write_language_model
from wyoming_cosyvoice.convert.text_encoder import write_text_encoder
from wyoming_cosyvoice.convert.verify import verify_graphs
from wyoming_cosyvoice.convert.vocoder import write_f0, write_vocoder
from wyoming_cosyvoice.convert.voices import describe
from wyoming_cosyvoice.convert.weights import Weights, read_voices
from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store import bundle as store
from wyoming_cosyvoice.store.shipped import whisper_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SOURCES = ("llm.pt", "flow.pt", "hift.pt", "spk2info.pt")
POSITIONS = 2048
"""Length of the relative-position table: prompt and utterance together, some 35 seconds."""
_FORMAT_REVISION = 1
"""Goes up when the same checkpoint makes another sound with newer graphs."""
_SAMPLE_RATE = 22050
_HOP = 256
_TOKEN_RATE = 50
_HEAD_WIDTH = 64
"""Of the estimator, where cosyvoice.yaml does not say otherwise: the shapes of its weights don't tell."""
_SLACK_BYTES = 256 << 20
_LICENSE = store.Link("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0")
_ATTRIBUTION = store.Link("FunAudioLLM", "https://github.com/FunAudioLLM/CosyVoice")


class Progress(Protocol):
    """Where progress is shown; `tqdm` is one."""

    total: float | None

    def update(self, n: float, /) -> object:
        """Say that n more bytes are done."""

    def set_description_str(self, desc: str, /) -> object:
        """Say what is being done."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What to convert, and to what. `name` is the model's; by default that of the checkpoint's folder."""

    checkpoint: Path
    bundle: Path
    precision: store.Precision = "float32"
    name: str = ""
    replace: bool = False

    @property
    def model_name(self) -> str:
        """The name that the bundle carries."""
        return self.name or self.checkpoint.resolve().name


def convert(conversion: Conversion, progress: Progress) -> store.Manifest:
    """Write the bundle and return its manifest.

    It is written beside its place and moved there when complete and verified: whatever happens before, an earlier
    bundle stays as it was. Raises ModelError for a checkpoint that doesn't fit, for a folder that is in the way, and
    for a full disk.
    """
    _check_target(conversion)
    with ExitStack() as stack:
        files = {name: stack.enter_context(Checkpoint(conversion.checkpoint / name)) for name in SOURCES}
        size = sum(file.path.stat().st_size for file in files.values())
        _check_space(conversion.bundle, size)
        progress.total = 3 * size
        parts = _Parts(files, _head_width(conversion.checkpoint), progress)
        with _folder_beside(conversion.bundle) as folder:
            progress.set_description_str("Converting")
            manifest = _write(conversion, parts, folder, progress)
            progress.set_description_str("Verifying")
            verify_graphs(folder, manifest)
            (folder / store.MANIFEST).write_text(manifest.to_json(), "utf-8")
            store.check_files(folder, store.read_manifest(folder), hashes=False)
            _move_into_place(folder, conversion.bundle)
    return manifest


class _Parts:
    """The checkpoint's files, each checked against the layout before anything is written."""

    def __init__(self, files: dict[str, Checkpoint], head_width: int, progress: Progress) -> None:
        self.files, self.head_width = files, head_width
        self.llm = Weights(files["llm.pt"], progress.update)
        self.flow = Weights(files["flow.pt"], progress.update)
        self.hift = Weights(files["hift.pt"], progress.update, vocoder=True)
        self.llm_layout = model.language_model_layout(self.llm.shapes, str(files["llm.pt"].path))
        self.flow_layout = model.flow_layout(self.flow.shapes, str(files["flow.pt"].path))
        model.vocoder_layout(self.hift.shapes, str(files["hift.pt"].path))
        self.voices = read_voices(files["spk2info.pt"])
        if self.flow_layout.estimator.inner % head_width:
            raise ModelError(
                f"{files['flow.pt'].path} has attention of width {self.flow_layout.estimator.inner},"
                f" which heads of {head_width} don't divide",
                "Keep cosyvoice.yaml beside the checkpoint",
            )


def _write(conversion: Conversion, parts: _Parts, folder: Path, progress: Progress) -> store.Manifest:
    """Write all files but the manifest."""
    (folder / "tokenizer.tiktoken").write_bytes(whisper_vocabulary())
    np.savez(folder / "voices.npz", allow_pickle=False, **parts.voices)
    np.savez(folder / "tables.npz", allow_pickle=False, **_tables(parts))
    write_text_encoder(folder, parts.llm, parts.llm_layout)
    write_language_model(folder, parts.llm, parts.llm_layout)
    _write_relative_positions(folder / "relative_positions.npy", parts)
    parts.llm.check_finite()
    write_flow_encoder(folder, parts.flow, parts.flow_layout)
    time_width = write_flow_time(folder, parts.flow, parts.flow_layout.estimator)
    write_flow_estimator(folder, parts.flow, parts.flow_layout.estimator, parts.head_width)
    parts.flow.check_finite()
    write_f0(folder, parts.hift)
    write_vocoder(folder, parts.hift)
    parts.hift.check_finite()
    progress.set_description_str("Hashing")
    source = {name: _hash(file.path, progress) for name, file in parts.files.items()}
    files = {
        path.name: store.FileRecord(path.stat().st_size, _hash(path, progress)) for path in sorted(folder.iterdir())
    }
    decoder = parts.llm_layout.decoder
    made_from = f"{_FORMAT_REVISION} {conversion.precision} {sorted(source.items())}"
    return store.Manifest(
        name=conversion.model_name,
        revision=hashlib.sha256(made_from.encode()).hexdigest()[:12],
        precision=conversion.precision,
        sample_rate=_SAMPLE_RATE,
        license=_LICENSE,
        attribution=_ATTRIBUTION,
        instruct="instruct" in conversion.model_name.lower(),
        language_model=store.LanguageModelSizes(
            width=decoder.inputs,
            layers=decoder.layers,
            heads=decoder.heads,
            head_width=decoder.head_width,
            vocabulary=model.SPEECH_VOCABULARY + 1,
            text_vocabulary=model.TEXT_VOCABULARY,
            speaker_width=model.SPEAKER_WIDTH,
            positions=POSITIONS,
        ),
        flow=store.FlowSizes(model.MELS, _TOKEN_RATE, model.SPEECH_VOCABULARY, model.SPEAKER_WIDTH, time_width),
        vocoder=store.VocoderSizes(model.MELS, _HOP, model.HARMONICS),
        voices=describe(parts.voices),
        files=files,
        source=source,
    )


def _tables(parts: _Parts) -> dict[str, NDArray[np.float32]]:
    return {
        "llm_embedding": parts.llm["llm_embedding.weight"],
        "speech_embedding": parts.llm["speech_embedding.weight"],
        "speaker_weight": parts.llm["spk_embed_affine_layer.weight"],
        "speaker_bias": parts.llm["spk_embed_affine_layer.bias"],
        "flow_speaker_weight": parts.flow["spk_embed_affine_layer.weight"],
        "flow_speaker_bias": parts.flow["spk_embed_affine_layer.bias"],
        "source_weight": parts.hift["m_source.l_linear.weight"].reshape(-1),
        "source_bias": parts.hift["m_source.l_linear.bias"],
    }


def _write_relative_positions(path: Path, parts: _Parts) -> None:
    sizes = parts.llm_layout.decoder
    shape = (sizes.layers, sizes.heads, sizes.head_width, POSITIONS)
    with path.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for layer in range(sizes.layers):
            file.write(relative_positions(parts.llm, sizes, layer, POSITIONS).data)


def _head_width(checkpoint: Path) -> int:
    """Return the estimator's head width out of cosyvoice.yaml, or the official one where that does not say."""
    path = checkpoint / "cosyvoice.yaml"
    if not path.is_file():
        return _HEAD_WIDTH
    found = re.search(
        r"^\s*attention_head_dim:\s*(\d{1,4})\s*$", path.read_text("utf-8", errors="replace"), re.MULTILINE
    )
    return max(int(found[1]), 1) if found else _HEAD_WIDTH


def _hash(path: Path, progress: Progress) -> str:
    digest = store.sha256(path)
    progress.update(path.stat().st_size)
    return digest


def _check_target(conversion: Conversion) -> None:
    target = conversion.bundle
    if not target.exists():
        return
    if not target.is_dir() or (any(target.iterdir()) and not (target / store.MANIFEST).is_file()):
        raise ModelError(f"{target} is in the way and is no bundle", "Name another folder; nothing was written")
    if not conversion.replace and any(target.iterdir()):
        raise ModelError(f"{target} already holds a bundle", "Say --force to replace it; nothing was written")


def _check_space(target: Path, size: int) -> None:
    parent = target.resolve().parent
    parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(parent).free
    if free < size + _SLACK_BYTES:
        raise ModelError(
            f"{parent} has {free >> 20} MB free where a bundle of {(size + _SLACK_BYTES) >> 20} MB is to be written",
            "Make room, or name a folder on another disk; nothing was written",
        )


@contextmanager
def _folder_beside(target: Path) -> Iterator[Path]:
    """Yield a temporary folder on the target's disk, gone afterwards unless moved. A full disk is a ModelError."""
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.resolve().parent))
    folder.chmod(0o755)
    try:
        yield folder
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise
        raise ModelError(
            f"The disk of {target.resolve().parent} became full while the bundle was written",
            "Make room and convert again; nothing was left behind",
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _move_into_place(folder: Path, target: Path) -> None:
    target = target.resolve()
    if not target.exists():
        folder.rename(target)
        return
    # a folder can't be replaced in one step: the earlier bundle steps aside and comes back if the move fails
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    target.rename(aside / "old")
    try:
        folder.rename(target)
    except OSError:
        (aside / "old").rename(target)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)

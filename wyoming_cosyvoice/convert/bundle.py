"""From a folder with an official checkpoint to a bundle: `convert` (format: docs/bundle.md)."""

from __future__ import annotations

import errno
import hashlib
import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from wyoming_cosyvoice.convert import layout as model
from wyoming_cosyvoice.convert.checkpoint import Checkpoint
from wyoming_cosyvoice.convert.estimator import time_width
from wyoming_cosyvoice.convert.language_model import relative_positions
from wyoming_cosyvoice.convert.parts import SOURCES, Parts
from wyoming_cosyvoice.convert.precision import POSITIONS
from wyoming_cosyvoice.convert.quality import Reference
from wyoming_cosyvoice.convert.stages import write_stages
from wyoming_cosyvoice.convert.verify import verify_graphs
from wyoming_cosyvoice.convert.voices import describe
from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store import bundle as store
from wyoming_cosyvoice.store.files import FileRecord, sha256_of
from wyoming_cosyvoice.store.manifest import verify
from wyoming_cosyvoice.store.shipped import whisper_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator


_FORMAT_REVISION = 4
"""Goes up when the same checkpoint makes another sound with newer graphs."""
_SAMPLE_RATE = 22050
_HOP = 256
_TOKEN_RATE = 50
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
        parts = Parts(files, conversion.checkpoint, progress.update)
        with _folder_beside(conversion.bundle) as folder:
            progress.set_description_str("Converting")
            manifest = _write(conversion, parts, folder, progress)
            progress.set_description_str("Verifying")
            verify_graphs(folder, manifest)
            (folder / store.MANIFEST).write_text(manifest.to_json(), "utf-8")
            verify(folder, store.read_manifest(folder).files, hashes=False)
            _move_into_place(folder, conversion.bundle)
    return manifest


def _write(conversion: Conversion, parts: Parts, folder: Path, progress: Progress) -> store.Manifest:
    """Write all files but the manifest."""
    (folder / "tokenizer.tiktoken").write_bytes(whisper_vocabulary())
    np.savez(folder / "voices.npz", allow_pickle=False, **parts.voices)
    dtype: np.dtype[np.floating] = np.dtype("<f4" if conversion.precision == "float32" else "<f2")
    positions = POSITIONS[conversion.precision]
    tables = parts.tables()
    np.savez(folder / "tables.npz", allow_pickle=False, **{name: table.astype(dtype) for name, table in tables.items()})
    _write_relative_positions(folder / "relative_positions.npy", parts, positions, dtype)
    relative = np.load(folder / "relative_positions.npy", mmap_mode="r")
    reference = Reference(tables, next(iter(parts.voices.values())), relative)
    quality = write_stages(folder, parts, conversion.precision, reference)
    parts.check_finite()
    progress.set_description_str("Hashing")
    source = {name: _hash(file.path, progress) for name, file in parts.files.items()}
    files = {path.name: FileRecord(path.stat().st_size, _hash(path, progress)) for path in sorted(folder.iterdir())}
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
            positions=positions,
        ),
        flow=store.FlowSizes(
            model.MELS,
            _TOKEN_RATE,
            model.SPEECH_VOCABULARY,
            model.SPEAKER_WIDTH,
            time_width(parts.flow_layout.estimator),
        ),
        vocoder=store.VocoderSizes(model.MELS, _HOP, model.HARMONICS),
        voices=describe(parts.voices),
        files=files,
        source=source,
        quality=quality,
    )


def _write_relative_positions(path: Path, parts: Parts, count: int, dtype: np.dtype[np.floating]) -> None:
    sizes = parts.llm_layout.decoder
    shape = (sizes.layers, sizes.heads, count, sizes.head_width)
    with path.open("wb") as file:
        header = {"descr": dtype.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for layer in range(sizes.layers):
            file.write(relative_positions(parts.llm, sizes, layer, count).astype(dtype).data)


def _hash(path: Path, progress: Progress) -> str:
    digest = sha256_of(path)
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

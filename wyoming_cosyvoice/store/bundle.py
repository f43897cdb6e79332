"""The manifest of a model bundle: what it is, and every file with its size and hash.

The bundle's format is described in docs/bundle.md. The converter writes a manifest, the engine and `models verify` read
and check it.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar, get_type_hints

from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store.files import FileRecord
from wyoming_cosyvoice.store.manifest import FILE_NAME, SCHEMA, read_document, read_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MANIFEST = FILE_NAME
_AGAIN = "Install the model again, or convert it again"

Precision = Literal["float32", "int8", "int4"]
PRECISIONS: tuple[Precision, ...] = ("float32", "int8", "int4")
"""What the converter can write, the default first."""
_Record = TypeVar("_Record")


@dataclass(frozen=True, slots=True)
class Link:
    """A name with a place to read more: a licence, an author."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class LanguageModelSizes:
    """Sizes of the language model; `vocabulary` counts the end token, which is its last id."""

    width: int
    layers: int
    heads: int
    head_width: int
    vocabulary: int
    text_vocabulary: int
    speaker_width: int
    positions: int


@dataclass(frozen=True, slots=True)
class FlowSizes:
    """Sizes of the flow; `token_rate` is speech tokens a second."""

    mels: int
    token_rate: int
    vocabulary: int
    speaker_width: int
    time_width: int


@dataclass(frozen=True, slots=True)
class VocoderSizes:
    """Sizes of the vocoder; `hop` is samples a frame, `harmonics` counts the fundamental."""

    mels: int
    hop: int
    harmonics: int


@dataclass(frozen=True, slots=True)
class BundleVoice:
    """A voice: stable id, its name in the checkpoint (and in voices.npz), and what it speaks natively."""

    id: str
    name: str
    language: str
    gender: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle is. Field by field as in docs/bundle.md."""

    name: str
    revision: str
    precision: str
    sample_rate: int
    license: Link
    attribution: Link
    instruct: bool
    language_model: LanguageModelSizes
    flow: FlowSizes
    vocoder: VocoderSizes
    voices: tuple[BundleVoice, ...]
    files: Mapping[str, FileRecord]
    source: Mapping[str, str] = field(default_factory=dict)
    quality: Mapping[str, object] = field(default_factory=dict)
    engine: str = "cosyvoice"
    schema: int = SCHEMA

    def to_json(self) -> str:
        """Return the text of manifest.json."""
        fields = dataclasses.asdict(self)
        first = {"schema": fields.pop("schema"), "engine": fields.pop("engine")}
        return json.dumps(first | fields, ensure_ascii=False, indent=1) + "\n"


def read_manifest(bundle: Path) -> Manifest:
    """Read and check `bundle`/manifest.json; ModelError names what is wrong with it."""
    document, where = read_document(bundle), str(bundle / MANIFEST)
    if document.get("engine") != "cosyvoice":
        raise ModelError(f"{where} is not the manifest of a CosyVoice bundle", _AGAIN)
    return _manifest(document, where)


def _manifest(document: dict[str, object], where: str) -> Manifest:
    fields = {
        "license": _record(Link, document.get("license"), f"{where}: license"),
        "attribution": _record(Link, document.get("attribution"), f"{where}: attribution"),
        "language_model": _record(LanguageModelSizes, document.get("language_model"), f"{where}: language_model"),
        "flow": _record(FlowSizes, document.get("flow"), f"{where}: flow"),
        "vocoder": _record(VocoderSizes, document.get("vocoder"), f"{where}: vocoder"),
    }
    voices = document.get("voices")
    if not isinstance(voices, list):
        raise ModelError(f"{where}: voices must be a list", _AGAIN)
    fields["voices"] = tuple(_record(BundleVoice, voice, f"{where}: voices") for voice in voices)
    fields["files"] = read_files(document, where)
    return _record(Manifest, document | fields, where)


def _record(kind: type[_Record], value: object, where: str) -> _Record:
    """Make a dataclass of a JSON object; scalars must be of the declared type, unknown keys are for later schemas."""
    if not isinstance(value, dict):
        raise ModelError(f"{where} must be an object", _AGAIN)
    hints = get_type_hints(kind, localns={"Mapping": dict, "FileRecord": FileRecord})
    known = {item.name: item for item in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name, item in known.items():
        required = item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
        if required and name not in value:
            raise ModelError(f"{where} lacks {name!r}", _AGAIN)
        expected = hints[name]
        if name in value and expected in {int, str, bool} and type(value[name]) is not expected:
            raise ModelError(f"{where}: {name!r} must be {expected.__name__}, not {value[name]!r}", _AGAIN)
    return kind(**{name: value[name] for name in known if name in value})

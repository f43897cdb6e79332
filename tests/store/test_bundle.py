"""The manifest: read back as written, and every kind of damage named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store import bundle
from wyoming_cosyvoice.store.files import FileRecord, sha256_of
from wyoming_cosyvoice.store.manifest import verify

if TYPE_CHECKING:
    from pathlib import Path


def manifest(files: dict[str, FileRecord]) -> bundle.Manifest:
    return bundle.Manifest(
        name="CosyVoice-300M-SFT",
        revision="c0ffee",
        precision="float32",
        sample_rate=22050,
        license=bundle.Link("Apache-2.0", "https://example.org/license"),
        attribution=bundle.Link("FunAudioLLM", "https://example.org"),
        instruct=False,
        language_model=bundle.LanguageModelSizes(1024, 14, 16, 64, 4097, 51866, 192, 2048),
        flow=bundle.FlowSizes(80, 50, 4096, 192, 4096),
        vocoder=bundle.VocoderSizes(80, 256, 9),
        voices=(bundle.BundleVoice("zh_female_1", "中文女", "zh", "female"),),
        files=files,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    weights = tmp_path / "weights"
    weights.write_bytes(b"1234")
    record = FileRecord(4, sha256_of(weights))
    (tmp_path / bundle.MANIFEST).write_text(manifest({"weights": record}).to_json(), "utf-8")
    return tmp_path


def edit(folder: Path, **changes: Any) -> None:
    path = folder / bundle.MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def test_is_read_back_as_written(folder: Path) -> None:
    read = bundle.read_manifest(folder)
    assert read == manifest(dict(read.files))
    verify(folder, read.files, hashes=True)


def test_unknown_keys_are_left_to_later_versions(folder: Path) -> None:
    edit(folder, note="made at home")
    assert bundle.read_manifest(folder).revision == "c0ffee"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema": 2}, "schema 2, newer"),
        ({"schema": "1"}, "schema '1', expected 1"),
        ({"engine": "kokoro"}, "not the manifest"),
        ({"voices": {}}, "voices must be a list"),
        ({"voices": [{"id": "a"}]}, "voices lacks 'name'"),
        ({"flow": None}, "flow must be an object"),
        ({"sample_rate": "22050"}, "'sample_rate' must be int"),
        ({"files": {"weights": {"bytes": True, "sha256": ""}}}, "record of 'weights'"),
    ],
)
def test_a_wrong_manifest_is_refused_by_name(folder: Path, changes: dict[str, Any], said: str) -> None:
    edit(folder, **changes)
    with pytest.raises(ModelError, match=said) as caught:
        bundle.read_manifest(folder)
    assert folder.name in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("key", ["name", "revision", "language_model", "files", "voices"])
def test_a_missing_field_is_named(folder: Path, key: str) -> None:
    path = folder / bundle.MANIFEST
    document = json.loads(path.read_text("utf-8"))
    del document[key]
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(ModelError, match=key):
        bundle.read_manifest(folder)


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no model"):
        bundle.read_manifest(tmp_path)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | st.integers(1, 5000).map(lambda n: b"[" * n))
def test_any_bytes_are_refused_in_order(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("bundle")
    (folder / bundle.MANIFEST).write_bytes(content)
    with pytest.raises(ModelError):
        bundle.read_manifest(folder)


def test_files_are_checked(folder: Path) -> None:
    read = bundle.read_manifest(folder)
    (folder / "weights").write_bytes(b"1235")
    verify(folder, read.files, hashes=False)
    with pytest.raises(ModelError, match="weights was changed"):
        verify(folder, read.files, hashes=True)
    (folder / "weights").write_bytes(b"123")
    with pytest.raises(ModelError, match="truncated: it has 3 bytes, expected 4"):
        verify(folder, read.files, hashes=False)
    (folder / "weights").unlink()
    with pytest.raises(ModelError, match="missing"):
        verify(folder, read.files, hashes=False)


@pytest.mark.parametrize("name", ["../weights", "/etc/passwd", "sub/../../weights"])
def test_a_manifest_cannot_point_outside(folder: Path, name: str) -> None:
    edit(folder, files={name: {"bytes": 4, "sha256": ""}})
    with pytest.raises(ModelError, match="outside"):
        bundle.read_manifest(folder)

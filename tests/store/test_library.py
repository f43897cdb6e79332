"""Installing is all or nothing: the last good model stays, whatever goes wrong on the way to the next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from wyoming_cosyvoice.errors import BadRequestError, ModelError
from wyoming_cosyvoice.store.files import FileRecord, sha256_of
from wyoming_cosyvoice.store.library import Library
from wyoming_cosyvoice.store.manifest import Manifest, read_manifest, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def builder(content: bytes, *, lie: bool = False) -> Callable[[Path], None]:
    """Make a model of one file; with `lie` its manifest promises another content."""

    def build(folder: Path) -> None:
        path = folder / "weights.bin"
        path.write_bytes(content)
        record = FileRecord(len(content), "0" * 64 if lie else sha256_of(path))
        (folder / "scrap").write_text("left over")
        write_manifest(folder, Manifest("small", "kokoro", "r1", {"weights.bin": record}))

    return build


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def test_an_installed_model_is_found_whole(library: Library) -> None:
    installed = library.install("small", builder(b"one"))
    assert (installed.folder / "weights.bin").read_bytes() == b"one"
    assert not (installed.folder / "scrap").exists()
    assert library.find("small") == installed
    assert [item.manifest.name for item in library.installed()] == ["small"]
    assert not [path for path in library.folder.iterdir() if path.suffix in {".work", ".old"}]


def test_a_build_that_fails_leaves_the_last_good_model(library: Library) -> None:
    library.install("small", builder(b"one"))

    def fail(folder: Path) -> None:
        (folder / "weights.bin").write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        library.install("small", fail)
    found = library.find("small")
    assert found
    assert (found.folder / "weights.bin").read_bytes() == b"one"


def test_a_file_that_is_not_what_the_manifest_says_is_refused(library: Library) -> None:
    library.install("small", builder(b"one"))
    with pytest.raises(ModelError, match=r"weights\.bin was changed"):
        library.install("small", builder(b"two", lie=True))
    found = library.find("small")
    assert found
    assert (found.folder / "weights.bin").read_bytes() == b"one"
    library.install("small", builder(b"three"))  # the refused file is not in the way of the next try


def test_a_model_replaces_the_one_of_its_name(library: Library) -> None:
    library.install("small", builder(b"one"))
    installed = library.install("small", builder(b"two"))
    assert (installed.folder / "weights.bin").read_bytes() == b"two"


def test_a_crash_between_the_renames_is_mended(library: Library) -> None:
    installed = library.install("small", builder(b"one"))
    installed.folder.rename(library.folder / ".small.old")
    found = library.find("small")
    assert found
    assert (found.folder / "weights.bin").read_bytes() == b"one"


def test_a_truncated_model_is_named(library: Library) -> None:
    installed = library.install("small", builder(b"one"))
    (installed.folder / "weights.bin").write_bytes(b"o")
    with pytest.raises(ModelError, match=r"weights\.bin is truncated: it has 1 bytes, expected 3"):
        library.find("small")


def test_removing(library: Library) -> None:
    library.install("small", builder(b"one"))
    library.remove("small")
    assert library.find("small") is None
    with pytest.raises(ModelError, match="No model 'small' is installed"):
        library.remove("small")


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "x" * 65, "a b"])
def test_a_name_cannot_leave_the_folder(library: Library, name: str) -> None:
    with pytest.raises(BadRequestError):
        library.find(name)


@pytest.mark.parametrize(
    "raw",
    [
        "[]",
        "{",
        '{"schema": 99}',
        '{"schema": 1}',
        '{"schema": 1, "name": "a", "engine": "e", "revision": "r", "files": {"x": 3}}',
        '{"schema": 1, "name": "a", "engine": "e", "revision": "r", "files": {"../x": {"bytes": 1, "sha256": ""}}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_manifest_is_refused_and_passed_over(library: Library, raw: str) -> None:
    folder = library.folder / "bad"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(raw)
    with pytest.raises(ModelError):
        read_manifest(folder)
    assert library.installed() == []


def test_a_newer_schema_asks_for_an_update(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"schema": 2}))
    with pytest.raises(ModelError) as caught:
        read_manifest(tmp_path)
    assert "Update" in caught.value.hint

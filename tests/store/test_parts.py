"""A model in parts: each part is checked, the whole is checked, and what is wrong is named."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store import parts
from wyoming_cosyvoice.store.catalogue import Part, find_entry, read_catalogue
from wyoming_cosyvoice.store.files import FileRecord

if TYPE_CHECKING:
    from pathlib import Path

CONTENTS = (b"first", b"second", b"third")


def record(content: bytes) -> FileRecord:
    return FileRecord(len(content), hashlib.sha256(content).hexdigest())


WHOLE = record(b"".join(CONTENTS))
PARTS = tuple(Part(f"package-{number}", "part.bin", record(content)) for number, content in enumerate(CONTENTS))


class Packages:
    """Packages in a folder of their own, so that they can be broken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part, content in zip(PARTS, CONTENTS, strict=True):
            self.path(part).write_bytes(content)

    def path(self, part: Part) -> Path:
        return self.folder / f"{part.package}.bin"

    def find(self, part: Part) -> Path | None:
        return self.path(part) if self.path(part).exists() else None


@pytest.fixture
def packages(tmp_path: Path) -> Packages:
    return Packages(tmp_path)


def test_parts_are_joined_in_order(packages: Packages, tmp_path: Path) -> None:
    seen: list[int] = []
    target = tmp_path / "whole"
    parts.join(PARTS, target, WHOLE, find=packages.find, progress=seen.append)
    assert target.read_bytes() == b"firstsecondthird"
    assert sum(seen) == WHOLE.bytes


def test_a_whole_that_is_right_is_not_made_again(packages: Packages, tmp_path: Path) -> None:
    target = tmp_path / "whole"
    target.write_bytes(b"".join(CONTENTS))
    packages.path(PARTS[1]).unlink()
    parts.join(PARTS, target, WHOLE, find=packages.find)
    assert target.read_bytes() == b"firstsecondthird"


@pytest.mark.parametrize(
    ("content", "reason"), [(b"sec", "truncated"), (b"sec0nd", "was changed"), (b"secondary", "too long")]
)
def test_a_broken_part_is_named_and_nothing_is_left(
    packages: Packages, tmp_path: Path, content: bytes, reason: str
) -> None:
    packages.path(PARTS[1]).write_bytes(content)
    target = tmp_path / "whole"
    with pytest.raises(ModelError, match=rf"package-1\.bin.*{reason}"):
        parts.join(PARTS, target, WHOLE, find=packages.find)
    assert not target.exists()
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_missing_package_is_named(packages: Packages, tmp_path: Path) -> None:
    packages.path(PARTS[2]).unlink()
    with pytest.raises(ModelError, match="package-2 is not installed"):
        parts.join(PARTS, tmp_path / "whole", WHOLE, find=packages.find)


def test_right_parts_in_the_wrong_order_are_refused(packages: Packages, tmp_path: Path) -> None:
    target = tmp_path / "whole"
    with pytest.raises(ModelError, match="was changed"):
        parts.join(PARTS[::-1], target, WHOLE, find=packages.find)


def test_a_package_that_is_not_installed_is_not_found() -> None:
    assert parts.locate(Part("no-such-package-here", "part.bin", WHOLE)) is None
    assert not parts.available([Part("no-such-package-here", "part.bin", WHOLE)])


def test_the_catalogue_knows_the_starter() -> None:
    assert "starter" in read_catalogue()
    entry = find_entry("starter")
    assert sum(part.record.bytes for part in entry.parts) == entry.products["kokoro.onnx"].bytes
    with pytest.raises(ModelError, match="It has: starter"):
        find_entry("nonsense")

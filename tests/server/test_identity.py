"""The server's id."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from wyoming_cosyvoice.server.identity import server_id

if TYPE_CHECKING:
    from pathlib import Path

URI = "tcp://0.0.0.0:10200"


def test_it_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    first = server_id(folder, URI)
    assert len(first) == 32
    assert server_id(folder, "tcp://elsewhere:1") == first
    assert [path.name for path in folder.iterdir()] == ["server_id"]


@pytest.mark.parametrize("damage", [b"", b"short", b"\xff\xfe", b"A" * 32, b"0" * 33])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "server_id").write_bytes(damage)
    fresh = server_id(tmp_path, URI)
    assert len(fresh) == 32
    assert server_id(tmp_path, URI) == fresh


def test_where_nothing_can_be_kept_it_follows_from_the_machine(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert server_id(blocked, URI) == server_id(blocked, URI) != server_id(blocked, "tcp://0.0.0.0:1")
    assert "Cannot keep" in caplog.text


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
def test_a_full_disk(tmp_path: Path) -> None:
    full = tmp_path / f"server_id.{os.getpid()}"
    full.symlink_to("/dev/full")
    assert len(server_id(tmp_path, URI)) == 32
    assert list(tmp_path.iterdir()) == []

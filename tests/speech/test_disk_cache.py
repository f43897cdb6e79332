"""The disk store survives restarts, damage and a full disk; and stays within its bytes."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.speech.conftest import soon, speak
from tests.speech.engines import PlainEngine
from wyoming_cosyvoice.speech.disk_cache import DiskCache

if TYPE_CHECKING:
    from tests.speech.conftest import MakeService
    from wyoming_cosyvoice.audio.pcm import Pcm

TEXTS = ["One is here.", "Two is here.", "Three is here."]


async def _speak_all(make_service: MakeService) -> tuple[list[Pcm], PlainEngine]:
    """Speak in a fresh service, and stop it."""
    engine = PlainEngine()
    service = await make_service(engine, cache_disk=1)
    audio = [await speak(service, text) for text in TEXTS]
    await service.stop(1)
    return audio, engine


async def test_a_restart_finds_what_was_said(make_service: MakeService) -> None:
    before, _ = await _speak_all(make_service)
    after, engine = await _speak_all(make_service)
    assert engine.heard == []
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "foreign", "swap"])
async def test_a_damaged_file_is_said_again_and_replaced(
    make_service: MakeService, tmp_path: Path, damage: str
) -> None:
    before, _ = await _speak_all(make_service)
    files = sorted((tmp_path / "cache").iterdir())
    assert len(files) == 3
    content = bytearray(files[0].read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
        files[0].write_bytes(content)
    elif damage == "swap":
        files[0].write_bytes(files[1].read_bytes())
    else:
        files[0].write_bytes({"truncate": bytes(content[:-2]), "empty": b"", "foreign": b"x" * 5000}[damage])
    after, engine = await _speak_all(make_service)
    assert len(engine.heard) == 1
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)
    _, engine = await _speak_all(make_service)
    assert engine.heard == []


async def test_a_full_disk_costs_nothing_but_the_cache(
    make_service: MakeService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write = Path.write_bytes
    tried = []

    def full(self: Path, data: bytes) -> int:
        write(self, data[:100])
        tried.append(self)
        raise OSError(errno.ENOSPC, "No space left on device")

    service = await make_service(PlainEngine(), cache_disk=1)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        for text in TEXTS:
            assert (await speak(service, text)).any()
        await soon(lambda: len(tried) == len(TEXTS) and list((tmp_path / "cache").iterdir()) == [])
    assert caplog.text.count("No space left") == 1, "told once, not for every clause"
    await speak(service, "There is room again.")
    await soon(lambda: service.status().cache.disk_entries == 1)


async def test_a_folder_that_can_not_be_used_is_no_reason_not_to_speak(
    make_service: MakeService, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    service = await make_service(PlainEngine(), cache_disk=1)
    assert (await speak(service, "Hello.")).any()
    assert "going on without" in caplog.text


def _entry(seed: int, samples: int = 1000) -> Pcm:
    return np.random.default_rng(seed).integers(-(2**15), 2**15, samples, dtype=np.int16)


def test_it_stays_within_its_bytes_and_keeps_what_was_used_last(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 10_000)
    cache.open()
    for number in range(4):
        cache.put(str(number), _entry(number))
    assert cache.get("0") is not None
    cache.put("4", _entry(4))
    assert [key in cache for key in "01234"] == [True, False, True, True, True]
    cache.put("huge", _entry(5, 6000))
    assert "huge" not in cache
    assert cache.bytes == sum(file.stat().st_size for file in tmp_path.iterdir()) <= 10_000
    reopened = DiskCache(tmp_path, 5_000)
    reopened.open()
    assert reopened.bytes <= 5_000
    assert "0" in reopened or "4" in reopened


def test_what_a_killed_writer_left_is_removed_and_other_files_are_not(tmp_path: Path) -> None:
    (tmp_path / "abc.part").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("mine")
    cache = DiskCache(tmp_path, 10_000)
    cache.open()
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]
    assert len(cache) == 0


def test_a_file_that_vanished_is_not_there(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 10_000)
    cache.open()
    cache.put("key", _entry(1))
    for file in tmp_path.iterdir():
        file.unlink()
    assert cache.get("key") is None
    assert (len(cache), cache.bytes) == (0, 0)
    cache.put("key", _entry(2))
    np.testing.assert_array_equal(cache.get("key"), _entry(2))

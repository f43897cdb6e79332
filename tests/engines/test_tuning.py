"""What was measured on this machine is found again, and nothing else is believed."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.tune import fewest_of_the_fastest
from bench.tune import main as tune
from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.engines import tuning
from wyoming_cosyvoice.engines.cosyvoice import opening
from wyoming_cosyvoice.engines.loading import load_engines
from wyoming_cosyvoice.engines.tone import ToneEngine
from wyoming_cosyvoice.engines.tuning import FILE_NAME, remember_threads, tuned_threads
from wyoming_cosyvoice.store.manifest import read_manifest


def test_what_was_stored_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert tuned_threads(folder, "a") == 0
    remember_threads(folder, "a", 2)
    remember_threads(folder, "b", 3)
    remember_threads(folder, "a", 1)
    assert [tuned_threads(folder, name) for name in "abc"] == [1, 3, 0]


def test_it_does_not_grow(tmp_path: Path) -> None:
    for number in range(60):
        remember_threads(tmp_path, f"r{number}", 2)
    assert tuned_threads(tmp_path, "r59") == 2
    assert tuned_threads(tmp_path, "r0") == 0


def test_figures_of_another_machine_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember_threads(tmp_path, "a", 2)
    monkeypatch.setattr(tuning, "machine", lambda: "another")
    assert tuned_threads(tmp_path, "a") == 0
    remember_threads(tmp_path, "b", 4)
    assert tuned_threads(tmp_path, "b") == 4


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"schema": 2}', "[" * 100_000, '{"schema": 1, "machine": 3, "threads": {}}', "x" * 70_000],
)
def test_a_damaged_file_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    assert tuned_threads(tmp_path, "a") == 0
    remember_threads(tmp_path, "a", 2)
    assert tuned_threads(tmp_path, "a") == 2


@pytest.mark.parametrize("value", [0, -1, 1000, True, "2", 1.5, None])
def test_a_senseless_count_is_not_used(tmp_path: Path, value: Any) -> None:
    document = {"schema": 1, "machine": tuning.machine(), "threads": {"a": value}}
    (tmp_path / FILE_NAME).write_text(json.dumps(document))
    assert tuned_threads(tmp_path, "a") == 0


def test_of_counts_that_are_nearly_as_fast_the_smallest_is_taken() -> None:
    assert fewest_of_the_fastest({1: 1.0, 2: 0.6, 3: 0.5, 4: 0.49}) == 3
    assert fewest_of_the_fastest({1: 0.5, 2: 0.7}) == 1


def test_tuning_stores_a_count_for_the_bundle(tiny_bundle: Path, tmp_path: Path) -> None:
    assert tune(["--bundle", str(tiny_bundle), "--data-dir", str(tmp_path), "--tokens", "10", "--rounds", "1"]) == 0
    assert tuned_threads(tmp_path, read_manifest(tiny_bundle).revision) >= 1


@pytest.mark.parametrize(("asked", "used"), [(0, 3), (1, 1)])
def test_the_server_loads_with_what_was_stored(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: int, used: int
) -> None:
    opened: list[int] = []

    def note(_: Path, *, threads: int, **__: object) -> ToneEngine:
        opened.append(threads)
        return ToneEngine(0)

    monkeypatch.setattr(opening, "open_engine", note)
    remember_threads(tmp_path, read_manifest(tiny_bundle).revision, 3)
    load_engines(Config(model=str(tiny_bundle), data_dir=tmp_path, threads=asked))
    assert opened == [used]

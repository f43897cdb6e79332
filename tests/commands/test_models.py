"""`models` as a user runs it: list, install from a hub and offline, verify, remove."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wyoming_cosyvoice.cli import main

from .fake_hub import FakeHub, serving


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WYOMING_COSYVOICE_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def hub(tiny_checkpoint: Path, tmp_path: Path) -> Iterator[FakeHub]:
    folder = tmp_path / "hub"
    folder.mkdir()
    for name in ("llm.pt", "flow.pt", "hift.pt", "spk2info.pt", "cosyvoice.yaml"):
        shutil.copy(tiny_checkpoint / name, folder)
    (folder / "speech_tokenizer_v1.onnx").write_bytes(b"half a gigabyte that speaking does not need")
    with serving(folder) as running:
        yield running


def models(*arguments: str, hub: FakeHub) -> subprocess.CompletedProcess[str]:
    """Run the command in its own process: the hub's client reads its address when it is imported."""
    environment = os.environ | {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_TELEMETRY": "1"}
    command = [sys.executable, "-m", "wyoming_cosyvoice", "models", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)


def test_a_model_is_fetched_converted_checked_and_tidied(data_dir: Path, hub: FakeHub) -> None:
    done = models("install", "cosyvoice-300m-sft", hub=hub)
    assert done.returncode == 0, done.stderr
    folder = data_dir / "models" / "cosyvoice-300m-sft"
    assert (folder / "manifest.json").is_file()
    assert not list((data_dir / "models").glob(".*.download"))
    assert models("verify", hub=hub).stdout.startswith("cosyvoice-300m-sft: whole and unchanged")
    listed = json.loads(models("list", "--json", hub=hub).stdout)
    assert {row["name"]: row["installed"] for row in listed}["cosyvoice-300m-sft"]
    spoken = data_dir / "hello.wav"
    assert main(["say", "你好。", "--model", "cosyvoice-300m-sft", "-o", str(spoken)]) == 0
    assert spoken.stat().st_size > 10_000


def test_a_broken_download_goes_on_where_it_stopped(data_dir: Path, hub: FakeHub) -> None:
    hub.cut = "llm.pt"
    broken = models("install", "cosyvoice-300m-sft", hub=hub)
    assert broken.returncode == 1
    assert "can't be fetched" in broken.stderr
    assert "what was fetched is kept" in broken.stderr
    assert "hift.pt" in hub.sent
    hub.cut = ""
    hub.sent.clear()
    done = models("install", "cosyvoice-300m-sft", hub=hub)
    assert done.returncode == 0, done.stderr
    assert "llm.pt" in hub.sent
    assert "hift.pt" not in hub.sent


def test_bytes_that_are_not_the_hubs_are_refused_and_the_installed_model_stays(data_dir: Path, hub: FakeHub) -> None:
    assert models("install", "cosyvoice-300m-sft", hub=hub).returncode == 0
    hub.lies = True
    lied_to = models("install", "cosyvoice-300m-sft", hub=hub)
    assert lied_to.returncode == 1
    assert ".pt was changed" in lied_to.stderr
    assert models("verify", "cosyvoice-300m-sft", hub=hub).returncode == 0


def test_a_hub_without_the_files_is_told(data_dir: Path, hub: FakeHub) -> None:
    (hub.folder / "hift.pt").unlink()
    done = models("install", "cosyvoice-300m-sft", hub=hub)
    assert done.returncode == 1
    assert "FunAudioLLM/CosyVoice-300M-SFT has no hift.pt" in done.stderr
    hub.url = "http://127.0.0.1:9"
    done = models("install", "cosyvoice-300m-sft", hub=hub)
    assert done.returncode == 1
    assert "can't be fetched" in done.stderr
    assert "--from FOLDER" in done.stderr
    assert "Traceback" not in done.stderr


def test_installing_offline_from_a_checkpoint_and_from_a_bundle(
    data_dir: Path, tiny_checkpoint: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "install", "mine", "--from", str(tiny_checkpoint)]) == 0
    assert main(["models", "install", "copied", "--from", str(tiny_bundle)]) == 0
    assert main(["models", "verify"]) == 0
    assert "copied: whole and unchanged\nmine: whole and unchanged" in capsys.readouterr().out
    assert main(["models", "remove", "mine"]) == 0
    assert not (data_dir / "models" / "mine").exists()
    assert main(["models", "remove", "mine"]) == 1
    assert "Installed are: copied" in capsys.readouterr().err


def test_a_folder_with_neither_is_refused(data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "install", "mine", "--from", str(tmp_path)]) == 1
    assert "neither a bundle (manifest.json) nor a checkpoint (llm.pt)" in capsys.readouterr().err
    assert main(["models", "install", "no-such-model"]) == 1
    assert "cosyvoice-300m-sft" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["byte", "missing", "truncated", "schema"])
def test_a_damaged_bundle_is_refused_by_name_and_the_good_one_stays(
    damage: str, data_dir: Path, tmp_path: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "install", "mine", "--from", str(tiny_bundle)]) == 0
    bad = tmp_path / "bad"
    shutil.copytree(tiny_bundle, bad)
    weights = bad / "vocoder.onnx.data"
    content = bytearray(weights.read_bytes())
    content[3000] ^= 1
    manifest = bad / "manifest.json"
    expected = {
        "byte": "vocoder.onnx.data was changed",
        "missing": "vocoder.onnx.data is missing",
        "truncated": "vocoder.onnx.data is truncated",
        "schema": "schema 99",
    }[damage]
    if damage == "byte":
        weights.write_bytes(content)
    elif damage == "missing":
        weights.unlink()
    elif damage == "truncated":
        weights.write_bytes(content[:-1])
    else:
        manifest.write_text(manifest.read_text("utf-8").replace('"schema": 1', '"schema": 99'), "utf-8")
    capsys.readouterr()
    assert main(["models", "install", "mine", "--from", str(bad)]) == 1
    told = capsys.readouterr().err
    assert expected in told
    assert told.count("\n") == 1
    assert main(["models", "verify", "mine"]) == 0


def test_verify_finds_one_changed_byte(data_dir: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "install", "mine", "--from", str(tiny_bundle)]) == 0
    weights = data_dir / "models" / "mine" / "language_model.onnx.data"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 0x10
    weights.write_bytes(content)
    capsys.readouterr()
    assert main(["models", "verify"]) == 1
    assert "language_model.onnx.data was changed" in capsys.readouterr().out

"""Converting: what does not fit is refused by name, and an earlier bundle is never harmed."""

from __future__ import annotations

import errno
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bench.torch_archive import write_archive
from tests.conftest import convert_tiny
from wyoming_cosyvoice import cli
from wyoming_cosyvoice.convert import bundle as converter
from wyoming_cosyvoice.convert import stages
from wyoming_cosyvoice.convert.checkpoint import Checkpoint
from wyoming_cosyvoice.convert.voices import describe
from wyoming_cosyvoice.convert.weights import Weights, read_voices
from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store.bundle import read_manifest
from wyoming_cosyvoice.store.manifest import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Tensors = dict[str, NDArray[Any]]


@pytest.fixture
def checkpoint(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """A copy of the tiny checkpoint to spoil."""
    folder = tmp_path / "checkpoint"
    shutil.copytree(tiny_checkpoint, folder, ignore=shutil.ignore_patterns("golden.npz"))
    return folder


def edit(path: Path, change: Callable[[Tensors], object]) -> None:
    with Checkpoint(path) as file:
        tensors = {name: file.read(tensor).copy() for name, tensor in file.tensors.items()}
    change(tensors)
    write_archive(path, tensors)


def refusal(checkpoint: Path) -> str:
    """Convert; return the refusal after checking that nothing was left behind."""
    target = checkpoint.parent / "bundle"
    with pytest.raises(ModelError) as caught:
        convert_tiny(checkpoint, target)
    assert {path.name for path in checkpoint.parent.iterdir()} == {"checkpoint"}
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize("name", ["llm.pt", "flow.pt", "hift.pt", "spk2info.pt"])
def test_a_missing_file_is_named(checkpoint: Path, name: str) -> None:
    (checkpoint / name).unlink()
    assert f"{name} is missing" in refusal(checkpoint)


@pytest.mark.parametrize(
    ("file", "tensor", "shape"),
    [
        ("llm.pt", "llm.encoders.1.self_attn.linear_pos.weight", [64, 64]),
        ("llm.pt", "text_embedding.weight", [51866, 16]),
        ("flow.pt", "decoder.estimator.mid_blocks.1.1.0.ff.net.2.bias", [32]),
        ("hift.pt", "resblocks.4.convs2.1.bias", [8]),
    ],
)
def test_missing_extra_and_misshapen_tensors_are_all_named(
    checkpoint: Path, file: str, tensor: str, shape: list[int]
) -> None:
    def spoil(tensors: Tensors) -> None:
        del tensors[tensor]
        tensors["stranger.weight"] = np.zeros(3, np.float32)
        other = next(name for name in tensors if name.endswith("bias") and name.count(".") > 2)
        tensors[other] = np.zeros(7, np.float32)

    edit(checkpoint / file, spoil)
    message = refusal(checkpoint)
    assert file in message
    assert f"'{tensor}' is missing (expected {shape})" in message
    assert "'stranger.weight' does not belong there" in message
    assert "is [7] (expected [" in message


def test_a_whole_missing_part_does_not_fill_the_screen(checkpoint: Path) -> None:
    edit(
        checkpoint / "flow.pt", lambda tensors: [tensors.pop(name) for name in list(tensors) if "mid_blocks.1." in name]
    )
    message = refusal(checkpoint)
    assert "mid_blocks" in message
    assert len(message) < 4000


@pytest.mark.parametrize("anchor", ["llm.embed.out.0.weight", "llm.encoders.0.self_attn.pos_bias_u"])
def test_a_missing_size_giver_is_named(checkpoint: Path, anchor: str) -> None:
    edit(checkpoint / "llm.pt", lambda tensors: tensors.pop(anchor))
    assert f"lacks the tensor '{anchor}'" in refusal(checkpoint)


def test_all_tensors_that_are_not_finite_are_named(checkpoint: Path) -> None:
    def spoil(tensors: Tensors) -> None:
        tensors["llm.encoders.0.norm1.weight"][3] = np.nan
        tensors["llm_decoder.weight"][0, 0] = np.inf

    edit(checkpoint / "llm.pt", spoil)
    message = refusal(checkpoint)
    assert "'llm.encoders.0.norm1.weight' has values that are not finite" in message
    assert "'llm_decoder.weight' has values that are not finite" in message


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("llm.pt", "llm.model.model.layers.0.mlp.down_proj.weight"),
        ("flow.pt", "encoder.up_layer.conv.weight"),
        ("hift.pt", "ups.2.parametrizations.weight.original0"),
    ],
)
def test_cosyvoice_2_is_recognised(checkpoint: Path, file: str, name: str) -> None:
    def spoil(tensors: Tensors) -> None:
        tensors[name] = np.zeros((4, 1, 1), np.float32)
        if name.endswith("0"):
            tensors[name[:-1] + "1"] = np.zeros((4, 2, 3), np.float32)

    edit(checkpoint / file, spoil)
    message = refusal(checkpoint)
    assert "CosyVoice 2" in message
    assert file in message


def test_training_checkpoints_are_taken(checkpoint: Path, tiny_bundle: Path) -> None:
    """The prefix and the discriminator of adversarial training, and entries that are no tensors."""
    with Checkpoint(checkpoint / "hift.pt") as file:
        tensors: dict[str, Any] = {f"generator.{name}": file.read(tensor) for name, tensor in file.tensors.items()}
    extras = {"discriminator.convs.0.weight": np.zeros(3, np.float32), "epoch": 7, "step": 1.5, "name": "home"}
    write_archive(checkpoint / "hift.pt", {**tensors, **extras})
    bundle = convert_tiny(checkpoint, checkpoint.parent / "bundle")
    for name in ("vocoder.onnx.data", "f0.onnx.data"):
        assert (bundle / name).read_bytes() == (tiny_bundle / name).read_bytes()
    assert read_manifest(bundle).revision != read_manifest(tiny_bundle).revision


def test_weight_norm_is_folded_with_the_norm_of_each_first_index(checkpoint: Path) -> None:
    with Checkpoint(checkpoint / "hift.pt") as file:
        weights = Weights(file, vocoder=True)
        gain = file.read(file.tensors["ups.0.weight_g"])
        folded = weights["ups.0.weight"]
    assert np.allclose(np.sqrt((folded**2).sum(axis=(1, 2))), gain.reshape(-1), rtol=1e-5)


def test_conversion_is_repeatable(tiny_checkpoint: Path, tiny_bundle: Path, tmp_path: Path) -> None:
    again = convert_tiny(tiny_checkpoint, tmp_path / "again")
    assert read_manifest(again) == read_manifest(tiny_bundle)


def test_voices_in_both_forms(tmp_path: Path) -> None:
    row = np.ones((1, 192), np.float32)
    path = tmp_path / "spk2info.pt"
    write_archive(path, {"中文女": {"embedding": row, "speech_token": np.zeros(3, np.int64)}, "flat": row[0]})
    with Checkpoint(path) as file:
        voices = read_voices(file)
    assert {name: voice.shape for name, voice in voices.items()} == {"中文女": (192,), "flat": (192,)}


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"a": {}},
        {"a": {"embedding": np.ones((1, 80), np.float32)}},
        {"a": np.ones((2, 192), np.float32)},
        {"a": np.full(192, np.nan, np.float32)},
        {"a": np.zeros(192, np.float32)},
        {"a": 3},
    ],
    ids=repr,
)
def test_unusable_voices_are_refused(checkpoint: Path, content: dict[str, Any]) -> None:
    write_archive(checkpoint / "spk2info.pt", content)
    assert "spk2info.pt" in refusal(checkpoint)


def test_voices_of_the_users_own_get_ids_and_languages() -> None:
    voices = {
        voice.name: voice for voice in describe(["Grandma Lü", "uncle_bob", "英文女", "日语女", "zh_male_1", "粤语男"])
    }
    assert voices["英文女"].id == "en_female_1"
    assert voices["uncle_bob"].id == "uncle_bob"
    assert (voices["日语女"].language, voices["日语女"].gender) == ("ja", "female")
    assert (voices["粤语男"].language, voices["粤语男"].gender) == ("yue", "male")
    assert len({voice.id for voice in voices.values()}) == len(voices)


def test_an_existing_bundle_is_kept_unless_told(tiny_checkpoint: Path, tmp_path: Path) -> None:
    bundle = convert_tiny(tiny_checkpoint, tmp_path / "bundle")
    before = (bundle / "manifest.json").read_bytes()
    with pytest.raises(ModelError, match="already holds a bundle") as caught:
        convert_tiny(tiny_checkpoint, bundle)
    assert "--force" in caught.value.hint
    assert (bundle / "manifest.json").read_bytes() == before
    (bundle / "leftover").touch()
    convert_tiny(tiny_checkpoint, bundle, replace=True)
    assert not (bundle / "leftover").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_folder_that_is_no_bundle_is_never_replaced(tiny_checkpoint: Path, tmp_path: Path) -> None:
    for name in ("photos", "file"):
        target = tmp_path / name
        target.mkdir() if name == "photos" else target.touch()
        if name == "photos":
            (target / "cat.jpg").touch()
        with pytest.raises(ModelError, match="in the way"):
            convert_tiny(tiny_checkpoint, target, replace=True)
        assert target.exists()


def test_a_failed_replacement_leaves_the_earlier_bundle(checkpoint: Path) -> None:
    bundle = convert_tiny(checkpoint, checkpoint.parent / "bundle")
    edit(checkpoint / "hift.pt", lambda tensors: tensors["conv_post.bias"].fill(float("nan")))
    with pytest.raises(ModelError, match="not finite"):
        convert_tiny(checkpoint, bundle, replace=True)
    verify(bundle, read_manifest(bundle).files, hashes=True)
    assert {path.name for path in bundle.parent.iterdir()} == {"checkpoint", "bundle"}


def test_too_little_room_is_told_before_anything_is_written(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converter.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 10**6))  # type: ignore[attr-defined]
    message = refusal(checkpoint)
    assert "0 MB free" in message


def test_a_disk_that_becomes_full_leaves_nothing(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(stages, "write_vocoder", full)
    assert "became full" in refusal(checkpoint)


def test_the_command_line(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["convert", str(tiny_checkpoint), "-o", str(tmp_path / "bundle"), "--name", "Tiny-Instruct"]
    assert cli.main(arguments) == 0
    assert "Tiny-Instruct, float32" in capsys.readouterr().out
    assert read_manifest(tmp_path / "bundle").instruct
    assert cli.main([*arguments[:2], "-o", str(tmp_path / "small"), "--precision", "int8"]) == 0
    printed = capsys.readouterr().out
    for expected in ("text_encoder", "kullback leibler", "mel distance db", "log spectral distance db"):
        assert expected in printed
    assert cli.main(arguments) == 1
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    assert "--force" in error
    assert cli.main(["convert", str(tmp_path), "-o", str(tmp_path / "other")]) == 1
    assert "llm.pt is missing" in capsys.readouterr().err

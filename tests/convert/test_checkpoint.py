"""The reader: what torch saves is read, and whatever else a file may be is refused in one sentence that names it."""

from __future__ import annotations

import collections
import os
import pickle
import pickletools
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.torch_archive import write_archive, write_records
from wyoming_cosyvoice.convert.checkpoint import Checkpoint
from wyoming_cosyvoice.convert.pickled import TensorRecord, read_pickle
from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path


def read_all(path: Path) -> None:
    with Checkpoint(path) as checkpoint:
        for tensor in checkpoint.tensors.values():
            checkpoint.read(tensor)


def refused(path: Path) -> str:
    """Open and read everything; return the one sentence of the refusal."""
    with pytest.raises(ModelError) as caught:
        read_all(path)
    error = caught.value
    assert path.name in error.message
    assert error.hint
    assert "\n" not in str(error)
    return error.message


def test_reads_what_torch_saved(tiny_checkpoint: Path) -> None:
    with Checkpoint(tiny_checkpoint / "hift.pt") as checkpoint:
        tensors = checkpoint.tensors
        assert len(tensors) == 227
        assert checkpoint.read(tensors["conv_pre.weight_v"]).shape == (32, 80, 7)
        assert checkpoint.read(tensors["f0_predictor.classifier.bias"]) == np.float32(15)


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8),
        st.tuples(st.sampled_from(["float32", "float16", "float64"]), st.lists(st.integers(0, 4), max_size=3)),
        max_size=4,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_reads_back_what_was_written(tmp_path: Path, tensors: dict[str, tuple[str, list[int]]]) -> None:
    rng = np.random.default_rng(0)
    arrays = {name: rng.standard_normal(shape).astype(kind) for name, (kind, shape) in tensors.items()}
    write_archive(tmp_path / "a.pt", {"epoch of training": 3, "step": 1.5, "note": "at home", **arrays})
    with Checkpoint(tmp_path / "a.pt") as checkpoint:
        assert set(checkpoint.tensors) == set(arrays)
        for name, array in arrays.items():
            assert np.array_equal(checkpoint.read(checkpoint.tensors[name]), array.astype(np.float32))


def test_reads_bfloat16_and_views(tmp_path: Path) -> None:
    # torch saves a transposed or sliced tensor as strides and an offset into its storage
    values = np.arange(12, dtype=np.float32)
    storage = "ctorch\nFloatStorage\n"
    tensor = pickled_tensor(storage, "0", 12, offset=2, shape=(3, 2), strides=(1, 4))
    write_records(tmp_path / "view.pt", tensor, [("0", values.tobytes())])
    with Checkpoint(tmp_path / "view.pt") as checkpoint:
        expected = np.lib.stride_tricks.as_strided(values[2:], (3, 2), (4, 16))
        assert np.array_equal(checkpoint.read(checkpoint.tensors["w"]), expected)
    brain = (values.view(np.uint32) >> 16).astype(np.uint16)
    tensor = pickled_tensor("ctorch\nBFloat16Storage\n", "0", 12, offset=0, shape=(12,), strides=(1,))
    write_records(tmp_path / "brain.pt", tensor, [("0", brain.tobytes())])
    with Checkpoint(tmp_path / "brain.pt") as checkpoint:
        assert np.array_equal(checkpoint.read(checkpoint.tensors["w"]), values)


def pickled_tensor(
    storage: str, key: str, count: int, *, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> bytes:
    """A state dict of one tensor `w`, as torch's pickler writes it."""
    plain = [pickle.dumps(value, protocol=2)[2:-1] for value in (key, "cpu", count, offset, shape, strides, False)]
    head = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storage"
    return head + storage.encode() + b"".join(plain[:3]) + b"tQ" + b"".join(plain[3:]) + b"}tRs."


class Caller:
    """Unpickled by Python, this would run a command."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch /tmp/this-must-not-happen",)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_a_pickle_that_calls_a_function_is_refused_and_not_run(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "llm.pt"
    write_records(path, pickle.dumps({"weight": Caller()}, protocol=protocol), [])
    message = refused(path)
    assert "system" in message or "opcode" in message


@pytest.mark.parametrize(
    "value",
    [
        np.float64(1),
        collections.Counter("a"),
        {1, 2},
        collections.namedtuple,
        print,
        bytearray(b"a"),
        complex(1, 2),
        range(3),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_other_objects_are_refused_by_name(tmp_path: Path, value: object) -> None:
    write_records(tmp_path / "llm.pt", pickle.dumps({"a": value}, protocol=2), [])
    message = refused(tmp_path / "llm.pt")
    assert "asks for" in message or "opcode" in message


@pytest.mark.parametrize(
    "pickled",
    [
        b"",
        b"\x80\x02",
        b"\x80\x02}",
        b"0.",
        b"\x80\x02h\x07.",
        b"\x80\x02t.",
        b"\x80\x02}]K\x01s.",
        b"\x80\x02K\x01K\x01a.",
        b"\x80\x02K\x01}b.",
        b"\x80\x02ccollections\nOrderedDict\nK\x01R.",
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(tR.",
        b"\x80\x02K\x01Q.",
        b"\x80\x02(" * 1000 + b".",
        b"\x80\x02" + b"K\x01" * 1_100_000 + b".",
        b"\x80\x02r\xff\xff\xff\xff.",
        b"\x80\x02K\x01" + b"\x85" * 200_000 + b"Q.",
        b"\x80\x02\x8a\xff" + b"1" * 255 + b".",
    ],
    ids=lambda pickled: repr(pickled[:24]),
)
def test_malformed_pickles_are_refused(tmp_path: Path, pickled: bytes) -> None:
    write_records(tmp_path / "llm.pt", pickled, [])
    refused(tmp_path / "llm.pt")


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (0, (13,), (1,)),
        (5, (8,), (1,)),
        (0, (3, 4), (8, 1)),
        (0, (10**6, 10**6), (0, 0)),
        (0, (3, 4), (1,)),
        (2**60, (1,), (1,)),
        (0, (2**40,), (2**40,)),
    ],
)
def test_tensors_beyond_their_values_are_refused(
    tmp_path: Path, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    pickled = pickled_tensor("ctorch\nFloatStorage\n", "0", 12, offset=offset, shape=shape, strides=strides)
    write_records(tmp_path / "llm.pt", pickled, [("0", bytes(48))])
    assert "larger than its values" in refused(tmp_path / "llm.pt")


def test_negative_sizes_are_refused(tmp_path: Path) -> None:
    pickled = pickled_tensor("ctorch\nFloatStorage\n", "0", 12, offset=0, shape=(-1, 2), strides=(1, 1))
    write_records(tmp_path / "llm.pt", pickled, [("0", bytes(48))])
    assert "sizes" in refused(tmp_path / "llm.pt")


def test_missing_short_and_whole_number_records_are_refused(tmp_path: Path) -> None:
    def tensor(kind: str) -> bytes:
        return pickled_tensor(f"ctorch\n{kind}\n", "0", 12, offset=0, shape=(12,), strides=(1,))

    write_records(tmp_path / "missing.pt", tensor("FloatStorage"), [])
    assert "lacks its record 'data/0'" in refused(tmp_path / "missing.pt")
    write_records(tmp_path / "short.pt", tensor("FloatStorage"), [("0", bytes(44))])
    assert "44 bytes" in refused(tmp_path / "short.pt")
    write_records(tmp_path / "whole.pt", tensor("LongStorage"), [("0", bytes(96))])
    assert "int64" in refused(tmp_path / "whole.pt")


def test_other_files_are_refused(tmp_path: Path, tiny_checkpoint: Path) -> None:
    data = (tiny_checkpoint / "hift.pt").read_bytes()
    contents = {
        "empty.pt": b"",
        "page.pt": b"<!DOCTYPE html><title>404</title>",
        "old.pt": pickle.dumps({"magic": 0x1950A86A20F9469CFC6C}, protocol=2),
        "half.pt": data[: len(data) // 2],
        "tail.pt": data[-3000:],
        "noise.pt": np.random.default_rng(0).bytes(4096),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        refused(tmp_path / name)
    refused(tmp_path / "absent.pt")
    (tmp_path / "folder.pt").mkdir()
    refused(tmp_path / "folder.pt")
    with zipfile.ZipFile(tmp_path / "photos.pt", "w") as archive:
        archive.writestr("a.txt", "hello")
    assert "not a torch checkpoint" in refused(tmp_path / "photos.pt")


def test_compressed_and_big_endian_archives_are_refused(tmp_path: Path) -> None:
    pickled = pickle.dumps({}, protocol=2)
    for name, how, order in (("a.pt", zipfile.ZIP_DEFLATED, b"little"), ("b.pt", zipfile.ZIP_STORED, b"big")):
        with zipfile.ZipFile(tmp_path / name, "w", how) as archive:
            archive.writestr("archive/data.pkl", pickled)
            archive.writestr("archive/byteorder", order)
        refused(tmp_path / name)


def test_a_directory_that_claims_more_than_there_is_asks_for_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "llm.pt"
    pickled = pickled_tensor("ctorch\nFloatStorage\n", "0", 1 << 29, offset=0, shape=(1,), strides=(1,))
    write_records(path, pickled, [("0", bytes(48))])
    data = bytearray(path.read_bytes())
    at = data.rindex(b"archive/data/0") - 46  # its entry in the central directory, the sizes 20 bytes in
    data[at + 20 : at + 28] = (2**31).to_bytes(4, "little") * 2
    path.write_bytes(data)
    assert "ends inside its record 'data/0'" in refused(path)


def test_a_flipped_value_is_found_by_the_checksum(tmp_path: Path) -> None:
    path = tmp_path / "llm.pt"
    write_archive(path, {"w": np.zeros(1000, np.float32)})
    data = bytearray(path.read_bytes())
    data[data.index(bytes(4000)) + 1234] ^= 1
    path.write_bytes(data)
    assert "damaged in its record" in refused(path)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
def test_any_damage_to_a_real_file_is_refused_or_harmless(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "spk.pt"
    write_archive(path, {"a": {"embedding": np.ones((1, 4), np.float32)}, "b": np.ones(3, np.float32)})
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    try:
        read_all(path)
    except ModelError as error:
        assert path.name in error.message  # noqa: PT017 - both outcomes are right; any other error is not


@given(pickled=st.binary(max_size=300))
def test_any_bytes_are_a_refusal_or_plain_values(pickled: bytes) -> None:
    try:
        value = read_pickle(pickled, "llm.pt")
    except ModelError:
        return
    assert_plain(value)


OPCODES = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]


@given(
    st.lists(
        st.sampled_from(
            [
                *OPCODES,
                b"cos\nsystem\n",
                b"ctorch\nFloatStorage\n",
                b"ccollections\nOrderedDict\n",
                b"K\x01",
                b"X\0\0\0\0",
            ]
        )
        | st.binary(max_size=3),
        max_size=40,
    )
)
@settings(max_examples=500)
def test_any_opcodes_are_a_refusal_or_plain_values(parts: list[bytes]) -> None:
    try:
        value = read_pickle(b"\x80\x02" + b"".join(parts) + b".", "llm.pt")
    except ModelError:
        return
    assert_plain(value)


def assert_plain(value: object) -> None:
    """Nothing but the reader's own records and plain values comes out."""
    seen: set[int] = set()
    todo = [value]
    while todo:
        item = todo.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, dict):
            todo += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple):
            todo += item
        else:
            assert isinstance(item, str | bytes | int | float | TensorRecord | None) or type(item).__module__.endswith(
                "convert.pickled"
            )


def test_python_reads_the_same_plain_values() -> None:
    value = {"a": [1, 2.5, None, True, (1, 2, 3, 4)], "b": {"c": 1 << 40, 5: "ü"}, "d": (), "e": [[]]}
    for protocol in (2, 3, 4, 5):
        assert read_pickle(pickle.dumps(value, protocol=protocol), "x") == value

"""Trainers' files are read as data: what they hold comes out, and nothing they name ever runs."""

from __future__ import annotations

import collections
import os
import pickle
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from leapp_core.checkpoints import PickledObject, read_pickle, read_torch_file
from leapp_core.checkpoints.records import name_of
from leapp_core.errors import CheckpointError

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
MARKER = "it_ran"


class Statistics:
    """A class such as a trainer saves."""

    def __init__(self) -> None:
        self.mean, self.count = np.array([1.5, -2.0]), np.float64(7.0)
        self.other = self


class Slotted:
    __slots__ = ("size",)

    def __init__(self) -> None:
        self.size = 3


NAMES = [f"{__name__}.Statistics", f"{__name__}.Slotted"]


class Calls:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def read(content: bytes, *names: str) -> Any:
    return read_pickle(content, names, where="file.pkl", what="normalizer file")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_values_come_as_they_are(protocol: int) -> None:
    values = {
        "numbers": [1, 2.5, True, None, 3 + 1j, 2**70],
        "text": ("a", b"\x00\xff", bytearray(b"z")),
        "sets": {frozenset({1}), 2},
        "ordered": collections.OrderedDict(a=slice(1, None), b=range(3)),
        "numpy": [np.float32(1.5), np.int64(-3), np.bool_(True), np.dtype("<f4")],
    }
    found = read(pickle.dumps(values, protocol))
    assert found == values
    assert [type(value) for value in found["numpy"][:3]] == [np.float32, np.int64, np.bool_]


PLAIN_ARRAYS = stn.arrays(
    st.one_of(stn.floating_dtypes(), stn.integer_dtypes(), stn.boolean_dtypes(), stn.unicode_string_dtypes(max_len=4)),
    stn.array_shapes(min_dims=0, min_side=0, max_side=4),
)


@given(PLAIN_ARRAYS, st.sampled_from(PROTOCOLS), st.booleans())
def test_any_array_of_numbers_comes_back_bit_for_bit(array: Any, protocol: int, turned: bool) -> None:
    array = array.T if turned else array
    found = read(pickle.dumps([array, array], protocol))
    assert found[0] is found[1]
    assert found[0].dtype == array.dtype
    assert found[0].shape == array.shape
    assert found[0].tobytes() == array.tobytes()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_objects_of_named_classes_are_records(protocol: int) -> None:
    found = read(
        pickle.dumps([Statistics(), Statistics, collections.deque([1], 5)], protocol),
        *NAMES,
        "copyreg._reconstructor",
        "builtins.object",
        "collections.deque",
    )
    statistics, itself, deque = found
    assert isinstance(statistics, PickledObject)
    assert not isinstance(statistics, Statistics)
    np.testing.assert_array_equal(statistics.get("mean"), [1.5, -2.0])
    assert statistics.get("count") == 7.0
    assert statistics.get("other") is statistics
    assert statistics.get("variance", "none") == "none"
    assert name_of(itself) == NAMES[0]
    assert (deque.items, name_of(deque), deque.arguments) == ([1], "collections.deque", ((), 5))
    assert name_of(3) is None


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_slots_of_an_object_are_found(protocol: int) -> None:
    assert read(pickle.dumps(Slotted(), protocol), *NAMES).get("size") == 3


ATTACKS = {
    "call of os.mkdir": (pickle.dumps(Calls(os.mkdir, MARKER), 2), r"(posix|nt)\.mkdir"),
    "the same by protocol 4": (pickle.dumps({"a": [Calls(os.mkdir, MARKER)]}, 4), r"(posix|nt)\.mkdir"),
    "call of eval": (pickle.dumps(Calls(eval, f"__import__('os').mkdir('{MARKER}')")), r"builtins\.eval"),
    "call of a class": (pickle.dumps(Calls(subprocess.Popen, f"mkdir {MARKER}")), r"subprocess\.Popen"),
    "old module name": (b"c__builtin__\neval\n(V__import__('os').mkdir('it_ran')\ntR.", r"builtins\.eval"),
    "instance opcode": (b"(Vit_ran\nios\nmkdir\n.", r"os\.mkdir"),
    "object opcode": (b"(cos\nmkdir\nVit_ran\no.", r"os\.mkdir"),
    "dotted name": (b"\x80\x04\x8c\x0bcollections\x8c\x18OrderedDict.__subclass__\x93)R.", "OrderedDict.__subclass__"),
    "attribute getter": (pickle.dumps(Calls(getattr, "", "join")), r"builtins\.getattr"),
    "a class's own method": (pickle.dumps(Calls(Statistics.__init__, 1)), r"builtins\.getattr|Statistics\.__init__"),
    "extension code": (b"\x82\x01.", "an extension code"),
    "persistent id": (b"Pname\n.", "a persistent id"),
    "array of objects": (pickle.dumps(np.array([Calls(os.mkdir, MARKER)], dtype=object)), "numpy.dtype"),
    "array over records": (pickle.dumps(np.zeros(2, [("a", "<f4"), ("b", "<i4")])), "numpy.dtype"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_not_on_the_list_is_refused_by_name(
    attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, name = ATTACKS[attack]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match=rf"^the normalizer file uses .*({name}).*nothing of it was run"):
        read(content, *NAMES)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle",
        pickle.dumps([np.zeros(100)])[:-40],
        b"\x80\x04N\x6a\xff\xff\xff\x7f.",  # a memo index that would take gigabytes
        b"\x80\x04" + b"\x8c\x05numpy\x8c\x07ndarray\x93" + b"}b.",  # sets attributes on a class, not on an object
        b"(l0.",
    ],
)
def test_damaged_files_are_said_to_be(content: bytes) -> None:
    with pytest.raises(CheckpointError, match=rf"normalizer file cannot be read.*\({len(content)} bytes\)"):
        read(content)


def test_an_array_has_as_many_bytes_as_its_shape_says() -> None:
    forged = pickle.dumps(np.zeros(4, np.uint8), 2).replace(b"K\x04\x85", b"K\xff\x85")
    with pytest.raises(CheckpointError, match=r"uses numpy\.ndarray of shape \(255,\) from 4 bytes"):
        read(forged)


@given(st.binary(max_size=200) | st.lists(st.sampled_from(list(b"()}]NKRb0oi\x85\x93\x94\x8cais.tue"))).map(bytes))
def test_no_bytes_do_anything_else_than_being_read_or_refused(content: bytes) -> None:
    try:
        read(content, *NAMES)
    except CheckpointError as error:
        assert error.where == "file.pkl"  # noqa: PT017 - most bytes are refused, some are data


class TestTorchFiles:
    def saved(self, tmp_path: Path, content: Any, legacy: bool = False) -> Path:
        path = tmp_path / "agent.pt"
        torch.save(content, path, _use_new_zipfile_serialization=not legacy)
        return path

    @pytest.mark.parametrize("legacy", [False, True])
    def test_numpy_values_are_plain_values(self, tmp_path: Path, legacy: bool) -> None:
        content = {"w": torch.ones(2), "n": [np.float64(2.5), np.arange(6).reshape(2, 3).T], "d": {"s": {1, 2}}}
        found = read_torch_file(self.saved(tmp_path, content, legacy))
        assert torch.equal(found["w"], torch.ones(2))
        assert found["n"][0] == 2.5
        np.testing.assert_array_equal(found["n"][1], content["n"][1])
        assert found["d"] == {"s": {1, 2}}

    @pytest.mark.parametrize("legacy", [False, True])
    def test_code_is_refused_by_name(self, tmp_path: Path, legacy: bool) -> None:
        path = self.saved(tmp_path, {"a": Calls(os.mkdir, str(tmp_path / MARKER))}, legacy)
        with pytest.raises(CheckpointError, match=r"^the checkpoint uses (posix|nt)\.mkdir, .*nothing of it was run"):
            read_torch_file(path)
        assert not (tmp_path / MARKER).exists()

    def test_arrays_of_objects_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match=r"uses numpy\.dtype\('O8'\)"):
            read_torch_file(self.saved(tmp_path, [np.array([1, "a"], dtype=object)]))

    def test_objects_of_named_classes_are_records(self, tmp_path: Path) -> None:
        path = self.saved(tmp_path, {"normalizer": Statistics()})
        with pytest.raises(CheckpointError, match=r"uses .*Statistics"):
            read_torch_file(path)
        found = read_torch_file(path, NAMES)["normalizer"]
        assert isinstance(found, PickledObject)
        np.testing.assert_array_equal(found.get("mean"), [1.5, -2.0])

    def test_truncated(self, tmp_path: Path) -> None:
        path = self.saved(tmp_path, {"a": torch.zeros(100)})
        path.write_bytes(path.read_bytes()[:-200])
        with pytest.raises(CheckpointError, match=r"truncated, damaged or not a PyTorch file \(\d+ bytes\)"):
            read_torch_file(path)

    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match=r"there is no checkpoint file\n  where: .*gone\.pt"):
            read_torch_file(tmp_path / "gone.pt")

    def test_what_may_be_used_is_forgotten_afterwards(self, tmp_path: Path) -> None:
        before = set(torch.serialization.get_safe_globals())
        read_torch_file(self.saved(tmp_path, {"n": np.float64(1)}))
        assert set(torch.serialization.get_safe_globals()) == before

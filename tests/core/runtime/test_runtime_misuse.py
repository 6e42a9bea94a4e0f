"""Unusual calls and forged files: an error that says what is wrong, and a policy that is as it was before."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
import runtime_pipelines as pipelines

from leapp_core.errors import BundleError, LeappError, RuntimeInputError, UsageError
from leapp_core.runtime import RecordingRuntime, load, replay, stored_inputs

X = np.ones((1, 3), np.float32)


@pytest.fixture
def batched(tmp_path):
    return pipelines.recurrent(tmp_path, batch="batch").open()


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "run.npz"
    with RecordingRuntime(pipelines.recurrent(tmp_path).open(), path) as recorded:
        for _ in range(4):
            recorded.step({"x": X})
        recorded.reset()
        recorded.step({"x": X})
    return path


class TestCalls:
    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ([[1, 2], [3]], "'x' is a list, which has no dtype"),
            (np.zeros((0, 3), np.float32), "has batch 0"),
            (object(), "which has no dtype"),
        ],
    )
    def test_inputs_from_which_no_size_can_be_read(self, batched, value, message):
        with pytest.raises(RuntimeInputError, match=message):
            batched.step({"x": value})

    @pytest.mark.parametrize("mask", [[[True], [True, False]], "abc", 3])
    def test_masks(self, batched, mask):
        batched.step({"x": X})
        before = batched.state
        with pytest.raises(RuntimeInputError, match="mask is"):
            batched.reset(mask)
        np.testing.assert_equal(batched.state, before)

    def test_masks_where_there_is_no_state(self, tmp_path):
        with pytest.raises(RuntimeInputError, match="the mask is int64"):
            pipelines.mlp(tmp_path).open().reset(np.array([1, 0]))

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda state: [1, 2], "the state is a list"),
            (lambda state: None, "the state is a NoneType"),
            (lambda state: {**state, "rnn/h_in": state["h_in"]}, "'rnn/h_in' is given twice"),
            (lambda state: {**state, "h_in": [[1], [1, 2]]}, "'rnn/h_in' is not an array"),
            (lambda state: {"h_in": state["h_in"]}, "count_in' is missing"),
            (lambda state: {**state, "h_in": np.zeros((2, 4), np.float32)}, "disagree on 'batch'"),
        ],
    )
    def test_states(self, batched, change, message):
        batched.step({"x": X})
        before = batched.state
        with pytest.raises(RuntimeInputError, match=message):
            batched.load_state(change(before))
        np.testing.assert_equal(batched.state, before)

    def test_a_state_brings_its_number_of_rows(self, batched, tmp_path):
        batched.step({"x": np.arange(12, dtype=np.float32).reshape(4, 3)})
        batched.save_state(tmp_path / "state.safetensors")
        expected = batched.step({"x": np.ones((4, 3), np.float32)})
        other = pipelines.recurrent(tmp_path, batch="batch").open()
        other.step({"x": X})
        other.load_state(tmp_path / "state.safetensors")
        assert other.sizes == {"batch": 4}
        np.testing.assert_equal(other.step({"x": np.ones((4, 3), np.float32)}), expected)

    def test_sizes_may_be_numpy_integers(self, tmp_path):
        runtime = pipelines.recurrent(tmp_path, batch="batch").open(sizes={"batch": np.int64(3)})
        assert runtime.sizes == {"batch": 3}

    def test_a_closed_recording(self, tmp_path):
        runtime = pipelines.recurrent(tmp_path).open()
        with RecordingRuntime(runtime, tmp_path / "run.npz") as recorded:
            recorded.step({"x": X})
        before = runtime.state
        with pytest.raises(UsageError, match="the recording is closed"):
            recorded.step({"x": X})
        np.testing.assert_equal(runtime.state, before)

    def test_a_path_no_file_system_takes(self):
        with pytest.raises(BundleError, match=r"there is no bundle to read at aaa.*File name too long"):
            load("a" * 5000)

    @pytest.mark.parametrize("path", ["a\0b", "x" * 5000], ids=["zero byte", "too long"])
    def test_a_recording_in_such_a_path(self, batched, path):
        with pytest.raises(BundleError, match="cannot write the recording"):
            RecordingRuntime(batched, path)


def packed(value) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(value), allow_pickle=False)
    return stream.getvalue()


def header(*shape: int) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return stream.getvalue()


def about(steps: float) -> bytes:
    return packed(json.dumps({"version": 1, "graph": "x", "steps": steps}))


@pytest.mark.parametrize(
    ("member", "content"),
    [
        ("inputs/x/00000000.npy", header(1 << 40, 3) + bytes(100)),
        ("inputs/x/00000000.npy", packed(np.float32(3))),
        ("state/h_in/00000000.npy", packed(np.zeros((1, 1, 4), np.float32))),
        ("state/h_in/00000000.npy", None),
        ("about.npy", about(1e400)),
        ("about.npy", packed("[" * 100_000)),
        ("state_steps.npy", packed([-1])),
        ("state_steps.npy", packed([4])),
        ("state_steps.npy", packed([0, 77])),
    ],
)
def test_forged_recordings(recording, tmp_path, member, content):
    with zipfile.ZipFile(recording) as file:
        members = {name: file.read(name) for name in file.namelist()}
    assert member in members
    members[member] = content
    with zipfile.ZipFile(tmp_path / "forged.npz", "w") as file:
        for name, value in members.items():
            if value is not None:
                file.writestr(name, value)
    with pytest.raises(LeappError, match=r"is not a complete recording|is missing"):
        replay(pipelines.recurrent(tmp_path).open(), tmp_path / "forged.npz")


def test_stored_inputs_of_no_step(tmp_path):
    np.savez(tmp_path / "none.npz", x=np.zeros((0, 1, 3), np.float32))
    with pytest.raises(RuntimeInputError, match="the inputs hold no step"):
        list(stored_inputs(pipelines.recurrent(tmp_path).open(), tmp_path / "none.npz"))


@pytest.mark.parametrize(("field", "value"), [(6, 1), (8, 99)], ids=["encrypted", "packed in an unknown way"])
def test_archives_that_cannot_be_unpacked(recording, tmp_path, field, value):
    content = bytearray(recording.read_bytes())
    for signature, offset in ((b"PK\3\4", field), (b"PK\1\2", field + 2)):
        at = content.find(signature)
        while at >= 0:
            content[at + offset] = value
            at = content.find(signature, at + 4)
    recording.write_bytes(content)
    runtime = pipelines.recurrent(tmp_path).open()
    with pytest.raises(BundleError, match="is not a complete recording"):
        replay(runtime, recording)
    with pytest.raises(RuntimeInputError, match=r"is not a complete \.npz archive"):
        list(stored_inputs(runtime, recording))

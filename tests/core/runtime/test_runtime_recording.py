"""Recording and replay."""

from __future__ import annotations

import numpy as np
import pytest
import runtime_pipelines as pipelines

from leapp_core.errors import BundleError, RuntimeInputError
from leapp_core.runtime import Recording, RecordingRuntime, replay, stored_inputs
from leapp_core.spec.dtypes import numpy_dtype


def record(runtime, path, steps, resets=(), batch=1):
    random = np.random.default_rng(0)
    with RecordingRuntime(runtime, path) as recorded:
        for step in range(steps):
            if step in resets:
                recorded.reset()
                recorded.reset()
            recorded.step({"x": random.standard_normal((batch, 3)).astype(np.float32)})


@pytest.mark.parametrize(("steps", "resets"), [(1, ()), (7, (3,)), (256, (0, 255)), (600, (100, 256, 512))])
def test_replay_is_identical(tmp_path, steps, resets):
    path = tmp_path / "run.npz"
    runtime = pipelines.recurrent(tmp_path).open()
    runtime.step({"x": np.ones((1, 3), np.float32)})
    record(runtime, path, steps, resets)
    report = replay(pipelines.recurrent(tmp_path).open(), path)
    assert (report.steps, report.identical, report.first_difference) == (steps, True, None)
    assert report.as_dict()["worst"] == {"action": 0.0, "h_out": 0.0, "count_out": 0.0}
    assert len(list(Recording(path))) == Recording(path).steps == steps


def test_numpy_alone_reads_a_recording(tmp_path):
    record(pipelines.recurrent(tmp_path).open(), tmp_path / "run.npz", 5)
    with np.load(tmp_path / "run.npz", allow_pickle=False) as file:
        assert file["inputs/x/00000000"].shape == (5, 1, 3)
        assert file["outputs/action/00000000"].shape == (5, 1, 2)
        assert file["state_steps"].tolist() == [0]


def test_another_policy_is_found_out(tmp_path):
    record(pipelines.recurrent(tmp_path).open(), tmp_path / "run.npz", 5)
    other = pipelines.recurrent(tmp_path)
    weight = next(t for t in other.models["rnn"].graph.initializer if t.name == "action.b")
    values = np.frombuffer(weight.raw_data, np.float32).copy()
    values[1] += 0.125
    weight.raw_data = values.tobytes()
    report = replay(other.open(), tmp_path / "run.npz")
    assert not report.identical
    assert report.worst["h_out"] == 0.0
    assert report.worst["action"] == pytest.approx(0.125)
    assert report.first_difference.startswith("action, step 0, index (0, 1): recorded ")


def test_a_recording_of_another_interface_is_refused(tmp_path):
    record(pipelines.recurrent(tmp_path).open(), tmp_path / "run.npz", 2)
    with pytest.raises(RuntimeInputError, match="the recording has outputs action, count_out, h_out"):
        replay(pipelines.mlp(tmp_path).open(), tmp_path / "run.npz")


def test_the_batch_may_change_at_a_reset(tmp_path):
    runtime = pipelines.recurrent(tmp_path, batch="batch").open()
    path = tmp_path / "run.npz"
    with RecordingRuntime(runtime, path) as recorded:
        for batch in (1, 4, 2):
            recorded.reset()
            for _ in range(3):
                recorded.step({"x": np.ones((batch, 3), np.float32)})
    report = replay(pipelines.recurrent(tmp_path, batch="batch").open(), path)
    assert (report.steps, report.identical) == (9, True)


def test_resets_of_some_environments(tmp_path):
    runtime = pipelines.recurrent(tmp_path, batch=3).open()
    with RecordingRuntime(runtime, tmp_path / "run.npz") as recorded:
        for step in range(6):
            if step == 2:
                recorded.reset(np.array([False, True, False]))
            recorded.step({"x": np.ones((3, 3), np.float32)})
    report = replay(pipelines.recurrent(tmp_path, batch=3).open(), tmp_path / "run.npz")
    assert report.identical


def test_damaged_recordings(tmp_path):
    path = tmp_path / "run.npz"
    with pytest.raises(BundleError, match="is not a complete recording"):
        Recording(path)
    record(pipelines.recurrent(tmp_path).open(), path, 300)
    content = path.read_bytes()
    for cut in (content[: len(content) // 2], b"", b"PK"):
        path.write_bytes(cut)
        with pytest.raises(BundleError, match="is not a complete recording"):
            list(Recording(path))
    flipped = bytearray(content)
    flipped[len(content) // 3] ^= 0xFF
    path.write_bytes(flipped)
    with pytest.raises(BundleError, match="is not a complete recording"):
        list(Recording(path))
    np.savez(path, x=np.zeros(3))
    with pytest.raises(BundleError, match="is not a complete recording"):
        Recording(path)
    with pytest.raises(BundleError, match="cannot write the recording"):
        RecordingRuntime(pipelines.recurrent(tmp_path).open(), tmp_path / "none" / "run.npz")


def test_stored_inputs(tmp_path):
    runtime = pipelines.mlp(tmp_path).open()
    path = tmp_path / "in.npz"
    np.savez(path, **{"policy/joint_pos": np.zeros((4, 1, 3), "f4"), "joint_vel": np.ones((1, 3), "f4")})
    steps = list(stored_inputs(runtime, path))
    assert len(steps) == 4
    for step in steps:
        runtime.step(step)
    np.savez(path, joint_pos=np.zeros((4, 1, 3), "f4"), joint_vel=np.ones((5, 1, 3), "f4"))
    with pytest.raises(RuntimeInputError, match="different numbers of steps: joint_pos 4, joint_vel 5"):
        list(stored_inputs(runtime, path))
    np.savez(path, joint_pso=np.zeros((1, 3), "f4"))
    with pytest.raises(RuntimeInputError, match="unknown input 'joint_pso'"):
        list(stored_inputs(runtime, path))
    path.write_bytes(b"no archive")
    with pytest.raises(RuntimeInputError, match=r"the inputs cannot be read: the file is not a complete \.npz archive"):
        list(stored_inputs(runtime, path))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int32", "bool"])
def test_recordings_hold_every_dtype(tmp_path, dtype):
    pytest.importorskip("ml_dtypes")
    start = np.array([[1, 0]]).astype(numpy_dtype(dtype))
    runtime = pipelines.delay(tmp_path, dtype, start).open()
    given = [np.array([[i % 2, 1]]).astype(start.dtype) for i in range(4)]
    with RecordingRuntime(runtime, tmp_path / "run.npz") as recorder:
        outputs = [recorder.step({"x": x})["y"] for x in given]
    assert replay(runtime, tmp_path / "run.npz").identical
    assert [step.outputs["y"].tobytes() for step in Recording(tmp_path / "run.npz")] == [y.tobytes() for y in outputs]
    np.savez(tmp_path / "inputs.npz", x=np.stack(given))
    stored = [step["x"] for step in stored_inputs(runtime, tmp_path / "inputs.npz")]
    assert [x.dtype for x in stored] == [start.dtype] * 4
    assert [x.tobytes() for x in stored] == [x.tobytes() for x in given]


@pytest.mark.parametrize("change", ["reset", "mask", "state", "file"])
def test_what_happens_to_the_policy_itself_is_recorded_too(tmp_path, change):
    """Not through the recorder: the recording would else not be what happened."""
    runtime = pipelines.recurrent(tmp_path).open()
    x = {"x": np.ones((1, 3), np.float32)}
    runtime.save_state(tmp_path / "state")
    with RecordingRuntime(runtime, tmp_path / "run.npz") as recorder:
        for _ in range(3):
            recorder.step(x)
            held = runtime.state
        {
            "reset": runtime.reset,
            "mask": lambda: runtime.reset(np.array([True])),
            "state": lambda: runtime.load_state({name: value * 2 for name, value in held.items()}),
            "file": lambda: runtime.load_state(tmp_path / "state"),
        }[change]()
        recorder.step(x)
    assert replay(runtime, tmp_path / "run.npz").identical
    assert [step.state is not None for step in Recording(tmp_path / "run.npz")] == [True, False, False, True]


def test_a_state_of_more_rows_is_recorded(tmp_path):
    runtime = pipelines.recurrent(tmp_path, batch="batch").open()
    with RecordingRuntime(runtime, tmp_path / "run.npz") as recorder:
        recorder.step({"x": np.ones((2, 3), np.float32)})
        state = {name: np.concatenate([value, value[:1] * 2]) for name, value in runtime.state.items()}
        runtime.load_state(state)
        recorder.step({"x": np.ones((3, 3), np.float32)})
    assert replay(runtime, tmp_path / "run.npz").identical

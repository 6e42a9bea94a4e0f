"""State: reset at any time, read, saved, restored, reset in part, sizes of a dynamic batch."""

from __future__ import annotations

import numpy as np
import pytest
import runtime_pipelines as pipelines

from leapp_core.errors import BundleError, RuntimeInputError, UsageError
from leapp_core.spec.dtypes import numpy_dtype
from leapp_core.spec.names import PortRef


def x(batch: int = 1, seed: int = 0) -> dict[str, np.ndarray]:
    return {"x": np.random.default_rng(seed).standard_normal((batch, 3)).astype(np.float32)}


def run(runtime, steps, seed=0, batch=1):
    return [runtime.step(x(batch, seed + i)) for i in range(steps)]


def assert_equal(one, two):
    for a, b in zip(one, two, strict=True):
        assert a.keys() == b.keys()
        for key in a:
            np.testing.assert_array_equal(a[key], b[key])


@pytest.mark.parametrize("steps", range(4))
def test_reset_at_any_time_starts_again(tmp_path, steps):
    runtime = pipelines.recurrent(tmp_path).open()
    first = run(runtime, 5)
    runtime.reset()
    run(runtime, steps)
    runtime.reset()
    runtime.reset()
    assert_equal(run(runtime, 5), first)
    assert first[0]["count_out"].tolist() == [8]


def test_state_is_read_by_name_and_is_a_copy(tmp_path):
    runtime = pipelines.recurrent(tmp_path).open()
    assert runtime.state["count_in"].tolist() == [7]
    last = run(runtime, 3)[-1]
    state = runtime.state
    np.testing.assert_array_equal(state["h_in"], last["h_out"])
    state["h_in"][:] = 1e9
    np.testing.assert_array_equal(runtime.state["h_in"], last["h_out"])


@pytest.mark.parametrize("steps", range(1, 4))
def test_saved_state_continues_exactly(tmp_path, steps):
    one, two = (pipelines.recurrent(tmp_path).open() for _ in range(2))
    run(one, steps)
    one.save_state(tmp_path / "state.safetensors")
    two.load_state(tmp_path / "state.safetensors")
    assert_equal(run(one, 3, seed=50), run(two, 3, seed=50))
    two.load_state(one.state)
    assert_equal(run(one, 3, seed=60), run(two, 3, seed=60))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["rnn.onnx", "state.safetensors"]


def test_wrong_states_are_refused_and_change_nothing(tmp_path):
    runtime = pipelines.recurrent(tmp_path).open()
    run(runtime, 2)
    before = runtime.state
    good = runtime.state
    for bad, message in (
        ({"h_in": good["h_in"]}, "state 'rnn/count_in' is missing"),
        ({**good, "h": good["h_in"]}, "unknown state 'h'"),
        ({**good, "h_in": good["h_in"][:, :2]}, r"'rnn/h_in' is float32 of shape \[1, 2\]"),
        ({**good, "h_in": good["h_in"].astype("f8")}, "'rnn/h_in' is float64"),
    ):
        with pytest.raises(RuntimeInputError, match=message):
            runtime.load_state(bad)
    assert_equal([runtime.state], [before])


def test_unreadable_state_files(tmp_path):
    runtime = pipelines.recurrent(tmp_path).open()
    with pytest.raises(BundleError, match="cannot read the state"):
        runtime.load_state(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"\xff" * 40)
    with pytest.raises(BundleError, match="cannot read the state"):
        runtime.load_state(tmp_path / "bad.safetensors")
    with pytest.raises(BundleError, match="cannot write the state"):
        runtime.save_state(tmp_path / "no" / "such" / "folder")
    for path in ("a\0b", "x" * 5000):
        with pytest.raises(BundleError, match="cannot read the state"):
            runtime.load_state(path)
        with pytest.raises(BundleError, match="cannot write the state"):
            runtime.save_state(path)


@pytest.mark.parametrize("batch", [4, "batch"])
def test_reset_of_some_environments(tmp_path, batch):
    pipeline = pipelines.recurrent(tmp_path, batch=batch)
    runtime = pipeline.open()
    fresh = runtime.step(x(4, 99))
    runtime.reset()
    run(runtime, 3, batch=4)
    before = runtime.state
    runtime.reset(np.array([True, False, True, False]))
    after = runtime.state
    np.testing.assert_array_equal(after["h_in"][[1, 3]], before["h_in"][[1, 3]])
    assert after["count_in"].tolist() == [7, 10, 7, 10]
    found = runtime.step(x(4, 99))
    np.testing.assert_array_equal(found["h_out"][[0, 2]], fresh["h_out"][[0, 2]])


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.array([True, False, True]), "the mask has 3 entries"),
        (np.array([1, 0, 1, 0]), "the mask is int64"),
        (np.array([[True, False, True, False]]), r"the mask is bool of shape \[1, 4\]"),
    ],
)
def test_wrong_masks(tmp_path, mask, message):
    runtime = pipelines.recurrent(tmp_path, batch=4).open()
    with pytest.raises(RuntimeInputError, match=message):
        runtime.reset(mask)


def test_layers_before_the_batch(tmp_path):
    """A GRU's hidden state is ``[layers, batch, hidden]``."""
    spec = pipelines.NodeSpec(
        "n", (pipelines.port("x", 3, 1), pipelines.port("h_in", 2, 3, 1)), (pipelines.port("h", 2, 3, 1),)
    )
    graph = pipelines.Graph()
    graph.op("Add", ["x", "h_in"], ["h"])
    pipeline = pipelines.Pipeline(
        pipelines.PipelineSpec(
            (spec,),
            feedback=(pipelines.edge("n/h", "n/h_in"),),
            inputs=pipelines.refs("n/x"),
            outputs=pipelines.refs("n/h"),
        ),
        tmp_path,
        {"n": graph.model(spec)},
        {PortRef("n", "h_in"): np.zeros((2, 3, 1), np.float32)},
    )
    runtime = pipeline.open()
    runtime.step({"x": np.ones((3, 1), np.float32)})
    runtime.reset(np.array([False, True, False]))
    assert runtime.state["h_in"][..., 0].tolist() == [[1, 0, 1], [1, 0, 1]]


def test_dynamic_batch_serves_any_batch_row_by_row(tmp_path):
    pipeline = pipelines.recurrent(tmp_path, batch="batch")
    runtime = pipeline.open()
    inputs = [x(5, seed) for seed in range(4)]
    together = [runtime.step(step) for step in inputs]
    assert runtime.sizes == {"batch": 5}
    for row in range(5):
        runtime.reset()
        for step, expected in zip(inputs, together, strict=True):
            found = runtime.step({"x": step["x"][row : row + 1]})
            for key, value in expected.items():
                # One row takes another path through the matrix multiplication, which rounds differently.
                np.testing.assert_allclose(found[key][0], value[row], rtol=1e-6, atol=1e-6)


def test_batch_cannot_change_within_an_episode(tmp_path):
    runtime = pipelines.recurrent(tmp_path, batch="batch").open(sizes={"batch": 2})
    runtime.step(x(2))
    with pytest.raises(RuntimeInputError, match="inputs have batch 3, the running episode has batch 2") as caught:
        runtime.step(x(3))
    assert "reset()" in caught.value.fix
    runtime.reset()
    assert runtime.step(x(3))["action"].shape == (3, 2)


def test_inputs_that_disagree_on_the_batch(tmp_path):
    spec = pipelines.NodeSpec(
        "n", (pipelines.port("a", "batch", 1), pipelines.port("b", "batch", 1)), (pipelines.port("y", "batch", 1),)
    )
    graph = pipelines.Graph()
    graph.op("Add", ["a", "b"], ["y"])
    spec_ = pipelines.PipelineSpec((spec,), inputs=pipelines.refs("n/a", "n/b"), outputs=pipelines.refs("n/y"))
    runtime = pipelines.Pipeline(spec_, tmp_path, {"n": graph.model(spec)}).open()
    with pytest.raises(RuntimeInputError, match="'n/a' and 'n/b' disagree on 'batch': 2 and 3"):
        runtime.step({"a": np.zeros((2, 1), "f4"), "b": np.zeros((3, 1), "f4")})


@pytest.mark.parametrize(("sizes", "message"), [({"bach": 2}, "no symbolic size 'bach'"), ({"batch": 0}, "is 0")])
def test_wrong_sizes(tmp_path, sizes, message):
    with pytest.raises(UsageError, match=message):
        pipelines.recurrent(tmp_path, batch="batch").open(sizes=sizes)


def test_an_initial_value_that_does_not_fit(tmp_path):
    pipeline = pipelines.recurrent(tmp_path)
    pipeline.initial[PortRef("rnn", "h_in")] = np.zeros((1, 3), np.float32)
    with pytest.raises(BundleError, match=r"initial value of 'rnn/h_in' has shape \[1, 3\]"):
        pipeline.open()
    del pipeline.initial[PortRef("rnn", "h_in")]
    with pytest.raises(BundleError, match="no initial value: rnn/h_in"):
        pipeline.open()


def test_sizes_that_no_machine_has(tmp_path):
    with pytest.raises(BundleError, match=r"the ports take \d+ MiB, 'rnn/h_in' alone"):
        pipelines.recurrent(tmp_path, batch="batch").open(sizes={"batch": 10**9})


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "int64", "uint8", "bool"])
def test_files_hold_state_of_every_dtype(tmp_path, dtype):
    pytest.importorskip("ml_dtypes")
    start = np.array([[1, 0]]).astype(numpy_dtype(dtype))
    runtime = pipelines.delay(tmp_path, dtype, start).open()
    runtime.save_state(tmp_path / "state")
    runtime.step({"x": np.array([[0, 1]]).astype(start.dtype)})
    runtime.load_state(tmp_path / "state")
    assert runtime.state["s_in"].dtype == start.dtype
    assert runtime.state["s_in"].tobytes() == start.tobytes()

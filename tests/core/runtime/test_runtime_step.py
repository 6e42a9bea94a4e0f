"""Results of a step: equal to plain ONNX Runtime, state carried, arrays owned by the caller."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import runtime_pipelines as pipelines

from leapp_core.errors import BundleError
from leapp_core.spec.names import PortRef

CASES = {"mlp": pipelines.mlp, "recurrent": pipelines.recurrent, "three_nodes": pipelines.three_nodes}


def inputs_of(pipeline: pipelines.Pipeline, steps: int, seed: int = 0) -> list[dict[PortRef, np.ndarray]]:
    random = np.random.default_rng(seed)
    return [
        {ref: random.standard_normal(pipeline.spec.input_spec(ref).shape).astype("f4") for ref in pipeline.spec.inputs}
        for _ in range(steps)
    ]


@pytest.mark.parametrize("merge", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_steps_equal_plain_onnx_runtime(tmp_path, name, merge):
    pipeline = CASES[name](tmp_path)
    inputs = inputs_of(pipeline, 7)
    expected = pipelines.reference(pipeline, inputs)
    runtime = pipeline.open(merge=merge)
    assert runtime.merged == (merge or name != "three_nodes")
    for step, result in zip(inputs, expected, strict=True):
        found = runtime.step({str(ref): value for ref, value in step.items()})
        assert list(found) == [ref.port for ref in pipeline.spec.outputs]
        for ref, value in result.items():
            np.testing.assert_array_equal(found[ref.port], value)


@pytest.mark.parametrize("merge", [True, False])
def test_order_of_nodes_in_the_file_does_not_matter(tmp_path, merge):
    ordered = pipelines.three_nodes(tmp_path)
    shuffled = pipelines.three_nodes(tmp_path, order=("post", "net", "pre"))
    inputs = inputs_of(ordered, 3)
    one, two = ordered.open(merge=merge), shuffled.open(merge=merge)
    for step in inputs:
        arrays = {str(ref): value for ref, value in step.items()}
        np.testing.assert_array_equal(one.step(arrays)["action"], two.step(arrays)["action"])


def test_a_cycle_within_a_step_is_refused(tmp_path):
    pipeline = pipelines.three_nodes(tmp_path)
    flow = (*pipeline.spec.data_flow, pipelines.edge("post/action", "pre/last"))
    pipeline.spec = dataclasses.replace(pipeline.spec, data_flow=flow)
    with pytest.raises(BundleError, match="cycle"):
        pipeline.open()


def test_callers_arrays_are_neither_kept_nor_changed(tmp_path):
    runtime = pipelines.recurrent(tmp_path).open()
    x = np.ones((1, 3), np.float32)
    before = x.copy()
    first = runtime.step({"x": x})
    np.testing.assert_array_equal(x, before)
    kept = {key: value.copy() for key, value in first.items()}
    x[:] = 99
    for _ in range(5):
        runtime.step({"x": x})
    runtime.reset()
    for key, value in first.items():
        np.testing.assert_array_equal(value, kept[key])
        assert value.flags.writeable
        assert value.flags.owndata
    first["h_out"][:] = 1e6
    again = runtime.step({"x": before})
    np.testing.assert_array_equal(again["action"], kept["action"])


def test_changing_initial_values_later_changes_nothing(tmp_path):
    pipeline = pipelines.recurrent(tmp_path)
    runtime = pipeline.open()
    first = runtime.step({"x": np.ones((1, 3), np.float32)})
    for value in pipeline.initial.values():
        value[:] = 50
    runtime.reset()
    again = runtime.step({"x": np.ones((1, 3), np.float32)})
    np.testing.assert_array_equal(first["action"], again["action"])


def test_an_output_fed_to_several_inputs_with_own_initial_values(tmp_path):
    spec = pipelines.NodeSpec(
        "n",
        (pipelines.port("x", 1), pipelines.port("a_in", 1), pipelines.port("b_in", 1)),
        (pipelines.port("y", 1), pipelines.port("s", 1)),
    )
    graph = pipelines.Graph()
    graph.op("Sub", ["a_in", "b_in"], ["y"])
    graph.op("Identity", ["x"], ["s"])
    pipeline = pipelines.Pipeline(
        pipelines.PipelineSpec(
            (spec,),
            feedback=(pipelines.edge("n/s", "n/a_in"), pipelines.edge("n/s", "n/b_in")),
            inputs=pipelines.refs("n/x"),
            outputs=pipelines.refs("n/y"),
        ),
        tmp_path,
        {"n": graph.model(spec)},
        {PortRef("n", "a_in"): np.array([5.0], "f4"), PortRef("n", "b_in"): np.array([2.0], "f4")},
    )
    runtime = pipeline.open()
    x = np.array([1.0], np.float32)
    assert [float(runtime.step({"x": x})["y"][0]) for _ in range(3)] == [3.0, 0.0, 0.0]
    runtime.reset()
    assert float(runtime.step({"x": x})["y"][0]) == 3.0


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"])
def test_dtypes(tmp_path, dtype):
    from leapp_core.spec.dtypes import numpy_dtype

    start = np.array([[1, 0], [0, 1]]).astype(numpy_dtype(dtype))
    runtime = pipelines.delay(tmp_path, dtype, start).open()
    first, second = (np.array(v).astype(numpy_dtype(dtype)) for v in ([[1, 1], [0, 0]], [[0, 0], [1, 1]]))
    found = [runtime.step({"x": x})["y"] for x in (first, second, first)]
    for value, expected in zip(found, (start, first, second), strict=True):
        assert value.dtype == numpy_dtype(dtype)
        assert value.tobytes() == expected.tobytes()


def test_scalar_and_empty_ports(tmp_path):
    spec = pipelines.NodeSpec(
        "n", (pipelines.port("gain"), pipelines.port("none", 0, 3)), (pipelines.port("y"), pipelines.port("z", 0, 3))
    )
    graph = pipelines.Graph()
    graph.op("Neg", ["gain"], ["y"])
    graph.op("Neg", ["none"], ["z"])
    pipeline = pipelines.Pipeline(
        pipelines.PipelineSpec(
            (spec,), inputs=pipelines.refs("n/gain", "n/none"), outputs=pipelines.refs("n/y", "n/z")
        ),
        tmp_path,
        {"n": graph.model(spec)},
    )
    found = pipeline.open().step({"gain": np.float32(2.5), "none": np.zeros((0, 3), np.float32)})
    assert found["y"] == np.float32(-2.5)
    assert found["z"].shape == (0, 3)


def test_a_model_that_is_not_what_the_bundle_states_is_refused_at_load(tmp_path):
    pipeline = pipelines.mlp(tmp_path)
    wrong = pipelines.NodeSpec("policy", pipeline.spec.nodes[0].inputs, (pipelines.port("joint_targets", 1, 4),))
    pipeline.spec = dataclasses.replace(pipeline.spec, nodes=(wrong,))
    with pytest.raises(BundleError, match=r"policy/joint_targets is float32 \[1, 3\] in the model"):
        pipeline.open()


def test_a_model_that_does_not_state_its_shapes(tmp_path):
    pipeline = pipelines.three_nodes(tmp_path)
    expected = pipeline.open().step({"x": np.ones((1, 4), np.float32)})["action"]
    for model in pipeline.models.values():
        for value in model.graph.output:
            value.type.tensor_type.ClearField("shape")
    found = pipeline.open().step({"x": np.ones((1, 4), np.float32)})["action"]
    np.testing.assert_array_equal(found, expected)
    wrong = dataclasses.replace(pipeline.spec.node("post"), outputs=(pipelines.port("action", 1, 3),))
    pipeline.spec = dataclasses.replace(
        pipeline.spec, nodes=(*pipeline.spec.nodes[:2], wrong), feedback=(), inputs=pipelines.refs("pre/x", "pre/last")
    )
    with pytest.raises(BundleError, match=r"in the model|do not run on what the bundle says"):
        pipeline.open()


def test_describes_itself(tmp_path):
    runtime = pipelines.mlp(tmp_path).open()
    assert runtime.frequency == 50.0
    assert list(runtime.inputs) == ["joint_pos", "joint_vel"]
    assert runtime.inputs["joint_pos"].kind == "state/joint/position"
    assert list(runtime.outputs) == ["joint_targets"]
    assert list(pipelines.mlp(tmp_path).open(full_names=True).inputs) == ["policy/joint_pos", "policy/joint_vel"]

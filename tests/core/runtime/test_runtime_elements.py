"""Inputs and outputs by element name."""

from __future__ import annotations

import numpy as np
import pytest
import runtime_pipelines as pipelines

from leapp_core.errors import RuntimeInputError

POS = {"left_hip": 0.1, "left_knee": 0.2, "right_knee": 0.3}
VEL = np.array([[-1.0, 0.0, 1.0]], np.float32)


@pytest.fixture
def runtime(tmp_path):
    return pipelines.mlp(tmp_path).open()


@pytest.fixture
def expected(runtime):
    pos = np.array([list(POS.values())], np.float32)
    return runtime.step({"joint_pos": pos, "joint_vel": VEL})["joint_targets"]


def test_any_order_of_names(runtime, expected):
    backward = dict(reversed(POS.items()))
    found = runtime.step({"joint_vel": VEL}, inputs_by_name={"joint_pos": backward})
    np.testing.assert_array_equal(found["joint_targets"], expected)


def test_outputs_by_name(runtime, expected):
    found = runtime.by_name(runtime.step({"joint_vel": VEL}, inputs_by_name={"joint_pos": POS}))
    assert found == {"joint_targets": dict(zip(POS, expected[0].tolist(), strict=True))}


def test_flat_names_where_they_belong_to_one_input(tmp_path):
    spec = pipelines.NodeSpec(
        "n",
        (
            pipelines.port("q", 1, 2, element_names=(("knee", "hip"),)),
            pipelines.port("body", 1, 2, 3, element_names=(None, ("base", "foot"), ("x", "y", "z"))),
        ),
        (pipelines.port("y", 1, 2), pipelines.port("body_out", 1, 2, 3, element_names=(None, ("base", "foot"), None))),
    )
    graph = pipelines.Graph()
    graph.op("Neg", ["q"], ["y"])
    graph.op("Identity", ["body"], ["body_out"])
    pipeline = pipelines.Pipeline(
        pipelines.PipelineSpec(
            (spec,), inputs=pipelines.refs("n/q", "n/body"), outputs=pipelines.refs("n/y", "n/body_out")
        ),
        tmp_path,
        {"n": graph.model(spec)},
    )
    runtime = pipeline.open()
    found = runtime.step(
        inputs_by_name={
            "hip": 1,
            "knee": np.float32(2),
            "foot": {"z": 3, "y": 2, "x": 1},
            "base": np.array([7, 8, 9], np.float32),
        }
    )
    assert found["y"].tolist() == [[-2, -1]]
    assert found["body_out"].tolist() == [[[7, 8, 9], [1, 2, 3]]]
    named = runtime.by_name(found)
    assert named["body_out"]["foot"].tolist() == [1, 2, 3]
    assert named["y"] is found["y"]


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"joint_pos": {**POS, "left_ankle": 0}}, "'joint_pos' has no element 'left_ankle'"),
        ({"joint_pos": {"left_hip": 0.1}}, "'joint_pos' lacks element 'left_knee', 'right_knee'"),
        ({"left_knee": 0.1}, "'left_knee' belongs to joint_pos, joint_vel"),
        ({"left_kne": 0.1}, "no input has an element 'left_kne'"),
        ({"joint_pos": {**POS, "left_hip": [1, 2]}}, r"'joint_pos/left_hip' is int64 of shape \[2\]"),
        ({"joint_pos": {**POS, "left_hip": "fast"}}, "'joint_pos/left_hip' is <U4"),
        ({"joint_pos": POS, "joint_vel": POS}, "'joint_vel' is given twice"),
    ],
)
def test_wrong_names_and_values(runtime, named, message):
    with pytest.raises(RuntimeInputError, match=message):
        runtime.step({"joint_vel": VEL}, inputs_by_name=named)

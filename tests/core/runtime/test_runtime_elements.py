"""Inputs and outputs by element name."""

from __future__ import annotations

import numpy as np
import pytest
import runtime_pipelines as pipelines

from leapp_core.errors import RuntimeInputError
from leapp_core.runtime.elements import from_element_names

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
        ({"joint_pos": POS, "policy/joint_vel": POS}, "'joint_vel' is given twice"),
        ({"joint_pos": VEL}, "'joint_pos' is given by element name as a ndarray"),
        ({"joint_pos": POS, "policy/joint_pos": POS}, "element 'left_hip' of input 'joint_pos' is given twice"),
        ({"joint_pos": {**POS, "left_hip": [1, [2]]}}, "'joint_pos/left_hip' is a list"),
        ({"joint_pos": {**POS, "left_hip": 1e300}}, "'joint_pos/left_hip' is 1e[+]300, which no float32 holds"),
        ({"joint_pos": {**POS, "left_hip": None}}, "'joint_pos/left_hip' is object"),
        ({3: 0.1}, "no input has an element 3"),
        ({"joint_pos": {**POS, 3: 0.1}}, "'joint_pos' has no element 3"),
        ([POS], "inputs_by_name is a list"),
    ],
)
def test_wrong_names_and_values(runtime, named, message):
    with pytest.raises(RuntimeInputError, match=message):
        runtime.step({"joint_vel": VEL}, inputs_by_name=named)


def test_full_names_of_ports(runtime, expected):
    found = runtime.step({"policy/joint_vel": VEL}, inputs_by_name={"policy/joint_pos": POS})
    np.testing.assert_array_equal(found["joint_targets"], expected)


def test_positions_that_are_no_mapping(runtime):
    with pytest.raises(RuntimeInputError, match="inputs are a list"):
        runtime.step([VEL], inputs_by_name={"joint_pos": POS})


def test_values_of_torch(runtime, expected):
    torch = pytest.importorskip("torch")
    named = {name: torch.tensor(value) for name, value in POS.items()}
    found = runtime.step({"joint_vel": VEL}, inputs_by_name={"joint_pos": named})
    np.testing.assert_array_equal(found["joint_targets"], expected)
    named["left_hip"] = torch.tensor(0.1, requires_grad=True)
    with pytest.raises(RuntimeInputError, match="'joint_pos/left_hip' is a torch Tensor that cannot be read"):
        runtime.step({"joint_vel": VEL}, inputs_by_name={"joint_pos": named})


@pytest.mark.parametrize(
    ("dtype", "value", "message"),
    [
        ("uint8", 200, None),
        ("uint8", 300, "'x/a' is 300, which no uint8 holds"),
        ("uint8", -1, "'x/a' is -1, which no uint8 holds"),
        ("int32", 2**40, "which no int32 holds"),
        ("int64", 1.5, "'x/a' is float64"),
        ("bool", True, None),
        ("bool", 1, "'x/a' is int64"),
        ("float16", 1e6, "'x/a' is 1000000.0, which no float16 holds"),
        ("float32", float("inf"), None),
        ("float32", 2**100, "'x/a' is object"),
        ("bfloat16", 1.5, None),
    ],
)
def test_numbers_are_taken_as_they_are_or_refused(tmp_path, dtype, value, message):
    pytest.importorskip("ml_dtypes")
    port = pipelines.port("x", 1, 1, dtype=dtype, element_names=(None, ("a",)))
    ports = {"x": port}
    if message is None:
        found = from_element_names(ports, {}, {"a": value})["x"]
        assert found.dtype.name == dtype
        assert found.tolist() == [[value]]
        return
    with pytest.raises(RuntimeInputError, match=message):
        from_element_names(ports, {}, {"a": value})


def test_names_bring_the_number_of_rows(tmp_path):
    """A bundle of any batch size takes it from the values of the elements, as it does from arrays."""
    runtime = pipelines.recurrent(tmp_path, batch="batch").open()
    names = ("a", "b", "c")
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    expected = runtime.step({"x": x})["action"]
    runtime.reset()
    found = runtime.step(inputs_by_name={name: x[:, i] for i, name in enumerate(names)})["action"]
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(RuntimeInputError, match="inputs have batch 3, the running episode has batch 2"):
        runtime.step(inputs_by_name=dict.fromkeys(names, np.zeros(3, np.float32)))
    with pytest.raises(RuntimeInputError, match=r"'x/c' is float32 of shape \[3\]"):
        runtime.step(inputs_by_name={**dict.fromkeys(names, np.zeros(2, "f4")), "c": np.zeros(3, "f4")})
    runtime.reset()
    assert runtime.step(inputs_by_name=dict.fromkeys(names, 0.5))["action"].shape == (1, 2)
    with pytest.raises(RuntimeInputError, match="has batch 0"):
        runtime.step(inputs_by_name=dict.fromkeys(names, np.zeros(0, np.float32)))

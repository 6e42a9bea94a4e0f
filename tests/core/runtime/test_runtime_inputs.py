"""Inputs of a step: names, kinds of arrays, and every way they can be wrong."""

from __future__ import annotations

import array

import numpy as np
import pytest
import runtime_pipelines as pipelines

from leapp_core.errors import BundleError, RuntimeInputError

POS = np.array([[0.1, 0.2, 0.3]], np.float32)
VEL = np.array([[-1.0, 0.0, 1.0]], np.float32)


@pytest.fixture
def runtime(tmp_path):
    return pipelines.mlp(tmp_path).open()


@pytest.fixture
def expected(runtime):
    return runtime.step({"joint_pos": POS, "joint_vel": VEL})["joint_targets"]


def test_short_and_full_names_mean_the_same(runtime, expected):
    found = runtime.step({"policy/joint_pos": POS, "joint_vel": VEL})
    np.testing.assert_array_equal(found["joint_targets"], expected)


def test_full_names(tmp_path, expected):
    runtime = pipelines.mlp(tmp_path).open(full_names=True)
    found = runtime.step({"policy/joint_pos": POS, "joint_vel": VEL})
    np.testing.assert_array_equal(found["policy/joint_targets"], expected)


def test_torch_tensors(runtime, expected):
    torch = pytest.importorskip("torch")

    found = runtime.step({"joint_pos": torch.from_numpy(POS), "joint_vel": torch.tensor(VEL)})
    assert type(found["joint_targets"]) is np.ndarray
    np.testing.assert_array_equal(found["joint_targets"], expected)


def test_arrays_with_dlpack_only(runtime, expected):
    class Foreign:
        def __init__(self, values):
            self._values = values

        def __dlpack__(self, **options):
            return self._values.__dlpack__(**options)

        def __dlpack_device__(self):
            return self._values.__dlpack_device__()

    found = runtime.step({"joint_pos": Foreign(POS), "joint_vel": Foreign(VEL)})
    np.testing.assert_array_equal(found["joint_targets"], expected)


@pytest.mark.parametrize(
    "view",
    [
        lambda a: np.asfortranarray(np.repeat(a, 2, axis=1))[:, ::2],
        lambda a: np.frombuffer(a.tobytes(), np.float32).reshape(1, 3),
        lambda a: a.view(type("Mine", (np.ndarray,), {})),
        lambda a: np.ma.masked_array(a),
        lambda a: a[::-1, ::-1][::-1, ::-1],
    ],
    ids=["strided", "read-only", "subclass", "masked without mask", "negative strides"],
)
def test_any_memory_layout(runtime, expected, view):
    found = runtime.step({"joint_pos": view(POS), "joint_vel": VEL})
    np.testing.assert_array_equal(found["joint_targets"], expected)


def test_missing_input(runtime):
    with pytest.raises(RuntimeInputError, match="input 'joint_vel' is missing") as caught:
        runtime.step({"joint_pos": POS})
    assert caught.value.expected == "float32 array of shape [1, 3] (state/joint/velocity)"


def test_no_inputs_at_all(runtime):
    with pytest.raises(RuntimeInputError, match="input 'joint_pos' is missing"):
        runtime.step()


@pytest.mark.parametrize("name", ["joint_velo", "policy/joint_velo", "other/joint_vel", "", 3])
def test_unknown_input(runtime, name):
    with pytest.raises(RuntimeInputError, match="unknown input") as caught:
        runtime.step({"joint_pos": POS, "joint_vel": VEL, name: VEL})
    assert "joint_vel" in caught.value.expected


def test_unknown_instead_of_known_suggests_the_nearest(runtime):
    with pytest.raises(RuntimeInputError, match="unknown input 'joint_velo'") as caught:
        runtime.step({"joint_pos": POS, "joint_velo": VEL})
    assert caught.value.expected.startswith("did you mean 'joint_vel'?")


def test_one_input_under_both_names(runtime):
    with pytest.raises(RuntimeInputError, match="'joint_pos' is given twice"):
        runtime.step({"joint_pos": POS, "policy/joint_pos": POS, "joint_vel": VEL})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (POS.astype(np.float64), "is float64, the port takes float32"),
        (POS.astype(">f4"), "the port takes float32"),
        (POS.astype(object), "is object, the port takes float32"),
        (POS[0], r"has shape \[3\], the port takes \[1, 3\]"),
        (np.zeros((1, 4), np.float32), r"has shape \[1, 4\], the port takes \[1, 3\]"),
        (np.float32(1), r"has shape \[\]"),
        ([[0.1, 0.2, 0.3]], "is a list, which has no dtype and shape"),
        (None, "is a NoneType, which has no dtype"),
        (0.5, "is a float, which has no dtype"),
        (array.array("f", [1, 2, 3]), "is a array, which has no dtype"),
        (np.ma.masked_array(POS, [[True, False, False]]), "masked array with masked elements"),
    ],
)
def test_wrong_values(runtime, expected, value, message):
    with pytest.raises(RuntimeInputError, match=f"input 'joint_pos' .*{message}|{message}") as caught:
        runtime.step({"joint_pos": value, "joint_vel": VEL})
    assert caught.value.where == "joint_pos"
    assert "float32" in caught.value.expected
    found = runtime.step({"joint_pos": POS, "joint_vel": VEL})
    np.testing.assert_array_equal(found["joint_targets"], expected)


@pytest.mark.parametrize("inputs", [[POS, VEL], POS, "joint_pos", 3])
def test_inputs_that_are_no_mapping(runtime, inputs):
    with pytest.raises(RuntimeInputError, match="inputs are a"):
        runtime.step(inputs)


def test_torch_tensor_that_needs_gradients(runtime):
    torch = pytest.importorskip("torch")

    with pytest.raises(RuntimeInputError, match="torch Tensor that cannot be read") as caught:
        runtime.step({"joint_pos": torch.zeros(1, 3, requires_grad=True), "joint_vel": VEL})
    assert "detach().cpu()" in caught.value.fix


def test_torch_tensor_on_another_device(runtime):
    torch = pytest.importorskip("torch")

    with pytest.raises(RuntimeInputError, match="torch Tensor that cannot be read"):
        runtime.step({"joint_pos": torch.zeros(1, 3, device="meta"), "joint_vel": VEL})


def test_torch_bool_and_integers(tmp_path):
    torch = pytest.importorskip("torch")

    spec = pipelines.NodeSpec(
        "n",
        (pipelines.port("flag", 2, dtype="bool"), pipelines.port("number", 2, dtype="int64")),
        (pipelines.port("y", 2, dtype="int64"),),
    )
    graph = pipelines.Graph()
    graph.op("Cast", ["flag"], ["as_int"], to=pipelines.ONNX_TYPES["int64"])
    graph.op("Add", ["as_int", "number"], ["y"])
    pipeline = pipelines.Pipeline(
        pipelines.PipelineSpec((spec,), inputs=pipelines.refs("n/flag", "n/number"), outputs=pipelines.refs("n/y")),
        tmp_path,
        {"n": graph.model(spec)},
    )
    found = pipeline.open().step({"flag": torch.tensor([True, False]), "number": torch.tensor([5, 6])})
    assert found["y"].tolist() == [6, 6]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_non_finite_inputs_are_named_when_asked_for(tmp_path, runtime, bad):
    values = POS.copy()
    values[0, 1] = bad
    assert not np.isfinite(runtime.step({"joint_pos": values, "joint_vel": VEL})["joint_targets"]).all()
    strict = pipelines.mlp(tmp_path).open(check_finite=True)
    with pytest.raises(RuntimeInputError, match=r"'joint_pos' holds (nan|-?inf) at left_knee, index \(0, 1\)"):
        strict.step({"joint_pos": values, "joint_vel": VEL})
    strict.step({"joint_pos": POS, "joint_vel": VEL})


def test_a_refused_step_leaves_the_state(tmp_path):
    runtime = pipelines.recurrent(tmp_path).open()
    runtime.step({"x": np.ones((1, 3), np.float32)})
    before = runtime.state
    with pytest.raises(RuntimeInputError, match="shape"):
        runtime.step({"x": np.ones((2, 3), np.float32)})
    for key, value in runtime.state.items():
        np.testing.assert_array_equal(value, before[key])


def test_names_that_two_nodes_share(tmp_path):
    nodes, models = [], {}
    for name in ("a", "b"):
        spec = pipelines.NodeSpec(
            name, (pipelines.port("x", 1),), (pipelines.port("y", 1), pipelines.port(f"y{name}", 1))
        )
        graph = pipelines.Graph()
        graph.op("Neg" if name == "a" else "Exp", ["x"], ["y"])
        graph.op("Identity", ["x"], [f"y{name}"])
        nodes.append(spec)
        models[name] = graph.model(spec)
    spec = pipelines.PipelineSpec(
        tuple(nodes), inputs=pipelines.refs("a/x", "b/x"), outputs=pipelines.refs("a/y", "b/y", "b/yb")
    )
    runtime = pipelines.Pipeline(spec, tmp_path, models).open()
    assert list(runtime.inputs) == ["a/x", "b/x"]
    found = runtime.step({"a/x": np.array([1.0], "f4"), "b/x": np.array([0.0], "f4")})
    assert {key: float(value[0]) for key, value in found.items()} == {"a/y": -1.0, "b/y": 1.0, "yb": 0.0}
    with pytest.raises(RuntimeInputError, match="'x' is ambiguous") as caught:
        runtime.step({"x": np.array([1.0], "f4")})
    assert caught.value.expected == "one of a/x, b/x"


@pytest.mark.parametrize("merge", [True, False])
def test_a_model_that_fails_on_a_value_leaves_the_state(tmp_path, merge):
    spec = pipelines.NodeSpec(
        "n",
        (pipelines.port("row", dtype="int64"), pipelines.port("n_in")),
        (pipelines.port("y"), pipelines.port("n_out")),
    )
    graph = pipelines.Graph()
    graph.weight("table", np.arange(4, dtype=np.float32))
    graph.op("Gather", ["table", "row"], ["y"])
    graph.op("Add", ["n_in", "y"], ["n_out"])
    pipeline = pipelines.Pipeline(
        pipelines.PipelineSpec(
            (spec,),
            feedback=(pipelines.edge("n/n_out", "n/n_in"),),
            inputs=pipelines.refs("n/row"),
            outputs=pipelines.refs("n/y"),
        ),
        tmp_path,
        {"n": graph.model(spec)},
        {pipelines.PortRef("n", "n_in"): np.array(0, np.float32)},
    )
    runtime = pipeline.open(merge=merge)
    runtime.step({"row": np.int64(3)})
    with pytest.raises(BundleError, match="the pipeline failed in ONNX Runtime"):
        runtime.step({"row": np.int64(9)})
    assert runtime.state["n_in"] == 3
    assert runtime.step({"row": np.int64(2)})["y"] == 2


def test_tensors_that_read_memory_in_another_way(tmp_path):
    """PyTorch's DLPack hands out memory as it is, also where a tensor reads it with the other sign."""
    torch = pytest.importorskip("torch")
    runtime = pipelines.delay(tmp_path, "float32", np.zeros((1, 2), np.float32)).open()
    given = torch.complex(torch.zeros(1, 2), torch.tensor([[1.0, 2.0]])).conj().imag
    assert given.is_neg()
    runtime.step({"x": given})
    assert runtime.step({"x": given})["y"].tolist() == [[-1.0, -2.0]]


@pytest.mark.parametrize("finite", [True, False])
def test_bfloat16_of_torch(tmp_path, finite):
    torch = pytest.importorskip("torch")
    ml_dtypes = pytest.importorskip("ml_dtypes")
    runtime = pipelines.delay(tmp_path, "bfloat16", np.zeros((1, 2), ml_dtypes.bfloat16)).open(check_finite=True)
    given = torch.tensor([[1.5, -0.25 if finite else float("nan")]], dtype=torch.bfloat16)
    if finite:
        runtime.step({"x": given})
        assert runtime.step({"x": given[:, ::1]})["y"].tolist() == [[1.5, -0.25]]
        return
    with pytest.raises(RuntimeInputError, match=r"'x' holds nan at index \(0, 1\)"):
        runtime.step({"x": given})

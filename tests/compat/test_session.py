"""Record, compile and run through the ``leapp`` module."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from leapp_core.bundle import load_document
from leapp_core.compat import activate, deactivate
from leapp_core.errors import RuntimeInputError, UsageError


@pytest.fixture
def leapp():
    yield activate()
    deactivate()


def record(leapp, path, step, steps=4, **options):
    leapp.start("walk", save_path=str(path), **options)
    try:
        with torch.inference_mode():
            for k in range(steps):
                step(k)
    finally:
        leapp.stop()


def test_annotations_pass_through_without_a_session(leapp):
    a, b = torch.zeros(1, 2), torch.ones(1, 2)
    semantics = leapp.TensorSemantics(name="b", ref=b)
    assert leapp.annotate.input_tensors("n", {"a": a}) is a
    assert leapp.annotate.input_tensors("n", [leapp.TensorSemantics(name="a", ref=a), semantics]) == (a, b)
    assert leapp.annotate.input_tensors("n", semantics) is b
    assert leapp.annotate.state_tensors("n", {"a": a, "b": b}) == (a, b)
    assert leapp.annotate.update_state("n", {"a": a}) is a
    assert leapp.annotate.register_buffer("n", {"a": a}) is a
    assert leapp.annotate.output_tensors("n", {"a": a}, static_outputs={"b": b}) is a
    network = torch.nn.Linear(1, 1)
    assert leapp.annotate.module("n", network) is network
    assert leapp.annotate.method(node_name="n")(lambda x: x + 1)(1) == 2


def test_semantics_are_read_back_as_lists(leapp):
    ref = torch.zeros(1, 2)
    kind = leapp.InputKindEnum.JOINT_POSITION
    flat = leapp.TensorSemantics(name="q", ref=ref, kind=kind, element_names=["a", "b"], extra={"x": 1})
    assert (flat.name, flat.kind, flat.element_names, flat.extra) == ("q", kind, [["a", "b"]], {"x": 1})
    assert leapp.TensorSemantics(name="q", ref=ref, element_names="a").element_names == [["a"]]
    assert leapp.TensorSemantics(name="q", ref=ref, element_names=[]).element_names == [[]]
    assert leapp.TensorSemantics(name="q", ref=ref).element_names is None


def test_records_compiles_and_runs(leapp, tmp_path):
    network = torch.nn.Linear(2, 1)
    annotate = leapp.annotate
    counted = torch.zeros(1, 1)

    def step(k):
        assert leapp.ExportManager.is_interpret_graph_enabled()
        names = leapp.TensorSemantics(
            name="joint_pos",
            ref=torch.full((1, 2), float(k)),
            kind=leapp.InputKindEnum.JOINT_POSITION,
            element_names=["hip", "knee"],
            extra={"isaaclab_connection": "state:robot:joint_pos"},
        )
        q = annotate.input_tensors("walk", names)
        previous = annotate.state_tensors("walk", {"counted": counted})
        target = network(q) + previous
        counted.copy_(annotate.update_state("walk", {"counted": previous + 1}))
        outputs = [leapp.TensorSemantics(name="target", ref=target, kind=leapp.OutputKindEnum.JOINT_POSITION)]
        gains = [leapp.TensorSemantics(name="kp", ref=torch.tensor([[20.0]]), kind="kp")]
        annotate.output_tensors("walk", outputs, static_outputs=gains, export_with="onnx-dynamo")

    record(leapp, tmp_path, step)
    assert not leapp.ExportManager.is_interpret_graph_enabled()
    assert leapp.compile_graph(visualize=False, graph_configs=leapp.GraphConfigs(frequency=50.0)) == {"walk": True}

    manager = leapp.InferenceManager(str(tmp_path / "walk" / "walk.yaml"))
    assert manager.inputs == ["walk/joint_pos"]
    assert manager.outputs == ["walk/target", "walk/kp"]
    assert manager.feedback_inputs == ["walk/counted_in"]
    port = manager.nodes["walk"].input_descriptions[0]
    assert (port["name"], port["element_names"]) == ("joint_pos", [["hip", "knee"]])
    assert port["isaaclab_connection"] == "state:robot:joint_pos"
    q = torch.tensor([[1.0, 2.0]])
    with torch.inference_mode():
        results = [manager.run_policy({"walk/joint_pos": q})["walk/target"] for _ in range(3)]
    for k, result in enumerate(results):
        torch.testing.assert_close(result, network(q).detach() + k)
    manager.reset()
    torch.testing.assert_close(manager({"walk/joint_pos": q})["walk/target"], network(q).detach())
    manager.set_input_value("walk", "counted_in", torch.tensor([[5.0]]))
    torch.testing.assert_close(manager.run_policy({})["walk/target"], network(q).detach() + 5)
    assert manager.get_mock_input()["walk/joint_pos"].shape == (1, 2)
    with pytest.raises(RuntimeInputError, match="no input 'walk/joint'"):
        manager.run_policy({"walk/joint": q})


def test_names_of_the_last_axis_alone_as_isaac_lab_names_contact_forces(leapp, tmp_path):
    def step(k):
        axes = leapp.TensorSemantics(
            name="forces", ref=torch.full((1, 3, 17, 3), float(k)), element_names=["x", "y", "z"]
        )
        forces = leapp.annotate.input_tensors("walk", axes)
        leapp.annotate.output_tensors("walk", {"y": forces.norm(dim=-1).amax(dim=1)})

    record(leapp, tmp_path, step)
    assert leapp.compile_graph(visualize=False) == {"walk": True}
    port = leapp.InferenceManager(str(tmp_path / "walk" / "walk.yaml")).nodes["walk"].input_descriptions[0]
    assert port["element_names"] == [[], [], [], ["x", "y", "z"]]


def test_names_that_do_not_fit_are_refused_where_they_are_given(leapp, tmp_path):
    def step(k):
        wrong = leapp.TensorSemantics(name="q", ref=torch.zeros(1, 3), element_names=["hip", "knee"])
        leapp.annotate.input_tensors("walk", wrong)

    with pytest.raises(UsageError, match=r"port 'q': element_names has 2 names for axis 1, which has size 3"):
        record(leapp, tmp_path, step)


def test_result_buffer_made_anew_for_every_step(leapp, tmp_path):
    """Isaac Lab hands image terms a fresh buffer to write to, before anything of the step is declared."""

    def step(k):
        result = torch.empty(1, 3)
        x = leapp.annotate.input_tensors("walk", {"x": torch.full((1, 3), float(k))})
        result.copy_(x * 2 + 1)
        leapp.annotate.output_tensors("walk", {"y": result})

    record(leapp, tmp_path, step)
    assert leapp.compile_graph(visualize=False) == {"walk": True}


def test_readings_without_outputs_after_the_last_step_are_fine(leapp, tmp_path):
    def step(k):
        x = leapp.annotate.input_tensors("walk", {"x": torch.full((1, 3), float(k))})
        if k < 4:
            leapp.annotate.output_tensors("walk", {"y": x * 2})

    record(leapp, tmp_path, step, steps=5)
    assert leapp.compile_graph(visualize=False) == {"walk": True}


def test_dry_run_writes_nothing(leapp, tmp_path):
    def step(k):
        x = leapp.annotate.input_tensors("walk", {"x": torch.full((1, 3), float(k))})
        leapp.annotate.output_tensors("walk", {"y": x * 2})

    record(leapp, tmp_path, step, dry_run=True)
    assert leapp.compile_graph() == {"walk": True}
    assert not list(tmp_path.iterdir())


def test_torchscript_backends_work_where_the_program_switched_torchscript_off(leapp, tmp_path):
    def step(k):
        x = leapp.annotate.input_tensors("walk", {"x": torch.full((1, 3), float(k))})
        leapp.annotate.output_tensors("walk", {"y": x * 2}, export_with="jit-script")

    torch.jit._state.disable()
    try:
        record(leapp, tmp_path, step)
        assert leapp.compile_graph(visualize=False) == {"walk": True}
        assert not torch.jit._state._enabled.enabled
    finally:
        torch.jit._state.enable()
    assert (tmp_path / "walk" / "walk.pt").is_file()


def test_decorated_methods_are_nodes(leapp, tmp_path):
    class Controller:
        @leapp.annotate.method(node_name="walk")
        def act(self, x):
            return x * 3

    controller = Controller()
    record(leapp, tmp_path, lambda k: controller.act(torch.full((1, 2), float(k))))
    assert leapp.compile_graph(visualize=False) == {"walk": True}
    manager = leapp.InferenceManager(str(tmp_path / "walk" / "walk.yaml"))
    x = torch.tensor([[1.0, 2.0]])
    assert torch.equal(manager.run_policy({"walk/x": x})["walk/output1"], x * 3)


def test_sessions_do_not_nest(leapp, tmp_path):
    leapp.start("a", save_path=str(tmp_path))
    try:
        with pytest.raises(UsageError, match="active already"):
            leapp.start("b", save_path=str(tmp_path))
    finally:
        leapp.stop()
    leapp.stop()


def test_nothing_to_compile(leapp):
    with pytest.raises(UsageError, match="nothing to compile"):
        leapp.compile_graph()


def test_memory_of_a_simulator_that_became_a_constant_is_logged(leapp, tmp_path, caplog):
    """A program that calls this module shows no report of ours."""
    contact = np.zeros((1, 2), np.float32)

    def step(k):
        q = leapp.annotate.input_tensors("walk", {"q": torch.full((1, 2), float(k))})
        leapp.annotate.output_tensors("walk", {"target": q + torch.from_numpy(contact)})

    record(leapp, tmp_path, step)
    assert leapp.compile_graph(visualize=False) == {"walk": True}
    (said,) = [entry.getMessage() for entry in caplog.records if entry.levelname == "WARNING"]
    assert said.startswith("node walk, constant constant_0 from ")
    assert "torch.from_numpy(contact)" in said
    assert "owned by software outside PyTorch" in said


def ports(tmp_path):
    pipeline = load_document(tmp_path / "walk").document.pipeline
    return [ref.port for ref in pipeline.inputs], [ref.port for ref in pipeline.outputs]


def test_nested_values_are_named_as_the_public_package_names_them(leapp, tmp_path):
    """Consumers of existing bundles find their ports; the names are those of leapp 0.7.2 for the same program."""

    def step(k):
        x = torch.full((1, 3), float(k))
        obs, cmd = leapp.annotate.input_tensors(
            "walk", {"obs": {"pos": x + 1, "vel": {"lin": x, "ang": x + 2}}, "cmd": [x[:, :2] + 3, (x - 1,)]}
        )
        action = {"arm": obs["pos"] + obs["vel"]["lin"], "hand": {"a": obs["vel"]["ang"] * 2}}
        leapp.annotate.output_tensors("walk", {"act": action, "more": [cmd[0] * 2, cmd[1][0] * 3]})

    record(leapp, tmp_path, step)
    assert leapp.compile_graph(visualize=False) == {"walk": True}
    assert ports(tmp_path) == (
        ["obs_pos", "obs_vel_lin", "obs_vel_ang", "cmd_0", "cmd_1_0"],
        ["act_arm", "act_hand_a", "more_0", "more_1"],
    )


def test_two_values_of_one_name_are_refused(leapp, tmp_path):
    def step(k):
        x = torch.full((1, 3), float(k))
        leapp.annotate.input_tensors("walk", {"obs": {"pos": x}, "obs_pos": x + 1})

    with pytest.raises(UsageError, match="the name 'obs_pos' is given twice"):
        record(leapp, tmp_path, step)


def returns_a_name(x):
    act = x * 2
    return act  # noqa: RET504 - the name is what this is about


def returns_two_names(x):
    u, v = x * 2, x + 1
    return u, v


def returns_mapping(x):
    return {"act": x * 2, "more": {"k": x + 1}}


def returns_a_list(x):
    return [x * 2, (x + 1, {"q": x - 1})]


def returns_in_two_places(x):
    if x.dim() == 1:
        return x * 2, x
    act = x * 3
    return act, x + 1


def returns_a_tuple_by_name(x):
    both = (x * 2, x + 1)
    return both  # noqa: RET504


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (returns_a_name, ["act"]),
        (returns_two_names, ["u", "v"]),
        (returns_mapping, ["output1_act", "output1_more_k"]),
        (returns_a_list, ["output1_0", "output1_1_0", "output1_1_1_q"]),
        (returns_in_two_places, ["act", "x"]),
        (returns_a_tuple_by_name, ["both_0", "both_1"]),
        (eval("lambda x: x * 2"), ["output1"]),
    ],
)
def test_results_of_a_decorated_function_are_named_as_the_public_package_names_them(leapp, tmp_path, function, names):
    decorated = leapp.annotate.method(node_name="walk")(function)
    record(leapp, tmp_path, lambda k: decorated(torch.full((1, 2), float(k))))
    assert leapp.compile_graph(visualize=False) == {"walk": True}
    assert ports(tmp_path) == (["x"], names)


def test_arguments_of_a_decorated_function_may_be_nested(leapp, tmp_path):
    @leapp.annotate.method(node_name="walk")
    def act(obs, pair, gain=2):
        return obs["pos"] * gain + pair[1]

    record(leapp, tmp_path, lambda k: act({"pos": torch.full((1, 2), k + 0.5)}, [torch.ones(1), torch.ones(1, 2) * k]))
    assert leapp.compile_graph(visualize=False) == {"walk": True}
    assert ports(tmp_path) == (["obs_pos", "pair_0", "pair_1"], ["output1"])

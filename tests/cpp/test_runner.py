"""The C++ runner of `docs/examples/cpp`, compiled here, beside Python's runtime."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.cpp.build import OPENVINO, build, installed_library, onnxruntime_library, run, unpacked
from tests.cpp.peer import Peer, interface, largest_difference

pytestmark = pytest.mark.venv
STORED = Path(__file__).parents[1] / "data" / "bundles" / "v0.1.0"
REACH = "Builtin-Reach-Arm"
POLICIES = (REACH, "Builtin-Balance-Partial", "Builtin-Velocity-Hopper", "Builtin-Velocity-Hopper-LSTM")
RELEASES = ("1.20.1", "1.23.2")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cpp")
    return build(folder / "build", openvino=unpacked(OPENVINO, folder / "openvino"))


def peer(programs: Path, engine: str | Path, model: Path) -> list[str]:
    return [str(programs / "peer"), str(engine), str(model)]


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("name", POLICIES)
def test_a_loop_closed_by_cpp_is_the_loop_closed_by_python(programs: Path, name: str, engine: str) -> None:
    bundle = STORED / name
    words = peer(programs, installed_library() if engine == "onnxruntime" else engine, bundle / f"{name}.onnx")
    with Peer(words, interface(bundle)) as other:
        assert largest_difference(bundle, other, 500, reset_at=200) < 1e-5
    assert other.facts["inputs"] == list(interface(bundle).inputs)
    assert other.facts["outputs"] == list(interface(bundle).outputs)
    assert other.facts["frequency"] == 50
    assert other.facts["allocations_at_load"] > 0, "the count works"
    assert other.facts["allocations"] == 0


@pytest.mark.parametrize("release", RELEASES)
def test_the_table_of_other_releases_has_the_same_functions(programs: Path, tmp_path: Path, release: str) -> None:
    library = onnxruntime_library(unpacked(f"onnxruntime=={release}", tmp_path))
    bundle = STORED / "Builtin-Balance-Partial"
    with Peer(peer(programs, library, bundle / f"{bundle.name}.onnx"), interface(bundle)) as other:
        assert largest_difference(bundle, other, 100) < 1e-5


def test_a_bundle_exported_now_runs_in_the_example_controller(programs: Path, tmp_path: Path) -> None:
    task = "Builtin-Balance-Partial"
    export = ["export", "--task", task, "--use_pretrained_checkpoint", "--save_path", str(tmp_path)]
    run([sys.executable, "-m", "leapp_core.cli", *export])
    for engine in (str(installed_library()), "openvino"):
        said = run([str(programs / "controller"), engine, str(tmp_path / task / f"{task}.onnx"), "20"])
        assert f"{task}, 50 control steps per second" in said
        assert "joint_pos (state/joint/position), 2: slider pole" in said
        assert "joint_effort (target/joint/effort), 1: slider" in said
        assert "20 steps" in said


@pytest.mark.parametrize(("value", "status"), [(np.nan, "input_not_finite"), (np.inf, "input_not_finite")])
def test_a_reading_that_is_no_number_changes_nothing(programs: Path, value: float, status: str) -> None:
    bundle = STORED / REACH
    ports = interface(bundle)
    quiet = {name: np.full(shape, 0.1, np.float32) for name, shape in ports.inputs.items()}
    wrong = {**quiet, "joint_vel": np.array([[0.1, value, 0.1]], np.float32)}
    words = peer(programs, installed_library(), bundle / f"{REACH}.onnx")
    with Peer(words, ports) as disturbed, Peer(words, ports) as undisturbed:
        before = disturbed.step(quiet)
        undisturbed.step(quiet)
        held = disturbed.step(wrong)
        assert disturbed.status == status
        assert all(np.array_equal(before[name], held[name]) for name in before), "outputs are those of the step before"
        after, expected = disturbed.step(quiet), undisturbed.step(quiet)
        assert disturbed.status == "ok"
        assert all(np.array_equal(after[name], expected[name]) for name in after), "so is the state"
    assert disturbed.facts["problem"] == "joint_vel[1, elbow] is NaN or infinite going in"
    assert disturbed.facts["allocations"] == 0, "nor is memory allocated to say so"


def test_a_result_that_is_no_number_is_not_given_out(programs: Path) -> None:
    bundle = STORED / REACH
    ports = interface(bundle)
    quiet = {name: np.zeros(shape, np.float32) for name, shape in ports.inputs.items()}
    with Peer(peer(programs, installed_library(), bundle / f"{REACH}.onnx"), ports) as other:
        before = other.step(quiet)
        held = other.step({**quiet, "joint_pos": np.full((1, 3), 3e38, np.float32)})
        assert other.status == "output_not_finite"
        assert all(np.array_equal(before[name], held[name]) for name in before)
    assert "is NaN or infinite coming out" in other.facts["problem"]


def _drop(key: str) -> Callable[[dict[str, str]], None]:
    return lambda facts: facts.pop(key) and None


def _change(key: str, change: Callable[[Any], Any]) -> Callable[[dict[str, str]], None]:
    def changed(facts: dict[str, str]) -> None:
        facts[key] = json.dumps(change(json.loads(facts[key])))

    return changed


def _port(**changes: Any) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    return lambda ports: [{**ports[0], **changes}, *ports[1:]]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (_drop("leapp.inputs"), "the model has no leapp.inputs in its metadata"),
        (_drop("leapp.initial_values"), "the first values of state 'last_action_in' are not in the model"),
        (_change("leapp.data_flow", lambda _: [["a/x", f"{REACH}/joint_pos"]]), "one node of a pipeline"),
        (_change("leapp.feedback_flow", lambda edges: [[edges[0][0], "other/x"]]), "goes through other nodes"),
        (_change("leapp.inputs", lambda ports: ports[1:]), "other ports than leapp.inputs says"),
        (_change("leapp.inputs", _port(name="position")), "port 'position' is not in the model"),
        (_change("leapp.inputs", _port(dtype="bool")), "port 'joint_pos' is not in the model as"),
        (_change("leapp.inputs", _port(shape=[1, 4])), "port 'joint_pos' is not in the model as"),
        (_change("leapp.inputs", _port(shape=["batch", 3])), "a size that is no number"),
        (_change("leapp.inputs", _port(dtype="float16")), "element type float16 is not supported"),
        (_change("leapp.initial_values", lambda _: {"last_action_in": [[0.0, 0.0]]}), "first values of another size"),
        (lambda facts: facts.update({"leapp.configs": '{"frequency": 50'}), "leapp.configs in the model's metadata is"),
    ],
)
def test_a_model_that_is_not_what_its_metadata_says_is_refused(
    programs: Path, tmp_path: Path, edit: Callable[[dict[str, str]], None], said: str
) -> None:
    model = onnx.load(STORED / REACH / f"{REACH}.onnx")
    facts = {entry.key: entry.value for entry in model.metadata_props}
    edit(facts)
    onnx.helper.set_model_props(model, facts)
    onnx.save(model, tmp_path / "edited.onnx")
    assert said in refused([*peer(programs, installed_library(), tmp_path / "edited.onnx")])


def test_state_too_long_for_metadata_is_filled_with_its_number(programs: Path, tmp_path: Path) -> None:
    bundle = STORED / REACH
    model = onnx.load(bundle / f"{REACH}.onnx")
    facts = {entry.key: entry.value for entry in model.metadata_props}
    del facts["leapp.initial_values"]
    onnx.helper.set_model_props(model, {**facts, "leapp.initial_fill": '{"last_action_in": 0.0}'})
    onnx.save(model, tmp_path / "filled.onnx")
    with Peer(peer(programs, installed_library(), tmp_path / "filled.onnx"), interface(bundle)) as other:
        assert largest_difference(bundle, other, 20) < 1e-5


def test_what_is_no_model_and_no_library_is_refused(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("no model")
    assert "error: " in refused(peer(programs, installed_library(), tmp_path / "text.onnx"))
    assert "cannot open ONNX Runtime" in refused(peer(programs, "libnowhere.so", tmp_path / "text.onnx"))
    assert "is not ONNX Runtime" in refused(peer(programs, "libc.so.6", tmp_path / "text.onnx"))


def refused(line: list[str]) -> str:
    done = subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    return done.stderr

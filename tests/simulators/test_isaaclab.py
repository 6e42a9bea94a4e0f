"""Isaac Lab for real: its own exporter and tests, what it leaves undeclared, direct tasks, overrides, every backend."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from leapp_core.bundle import load_document
from tests.simulators.cases import CONTACTS
from tests.simulators.isaaclab_backends import AGENTS, BACKENDS
from tests.simulators.results import LIMIT
from tests.simulators.run_case import MARK
from tests.simulators.venvs import ROOT

LIMITS = {
    "effort_limit": {"hip": 23.7, "thigh": 23.7, "calf": 45.43},
    "velocity_limit": {"hip": 30.1, "thigh": 30.1, "calf": 15.7},
}
pytestmark = [pytest.mark.simulator, pytest.mark.slow, pytest.mark.timeout(2400)]
ALL = "LEAPP_SIMULATORS_ALL"
minutes = pytest.mark.skipif(os.environ.get(ALL) != "1", reason=f"takes minutes; {ALL}=1 runs it")
LEAPP = ("-m", "leapp_core.cli")
CPU = ("--device", "cpu", "presets=newton_mjwarp", "agent.device=cpu")
TUTORIAL = ROOT / "docs" / "tutorial" / "isaac-lab-direct.md"


@pytest.fixture(scope="module")
def isaaclab(simulator):
    return simulator("isaaclab")


@pytest.fixture(scope="module")
def checkpoint(isaaclab, tmp_path_factory):
    """Return a function that gives an untrained checkpoint of a task."""
    made = {}

    def of(task):
        if task not in made:
            made[task] = tmp_path_factory.mktemp("checkpoints") / f"{task}.pt"
            done = isaaclab.run("-m", "tests.simulators.isaaclab_checkpoint", task, str(made[task]))
            assert done.returncode == 0, done.stderr
        return str(made[task])

    return of


@pytest.fixture(scope="module")
def own_tests(isaaclab):
    """Return the folder of Isaac Lab's own LEAPP tests."""
    folder = isaaclab.run("-c", "import isaaclab; print(isaaclab.__path__[0])").stdout.strip().splitlines()[-1]
    return f"{folder}/source/isaaclab_rl/test/export"


def own_exporter(isaaclab, task, checkpoint, out, *more):
    """Run Isaac Lab's own export command on this framework."""
    done = isaaclab.run(
        *("-m", "leapp_core.compat", "isaaclab_rl.entrypoints.backends.export_rsl_rl"),
        *("--task", task, "--checkpoint", checkpoint, "--export_save_path", str(out)),
        *("--disable_graph_visualization", *more, *CPU),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((out / task / "report.json").read_text(encoding="utf-8"))


@minutes
@pytest.mark.parametrize("backend", BACKENDS)
def test_its_own_exporter_exports_by_every_backend(isaaclab, checkpoint, backend, tmp_path):
    task = "Isaac-Cartpole"
    report = own_exporter(isaaclab, task, checkpoint(task), tmp_path, "--export_method", backend)
    assert [node["backend"] for node in report["nodes"]] == [backend]
    assert report["validation"]["ok"]


@minutes
def test_its_own_export_test_passes_where_the_device_is_the_cpu(isaaclab, own_tests):
    """The test and what it starts are unchanged; only the default device is, which the test has no way to say."""
    here = str(ROOT / "tests" / "simulators" / "cpu_default")
    done = subprocess.run(
        [
            *(isaaclab.python, "-m", "leapp_core.compat", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider"),
            *(f"{own_tests}/test_leapp_export_flow.py", "-k", "initialized and rsl_rl and Humanoid-newton"),
        ],
        env=isaaclab.environment | {"PYTHONPATH": os.pathsep.join([here, str(ROOT)])},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@minutes
def test_a_reading_without_annotation_is_flagged_in_its_own_exporter(isaaclab, checkpoint, tmp_path):
    """Isaac Lab reads the feet's forces while they stand still, so they look like a constant of zeros."""
    task = "Isaac-Humanoid"
    report = own_exporter(isaaclab, task, checkpoint(task), tmp_path)
    (frozen,) = [c for c in report["constants"] if c["shape"] == [1, 12]]
    assert frozen["minimum"] == frozen["maximum"] == 0.0
    assert frozen["origin"] == "foreign"
    assert re.search(r"observations\.py:31\d: (force|torque) = ", frozen["warning"])
    log = (tmp_path / task / "log.txt").read_text(encoding="utf-8")
    assert frozen["warning"] in log


@minutes
def test_leapp_export_declares_that_reading_and_lets_it_change(isaaclab, checkpoint, tmp_path):
    task = "Isaac-Humanoid"
    done = isaaclab.run(
        *(*LEAPP, "export", "--env", "isaaclab", "--task", task, "--checkpoint", checkpoint(task)),
        *("--save_path", str(tmp_path), "--validation_steps", "12", "--closed_loop_steps", "15"),
        "--disable_graph_visualization",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pipeline = load_document(tmp_path / task).document.pipeline
    ports = {ref.port: pipeline.input_spec(ref) for ref in pipeline.inputs}
    for reading in ("force", "torque"):
        port = ports[f"joint_wrench_{reading}"]
        assert port.extra["isaaclab_connection"] == f"state:joint_wrench:{reading}"
        assert port.element_names[-1] == ("x", "y", "z")
    recorded = load_file(tmp_path / task / f"{task}_validation.safetensors")
    forces = [v for name, v in sorted(recorded.items()) if name.startswith("replay/") and "wrench_force" in name]
    assert len(forces) == 12
    assert abs(forces[-1]).max() > 0
    report = json.loads((tmp_path / task / "report.json").read_text(encoding="utf-8"))
    assert any("joint_wrench.force" in note for note in report["notes"])
    assert not [c for c in report["constants"] if c["warning"] and "torque" in c["warning"]]


@minutes
@pytest.mark.parametrize(("overrides", "limit"), [((), 0.02), (("agent.clip_actions=0.01",), 0.01)])
def test_actions_are_limited_as_the_run_did_or_as_the_user_says(isaaclab, checkpoint, tmp_path, overrides, limit):
    task, scale = "Isaac-Cartpole", 100.0
    run = Path(shutil.copytree(Path(checkpoint(task)).parent, tmp_path / "run"))
    agent = run / "params" / "agent.yaml"
    saved, changes = re.subn(r"(?m)^clip_actions:.*$", "clip_actions: 0.02", agent.read_text(encoding="utf-8"))
    assert changes == 1
    agent.write_text(saved, encoding="utf-8")
    done = isaaclab.run(
        *(*LEAPP, "export", "--env", "isaaclab", "--task", task, "--checkpoint", str(run / f"{task}.pt"), "--json"),
        *("--save_path", str(tmp_path), "--disable_graph_visualization", *overrides),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    recorded = load_file(tmp_path / task / f"{task}_validation.safetensors")
    efforts = [abs(value).max() for name, value in recorded.items() if name.endswith("joint_effort")]
    assert max(efforts) == pytest.approx(scale * limit)
    assert json.loads(done.stdout)["closed_loop"]["ok"]


@minutes
def test_the_tutorial_of_direct_tasks_runs_as_it_is_written(isaaclab, tmp_path):
    """Trained for two iterations instead of all: its pole falls, so that the runs are compared before it whirls."""
    shutil.copy(ROOT / "docs" / "examples" / "isaaclab_direct" / "annotated_cartpole.py", tmp_path)
    blocks = re.findall(r"```bash\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
    train, export, deploy = (block.replace("cd docs/examples/isaaclab_direct\n", "") for block in blocks)
    leapp = f"{isaaclab.python} -m leapp_core.cli"
    for command in (
        train.replace("python -m", f"{isaaclab.python} -m").replace("--max_iterations 50", "--max_iterations 2"),
        export.replace("leapp export", f"{leapp} export").rstrip() + " --closed_loop_steps 30\n",
        deploy.replace("leapp deploy", f"{leapp} deploy").replace("model_49", "model_1").rstrip()
        + " --steps 30 --json\n",
    ):
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=isaaclab.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    facts = json.loads(done.stdout)
    assert facts["compare"]["largest_relative_action_difference"] <= LIMIT
    assert (tmp_path / "targets.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("env.scene.num_env=3", "there is no 'num_env' in env.scene"),
        ("agent.actor.hiden_dims=[8]", "did you mean 'hidden_dims'"),
        ("env.sim.dt=abc", "gives the text 'abc'"),
        ("presets=newtn", "newtn"),
        ("foo", "missing EQUAL"),
    ],
)
def test_an_override_that_says_nothing_is_refused(isaaclab, override, said, tmp_path):
    (tmp_path / "model.pt").write_bytes(b"")
    done = isaaclab.run(
        *(*LEAPP, "export", "--env", "isaaclab", "--task", "Isaac-Cartpole"),
        *("--checkpoint", str(tmp_path / "model.pt"), override),
    )
    assert done.returncode == 2, done.stderr
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@minutes
def test_a_checkpoint_of_another_task_is_refused_before_the_simulator_starts(isaaclab, checkpoint):
    task = "Isaac-Velocity-Flat-UnitreeGo2"
    done = isaaclab.run(
        *LEAPP, "export", "--env", "isaaclab", "--task", task, "--checkpoint", checkpoint("Isaac-Cartpole")
    )
    assert done.returncode == 5, done.stderr
    said = " ".join(done.stderr.split())
    assert "observations: 4 in the checkpoint, 48 in the task (policy 48 = base_lin_vel 3 + base_ang_vel 3" in said
    assert "compare checkpoint and task" in said
    assert "start environment" not in said


@minutes
@pytest.mark.parametrize(
    "task",
    ["Isaac-Cartpole", "Isaac-Ant", "Isaac-Velocity-Rough-UnitreeGo2", "Isaac-Reach-UR10", "Isaac-Cartpole-Direct"],
)
def test_sizes_known_beforehand_are_those_of_the_task(isaaclab, task):
    done = isaaclab.run("-m", "tests.simulators.isaaclab_sizes", task)
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    foreseen, found = json.loads(line[len(MARK) :])
    assert foreseen == found


def gains_of(isaaclab, task):
    """Return what the bundle of a task says of gains and limits, and the warnings of its export."""
    done = isaaclab.run("-m", "tests.simulators.isaaclab_gains", task)
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    return json.loads(line[len(MARK) :])


@minutes
@pytest.mark.parametrize(
    ("task", "kp", "kd"),
    [
        ("Isaac-Velocity-Flat-UnitreeGo2", {"hip": 25.0, "thigh": 25.0}, {"hip": 0.5, "thigh": 0.5}),
        (CONTACTS, {"hip": 25.0, "thigh": 30.0}, {"hip": 0.5, "thigh": 0.75}),
    ],
)
def test_gains_are_those_of_the_actuators_that_apply_them(isaaclab, task, kp, kd):
    """Newton computes the motors of the first robot, the simulator's solver those of the second."""
    gains, notes = gains_of(isaaclab, task)
    for kind, wanted in (("kp", kp), ("kd", kd)):
        assert len(gains[kind]) == 12
        for part, value in wanted.items():
            assert [v for joint, v in gains[kind].items() if f"_{part}_" in joint] == pytest.approx([value] * 4)
    assert not [note for note in notes if "kp of" in note]


@minutes
def test_limits_are_those_of_the_actuators(isaaclab):
    """As Isaac Lab's Go2 has them: by regular expressions of joints, the calf behind a reduction of its own."""
    facts, _ = gains_of(isaaclab, "Isaac-Velocity-Flat-UnitreeGo2")
    for kind, parts in LIMITS.items():
        assert len(facts[kind]) == 12
        for part, value in parts.items():
            assert [v for joint, v in facts[kind].items() if f"_{part}_" in joint] == pytest.approx([value] * 4)


@minutes
@pytest.mark.parametrize("given", [(), ("--checkpoint", "model.pt", "--rl_library", "rsl_rl")])
def test_a_task_of_another_training_library_is_refused(isaaclab, given, tmp_path):
    task = "IsaacContrib-Cartpole-Showcase-Direct"
    (tmp_path / "model.pt").write_bytes(b"")
    given = [str(tmp_path / word) if word.endswith(".pt") else word for word in given]
    done = isaaclab.run(*LEAPP, "export", "--env", "isaaclab", "--task", task, *given)
    assert done.returncode == 2, done.stderr
    said = " ".join(done.stderr.split())
    assert f"task '{task}' has no agent of rsl_rl; its agents are of skrl" in said
    assert "--adapter skrl" in said


@minutes
@pytest.mark.parametrize("agent", sorted(AGENTS))
def test_agents_with_history_and_memory_export_by_every_backend(isaaclab, agent):
    done = isaaclab.run("-m", "tests.simulators.isaaclab_backends", agent)
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    results = json.loads(line[len(MARK) :])
    assert set(results) == set(BACKENDS)
    for backend, found in results.items():
        assert found["ok"], backend
        assert found["state"] == results["onnx-dynamo"]["state"]
        assert any("history" in name or "num_pushes" in name for name in found["state"]), found["state"]

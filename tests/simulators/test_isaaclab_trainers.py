"""The other trainers of Isaac Lab for real: their policies, their files, Isaac Lab's own exporters and command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.simulators.trainers.__main__ import run_rows
from tests.simulators.trainers.rows import LIMIT, ROWS
from tests.simulators.venvs import ROOT

pytestmark = [pytest.mark.simulator, pytest.mark.slow, pytest.mark.timeout(7200)]
ALL = "LEAPP_SIMULATORS_ALL"
minutes = pytest.mark.skipif(os.environ.get(ALL) != "1", reason=f"takes minutes; {ALL}=1 runs it")
OWN = ("-m", "leapp_core.compat", "isaaclab", "leapp")
CPU = ("--device", "cpu", "presets=newton_mjwarp")
MAKE = """
import importlib.util, sys
from pathlib import Path
from leapp_rsl_rl.agent_config import read_agent_file
from tests.simulators.trainers.make import make_checkpoint
from tests.simulators.trainers.rows import ROWS
from tests.simulators.trainers.test_adapters import registered
row = next(row for row in ROWS if row.name == sys.argv[1])
print(make_checkpoint(row, Path(sys.argv[2]), (4, 1), registered(row.adapter)))
"""


@pytest.fixture(scope="module")
def isaaclab(simulator):
    return simulator("isaaclab")


@pytest.fixture(scope="module")
def made(isaaclab, tmp_path_factory):
    """Return a function that makes a row's checkpoint for the cartpole task."""

    def of(name: str) -> str:
        folder = tmp_path_factory.mktemp("runs") / "run"
        done = isaaclab.run("-c", MAKE, name, str(folder))
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().splitlines()[-1]

    return of


def test_every_policy_acts_as_its_trainer_s_own_and_its_files_run_no_code(isaaclab):
    done = isaaclab.run(
        *("-m", "pytest", "-q", "-o", "filterwarnings=default", "-p", "no:cacheprovider"),
        "tests/simulators/trainers",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " skipped" not in done.stdout


@minutes
@pytest.mark.parametrize("adapter", sorted({row.adapter for row in ROWS}))
def test_bundles_control_the_robot_as_their_policies_do(isaaclab, adapter):
    results = run_rows(adapter)
    assert len(results) == 2 * sum(row.adapter == adapter for row in ROWS)
    assert {name: found["open_error"] for name, found in results.items() if found["open_error"] > LIMIT} == {}


@minutes
@pytest.mark.parametrize("name", ["sb3 RecurrentPPO LSTM normalized", "rl-games PPO MLP normalized", "skrl PPO MLP"])
def test_the_command_line_finds_the_trainer_from_the_file(isaaclab, made, tmp_path, name):
    done = isaaclab.run(
        *("-m", "leapp_core.cli", "export", "--env", "isaaclab", "--task", "Isaac-Cartpole"),
        *("--checkpoint", made(name), "--save_path", str(tmp_path), "--closed_loop_steps", "30", "--json"),
        *("--disable_graph_visualization", "presets=newton_mjwarp"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    facts = json.loads(done.stdout)
    assert ("normalized observations" in facts["policy"]) == ("normalized" in name)
    assert facts["closed_loop"]["ok"]


@minutes
@pytest.mark.parametrize(
    ("library", "name"),
    [
        ("sb3", "sb3 PPO MLP normalized"),
        ("rl_games", "rl-games PPO LSTM"),
        ("skrl", "skrl PPO MLP normalized"),
    ],
)
def test_isaac_lab_s_own_command_exports_and_deploys(isaaclab, made, tmp_path, library, name):
    """Our package stands in for ``leapp``, and nothing else of Isaac Lab is changed."""
    task = "Isaac-Cartpole"
    done = isaaclab.run(
        *(*OWN, "export", "--rl_library", library, "--task", task, "--checkpoint", made(name)),
        *("--export_save_path", str(tmp_path), "--disable_graph_visualization", *CPU),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / task / "report.json").read_text(encoding="utf-8"))
    assert report["validation"]["ok"]
    assert runs_until_stopped(isaaclab, tmp_path / task / f"{task}.yaml", task)


def runs_until_stopped(isaaclab, pipeline: Path, task: str) -> bool:
    """Run Isaac Lab's deployment, which goes on until Ctrl-C, for some steps; return whether it ended well."""
    process = subprocess.Popen(
        [str(isaaclab.python), *OWN, "deploy", "--task", task, "--pipeline", str(pipeline), *CPU],
        cwd=ROOT,
        env=isaaclab.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = []
    for line in process.stdout or ():
        lines.append(line)
        if line.startswith("[INFO]: Num envs"):
            break
    else:
        pytest.fail("".join(lines))
    try:
        process.wait(timeout=60)
        pytest.fail("".join(lines))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    return process.wait(timeout=300) == 0

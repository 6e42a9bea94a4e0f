"""The other trainers of Isaac Lab for real: their policies, their files, Isaac Lab's own exporters and command."""

from __future__ import annotations

import json
import os
import re
import shlex

import pytest

from tests.simulators.endless import runs_until_stopped
from tests.simulators.trainers.__main__ import PAGE, run_rows
from tests.simulators.trainers.rows import LIMIT, ROWS
from tests.simulators.venvs import ROOT

pytestmark = [pytest.mark.simulator, pytest.mark.slow, pytest.mark.timeout(7200)]
ALL = "LEAPP_SIMULATORS_ALL"
minutes = pytest.mark.skipif(os.environ.get(ALL) != "1", reason=f"takes minutes; {ALL}=1 runs it")
OWN = ("-m", "leapp_core.compat", "isaaclab", "leapp")
GRU = "tests.simulators.trainers.skrl_models:Gru"
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
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
    pipeline = str(tmp_path / task / f"{task}.yaml")
    deploy = [str(isaaclab.python), *OWN, "deploy", "--task", task, "--pipeline", pipeline, *CPU]
    assert runs_until_stopped(deploy, ROOT, isaaclab.environment, seconds=60.0)


@minutes
def test_a_recurrent_model_of_ones_own_exports_as_the_how_to_says(isaaclab, made, tmp_path):
    """The how-to's command with the name of the task, the file and the class that are here."""
    (command,) = [block for block in BLOCKS if "my_models" in block]
    here = {"My-Task": "Isaac-Cartpole", "agent_1000.pt": made("skrl PPO_RNN GRU"), "my_models:RecurrentPolicy": GRU}
    for name, replacement in here.items():
        assert name in command
        command = command.replace(name, replacement)
    words = shlex.split(command.replace("\\\n", " "))
    assert words[0] == "leapp"
    done = isaaclab.run(*("-m", "leapp_core.cli"), *words[1:], "--save_path", str(tmp_path), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["closed_loop"]["ok"]

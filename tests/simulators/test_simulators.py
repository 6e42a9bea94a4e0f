"""Real simulators: what continuous integration runs of the table, and what must hold for each row."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.simulators.cases import CASES, CHECKPOINT, LIMIT, turn_of
from tests.simulators.results import agrees
from tests.simulators.venvs import ROOT

pytestmark = [pytest.mark.simulator, pytest.mark.slow, pytest.mark.timeout(2400)]


def turn() -> int:
    """Return the number of commits: every number of commits takes another task, and a rerun the same."""
    counted = subprocess.run(["git", "rev-list", "--count", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return int(counted.stdout or 0)


CHOSEN = [*(case for case in CASES if case.ci), *turn_of(turn(), CASES)]


@pytest.mark.always
@pytest.mark.parametrize("case", CHOSEN, ids=lambda c: c.name)
def test_bundle_controls_the_robot_as_the_policy_does(case, outcome):
    found = outcome(case)
    assert found["valid"]
    assert found["open_error"] <= LIMIT
    assert found["replay_error"] == 0.0, "the simulator repeats an episode exactly"
    assert agrees(found), "what the physics makes of a rounding explains the closed loop"
    assert found["policy_reward"] is not None
    if found["action_error"] > LIMIT:
        return
    if case.env == "mjlab":
        assert found["bundle_reward"] is not None
    if found["bundle_reward"] is not None:
        assert found["bundle_reward"] == pytest.approx(found["policy_reward"], rel=1e-4)


@pytest.mark.always
def test_trained_cartpole_balances_through_its_bundle(outcome):
    found = outcome(next(c for c in CASES if c.checkpoint and c.ci))
    assert found["steps"] == 500
    assert found["policy_reward"] == pytest.approx(1.0, abs=5e-3)
    assert found["bundle_reward"] == pytest.approx(found["policy_reward"], abs=1e-5)


def test_the_command_line_exports_and_deploys(simulator, tmp_path):
    """As a user does it: two commands, the second knows task and environment from the bundle."""
    mjlab, task = simulator("mjlab"), "Mjlab-Cartpole-Balance"
    checkpoint = str(ROOT / CHECKPOINT)
    leapp = ("-m", "leapp_core.cli")
    made = mjlab.run(
        *(*leapp, "export", "--env", "mjlab", "--task", task, "--checkpoint", checkpoint, "--save_path", str(tmp_path)),
        *("--closed_loop_steps", "0", "--disable_graph_visualization", "--json"),
    )
    assert made.returncode == 0, made.stderr
    picture = tmp_path / "targets.png"
    ran = mjlab.run(
        *(*leapp, "deploy", str(tmp_path / task), "--steps", "40", "--compare", checkpoint, "--plot", str(picture)),
        "--json",
    )
    assert ran.returncode == 0, ran.stderr
    facts = json.loads(ran.stdout)  # nothing a simulator prints gets between
    assert (facts["environment"], facts["task"], facts["steps"]) == ("mjlab", task, 40)
    assert facts["reward_per_step"] == pytest.approx(1.0, abs=0.01)
    assert facts["compare"]["largest_relative_action_difference"] <= LIMIT
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_mjlab_parts_behave_as_those_they_replace(simulator):
    done = simulator("mjlab").run("-m", "pytest", "-q", "-o", "filterwarnings=default", "tests/simulators/inside")
    assert done.returncode == 0, done.stdout + done.stderr


def test_isaac_lab_runs_its_own_leapp_tests_on_this_code(simulator):
    isaaclab = simulator("isaaclab")
    folder = isaaclab.run("-c", "import isaaclab; print(isaaclab.__path__[0])").stdout.strip().splitlines()[-1]
    names = ("leapp_proxy", "leapp_selectors", "leapp_recurrent_state", "sb3_leapp_export")
    tests = [f"{folder}/source/isaaclab_rl/test/export/test_{name}.py" for name in names]
    tests.append(f"{folder}/source/isaaclab/test/cli/test_leapp_entrypoint.py")
    done = isaaclab.run(
        "-m", "leapp_core.compat", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider", *tests
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "30 passed" in done.stdout
    assert "skipped" not in done.stdout

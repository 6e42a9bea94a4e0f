"""Real simulators: what continuous integration runs of the table, and what must hold for each row."""

from __future__ import annotations

import os

import pytest

from tests.simulators.__main__ import SIMULATORS, run_case
from tests.simulators.cases import CASES
from tests.simulators.venvs import ISAACLAB, MJLAB, Simulator

pytestmark = [pytest.mark.simulator, pytest.mark.slow, pytest.mark.timeout(1800)]


def ready(simulator: Simulator) -> Simulator:
    """Return a simulator that is installed; installs it where that is asked for."""
    if not simulator.python.exists():
        if os.environ.get("LEAPP_SIMULATORS_INSTALL") != "1":
            pytest.skip(f"no {simulator.home / simulator.name}; LEAPP_SIMULATORS_INSTALL=1 makes it")
        simulator.install()
    return simulator


@pytest.mark.parametrize("case", [c for c in CASES if c.ci], ids=lambda c: c.name)
def test_bundle_controls_the_robot_as_the_policy_does(case):
    ready(SIMULATORS[case.env])
    outcome = run_case(case)
    assert outcome["valid"]
    assert outcome["action_error"] < 1e-5
    assert outcome["state_error"] < 1e-3


def test_trained_cartpole_balances_through_its_bundle():
    ready(MJLAB)
    trained = next(c for c in CASES if c.checkpoint and c.ci)
    outcome = run_case(trained)
    assert outcome["policy_reward"] == pytest.approx(1.0, abs=5e-3)
    assert outcome["bundle_reward"] == pytest.approx(outcome["policy_reward"], abs=1e-5)


def test_mjlab_parts_behave_as_those_they_replace():
    done = ready(MJLAB).run("-m", "pytest", "-q", "-o", "filterwarnings=default", "tests/simulators/inside")
    assert done.returncode == 0, done.stdout + done.stderr


def test_isaac_lab_runs_its_own_leapp_tests_on_this_code():
    simulator = ready(ISAACLAB)
    folder = simulator.run("-c", "import isaaclab; print(isaaclab.__path__[0])").stdout.strip().splitlines()[-1]
    tests = [
        f"{folder}/source/isaaclab_rl/test/export/test_leapp_{n}.py" for n in ("proxy", "selectors", "recurrent_state")
    ]
    done = simulator.run(
        "-m", "leapp_core.compat", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider", *tests
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout

"""Policy and bundle control a pendulum each."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import leapp_core
from leapp_core.compare import same_tolerance
from leapp_core.errors import EnvError, ValidationError
from leapp_core.export.closed_loop import Loop, run_closed_loop
from leapp_core.export.loop_report import ClosedLoopReport
from leapp_core.export.run import export_pipeline
from leapp_core.plugins.manager import PluginManager
from leapp_core.runtime import load
from leapp_core.spec.pipeline import GraphConfigs
from leapp_core.validation.report import ValidationReport
from tests.export.pendulum import Damper, DeployedPendulum, TrainingPendulum


@pytest.fixture(scope="module")
def pendulum_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    environment, policy = TrainingPendulum(), Damper()
    with leapp_core.capture("Pendulum", save_path=tmp_path_factory.mktemp("pendulum")) as session:
        for _ in range(5):
            environment.step(policy, session)
    report = export_pipeline(
        session.compile(),
        save_path=session.save_path,
        plugins=PluginManager(),
        configs=GraphConfigs(environment.frequency),
        visualize=False,
    )
    return report.bundle


def run(bundle: Path, deployed: DeployedPendulum | None = None, silent: bool = True, **options) -> ClosedLoopReport:
    """Run both; ``silent`` training forms do not tell their readings, so that the closed loop alone can be judged."""
    runtime, shown = (load(bundle, full_names=True) for _ in range(2))
    loop = Loop(TrainingPendulum(silent), Damper(), deployed or DeployedPendulum(), runtime, shown)
    return run_closed_loop(loop, seed=7, **options)


def test_the_bundle_controls_as_the_policy_does(pendulum_bundle: Path) -> None:
    seen: list[float] = []
    report = run(pendulum_bundle, progress=lambda step, error: seen.append(error))
    assert report.ok
    assert report.level.steps == len(seen) == 40
    assert report.to_json()["max_error"]["Pendulum/torque"] <= 1e-6
    assert report.state_error["angle"] <= 1e-6
    assert report.policy_reward == pytest.approx(report.bundle_reward, abs=1e-6)


def test_a_sensor_that_reads_something_else_is_found(pendulum_bundle: Path) -> None:
    report = run(pendulum_bundle, DeployedPendulum(sign=-1.0))
    mismatch = report.level.mismatches[0]
    assert (mismatch.step, str(mismatch.port), mismatch.comparison.element) == (0, "Pendulum/torque", "pivot")
    assert "reads other values than the training form observes" in mismatch.cause
    with pytest.raises(ValidationError, match=r"port 'torque', step 0 \(closed loop, seed 7\): element pivot"):
        ValidationReport((report.level,)).raise_if_wrong("bundle 'Pendulum'")


def test_simulators_that_part_are_told_from_a_wrong_bundle(pendulum_bundle: Path) -> None:
    report = run(pendulum_bundle, DeployedPendulum(kick=0.1))
    assert not report.ok
    assert report.level.mismatches[0].step == 10
    assert "had drifted apart before (angle after step 9)" in report.level.mismatches[0].cause
    assert run(pendulum_bundle, DeployedPendulum(kick=0.1), tolerances=same_tolerance(0.1, 0.0)).ok


def test_an_episode_that_ends_under_one_only_is_a_mismatch(pendulum_bundle: Path) -> None:
    report = run(pendulum_bundle, DeployedPendulum(limit=0.0))
    assert report.level.steps == 1
    assert not report.finished
    assert "the episode ended under the bundle only" in str(report.level.mismatches[0])


def test_the_bundle_is_judged_by_what_the_policy_was_shown(pendulum_bundle: Path) -> None:
    report = run(pendulum_bundle, silent=False)
    assert report.ok
    assert report.open_loop is not None
    assert report.open_loop.steps == 40
    assert max(report.open_loop.max_error.values()) <= 1e-6
    assert report.drift.since is None
    assert [level.level for level in report.levels] == ["open loop", "closed loop"]


def test_drift_is_shown_and_explained_and_fails_only_beyond_a_limit_of_its_own(pendulum_bundle: Path) -> None:
    """The simulators part in the tenth step; the bundle does what the policy does all the same."""
    report = run(pendulum_bundle, DeployedPendulum(kick=0.1), silent=False)
    assert report.ok
    assert report.drift.since == "angle after step 9"
    assert 1e-3 < report.drift.relative < 1.0
    assert report.explanation is not None
    assert re.search(r"angle after step 9 differed first\): physics amplifies roundings; shown", report.explanation)
    assert run(pendulum_bundle, DeployedPendulum(kick=0.1), silent=False, max_drift=1.0).ok
    limited = run(pendulum_bundle, DeployedPendulum(kick=0.1), silent=False, max_drift=1e-3)
    with pytest.raises(ValidationError, match=r"it drifts by \d.*of its range from the policy's; at most 0\.001"):
        ValidationReport(limited.levels).raise_if_wrong("bundle 'Pendulum'")


@pytest.mark.parametrize("late", [0, 5])
def test_a_reading_that_is_another_one_is_named_before_anything_else(pendulum_bundle: Path, late: int) -> None:
    report = run(pendulum_bundle, DeployedPendulum(sign=-1.0, late=late), silent=False)
    assert not report.ok
    (mismatch,) = report.level.mismatches
    assert (mismatch.step, str(mismatch.port), mismatch.reading) == (late, "Pendulum/angle", True)
    expected, found = mismatch.comparison.expected, mismatch.comparison.found
    assert found == -expected != 0.0
    says = "bundle x is shown other readings than the policy was: reading 'angle' of node 'Pendulum', element pivot: "
    with pytest.raises(
        ValidationError, match=re.escape(f"{says}{expected:.9g} in training, {found:.9g} in deployment")
    ):
        ValidationReport(report.levels).raise_if_wrong("bundle x")


def test_another_policy_is_found_whatever_the_simulators_do(pendulum_bundle: Path) -> None:
    class Stronger(Damper):
        def act(self, observations, session=None, node=None):
            return super().act(observations, session, node) * 1.001

    runtime, shown = (load(pendulum_bundle, full_names=True) for _ in range(2))
    loop = Loop(TrainingPendulum(), Stronger(), DeployedPendulum(kick=0.1), runtime, shown)
    report = run_closed_loop(loop, seed=7)
    assert report.open_loop is not None
    assert report.open_loop.mismatches[0].step == 0
    with pytest.raises(ValidationError, match=r"does not reproduce the policy: .*\(open loop, seed 7\)"):
        ValidationReport(report.levels).raise_if_wrong("bundle x")


def test_an_episode_that_ends_under_one_only_after_drift_is_drift(pendulum_bundle: Path) -> None:
    report = run(pendulum_bundle, DeployedPendulum(kick=10.0, limit=0.6), silent=False)
    assert report.ok
    assert report.level.steps < 40
    assert report.drift.since is not None
    assert "the episode ended under the bundle only, after step" in report.drift.since


def test_a_target_that_the_bundle_has_not_is_named(pendulum_bundle: Path) -> None:
    class Renamed(TrainingPendulum):
        def step(self, policy, session=None):
            outcome = super().step(policy, session)
            return type(outcome)({"effort": outcome.targets["torque"]}, outcome.reward, outcome.done, outcome.state)

    runtime = load(pendulum_bundle, full_names=True)
    with pytest.raises(EnvError, match="puts out 'effort', which the bundle has 0 times"):
        run_closed_loop(Loop(Renamed(), Damper(), DeployedPendulum(), runtime))


@pytest.mark.parametrize(
    ("targets", "off", "mismatches"),
    [
        ((100.0, 0.001, -50.0), (0.0, 3e-4, 0.0), 0),  # a rounding of a hundred, where the target passes zero
        ((100.0, 0.001, -50.0), (0.0, 3e-3, 0.0), 1),
        ((0.001, 100.0, -50.0), (3e-4, 0.0, 0.0), 1),  # nothing large has been there yet
        ((float("inf"), 0.001, -50.0), (0.0, 3e-4, 0.0), 1),  # infinite values excuse nothing
    ],
)
def test_targets_agree_relative_to_how_large_they_have_been(pendulum_bundle, targets, off, mismatches) -> None:
    class Scripted(TrainingPendulum):
        def reset(self, seed):
            super().reset(seed)
            self.number = -1

        def step(self, policy, session=None):
            outcome, self.number = super().step(policy, session), self.number + 1
            torque = np.full_like(outcome.targets["torque"], targets[self.number])
            return type(outcome)({"torque": torque}, outcome.reward, outcome.done, {})

    environment, bundle = Scripted(), load(pendulum_bundle, full_names=True)

    class Off:
        pipeline, reset = bundle.pipeline, staticmethod(bundle.reset)

        @staticmethod
        def step(inputs):
            outputs = dict(bundle.step(inputs))
            given = targets[environment.number] + off[environment.number]
            return outputs | {"Pendulum/torque": np.full_like(outputs["Pendulum/torque"], given)}

    loop = Loop(environment, Damper(), DeployedPendulum(limit=np.inf), Off())
    report = run_closed_loop(loop, steps=3, tolerances=same_tolerance(1e-5, 1e-5))
    assert len(report.level.mismatches) == mismatches

"""Policy and bundle control a pendulum each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import leapp_core
from leapp_core.compare import same_tolerance
from leapp_core.errors import EnvError, ValidationError
from leapp_core.export.closed_loop import ClosedLoopReport, Loop, run_closed_loop
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


def run(bundle: Path, deployed: DeployedPendulum | None = None, **options) -> ClosedLoopReport:
    runtime = load(bundle, full_names=True)
    loop = Loop(TrainingPendulum(), Damper(), deployed or DeployedPendulum(), runtime)
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

"""Each shipped policy, exported by each backend, controls the robot for a whole episode as it did in training."""

from __future__ import annotations

from pathlib import Path

import pytest

from leapp_core.plugins.manager import PluginManager
from leapp_core.policy_export.checkpoints import CheckpointChoice
from leapp_core.policy_export.job import ExportJob, run_export
from leapp_rsl_rl.environments.builtin.catalog import BUILTIN_TASKS
from tests.tiers import few

PLUGINS = PluginManager()
OURS = [entry.item.name for entry in PLUGINS.exporters if PLUGINS.info(entry.owner).distribution == "leapp-framework"]
TASKS = [task.name for task in BUILTIN_TASKS]
WHOLE_EPISODE = 10_000
ALIKE = 1e-5
WORTH = {
    "Builtin-Reach-Arm": 0.01,
    "Builtin-Balance-Partial": 0.015,
    "Builtin-Velocity-Hopper": 0.03,
    "Builtin-Velocity-Hopper-LSTM": 0.03,
}
"""Reward per step that an untrained policy is far from."""

LEVELS = ["beside your code", "replay", "fresh inputs", "open loop", "closed loop"]


def test_there_is_something_to_prove() -> None:
    assert len(OURS) >= 5
    assert set(WORTH) == set(TASKS)


# `make demo` runs the hopper on onnx-dynamo, in continuous integration, too.
QUICK = [("Builtin-Reach-Arm", "onnx-dynamo"), ("Builtin-Balance-Partial", "jit-trace")]
OTHERS = [(task, backend) for task in TASKS for backend in OURS if (task, backend) not in QUICK]


@pytest.mark.parametrize(("task", "backend"), few([*QUICK, *OTHERS], quick=len(QUICK)))
def test_bundle_and_policy_agree_over_an_episode(task: str, backend: str, tmp_path: Path) -> None:
    job = ExportJob(
        task=task,
        checkpoint=CheckpointChoice(pretrained=True),
        backend=backend,
        save_path=tmp_path,
        closed_loop_steps=WHOLE_EPISODE,
        visualize=False,
    )
    result = run_export(job, PLUGINS)
    result.raise_if_wrong()
    assert [level.level for level in result.levels.levels] == [
        "beside your code",
        "replay",
        "fresh inputs",
        "open loop",
        "closed loop",
    ]
    loop = result.closed_loop
    assert loop is not None
    assert loop.finished
    assert loop.level.steps >= 400
    assert max(loop.level.max_error.values()) <= ALIKE
    assert loop.policy_reward is not None
    assert loop.policy_reward == pytest.approx(loop.bundle_reward, abs=ALIKE)
    assert loop.policy_reward > WORTH[task]

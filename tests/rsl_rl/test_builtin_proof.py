"""Running a built-in task beside its program on shaken readings leaves the task as it was."""

from __future__ import annotations

import numpy as np
import pytest

from leapp_core.plugins.environments import PolicyEnvironment, StepOutcome
from leapp_core.plugins.policies import LoadedPolicy
from leapp_core.policy_export.capturing import CaptureSettings, capture_policy
from tests.rsl_rl.test_builtin_capture import NAMES, make


def episode(env: PolicyEnvironment, policy: LoadedPolicy, steps: int = 40) -> list[StepOutcome]:
    env.reset(3)
    policy.reset()
    return [env.step(policy) for _ in range(steps)]


@pytest.mark.parametrize("task", NAMES)
def test_an_episode_after_the_proof_is_the_same_to_the_bit(task: str) -> None:
    env, policy = make(task)
    without = episode(env, policy)
    captured, _ = capture_policy(env, policy, CaptureSettings(task))
    assert captured.evidence.watched >= 100
    assert captured.evidence.shaken >= 70
    assert captured.unproven == ()
    for one, other in zip(without, episode(env, policy), strict=True):
        assert (one.reward, one.done) == (other.reward, other.done)
        for name, value in {**one.targets, **one.state}.items():
            np.testing.assert_array_equal(value, {**other.targets, **other.state}[name])

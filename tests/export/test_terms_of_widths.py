"""A checkpoint whose widths are not the task's is refused with the task's terms, whatever adapter reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from leapp_core.errors import CheckpointError
from leapp_core.plugins.policies import LoadedPolicy, PolicyAdapter, PolicyRequest, Terms
from leapp_core.policy_export.parts import loaded_policy
from leapp_rsl_rl.adapter import RslRlAdapter
from leapp_rsl_rl.environments.builtin.catalog import find_task
from leapp_rsl_rl.trainers.network import load_weights

TERMS = Terms({"policy": {"joint_pos": 3, "joint_vel": 3, "target": 2}}, {"joints": 2})
LISTED = "the task gives policy 8 = joint_pos 3 + joint_vel 3 + target 2, and takes actions 2 (joints 2)"


def request(path: Path = Path("model.pt"), agent: Any = None) -> PolicyRequest:
    return PolicyRequest(path, agent, {"policy": torch.zeros(1, 8)}, 2, terms=TERMS)


class Failing(PolicyAdapter):
    name = "mine"

    def __init__(self, error: CheckpointError) -> None:
        self.error = error

    def load(self, request: PolicyRequest) -> LoadedPolicy:
        raise self.error


class Filling(PolicyAdapter):
    """Fills a network as the adapters of skrl and rl_games do."""

    name = "filling"

    def load(self, request: PolicyRequest) -> LoadedPolicy:
        load_weights(torch.nn.Linear(8, 2), torch.nn.Linear(11, 2).state_dict(), str(request.checkpoint))
        raise AssertionError("it does not fit")


@pytest.mark.parametrize(
    "adapter",
    [
        Filling(),
        Failing(CheckpointError("the network takes 11 observations, the task has 8")),
        Failing(
            CheckpointError("the policy has 3 actions and the task takes 2", expected="the task of the checkpoint")
        ),
    ],
    ids=["weights", "observations", "actions"],
)
def test_terms_are_listed_where_a_width_is_told(adapter: PolicyAdapter) -> None:
    with pytest.raises(CheckpointError) as raised:
        loaded_policy(adapter, request())
    assert LISTED in " ".join(str(raised.value).split())


def test_other_errors_are_left_as_they_are() -> None:
    error = CheckpointError("the checkpoint cannot be read; it is truncated (1812 bytes)", expected="a whole file")
    with pytest.raises(CheckpointError, match="truncated") as raised:
        loaded_policy(Failing(error), request())
    assert raised.value.expected == "a whole file"


def test_terms_are_not_listed_twice() -> None:
    task = find_task("Builtin-Reach-Arm")
    with pytest.raises(CheckpointError, match="observations: 11 in the checkpoint, 8 in the task") as raised:
        loaded_policy(RslRlAdapter(), request(task.checkpoint, task.agent_config()))
    assert str(raised.value).count("joint_pos 3 + joint_vel 3 + target 2") == 1

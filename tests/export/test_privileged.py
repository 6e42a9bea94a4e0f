"""A policy that reads what only a simulator knows is told of, by the names of its observation groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from ruamel.yaml import YAML

from leapp_core.checkpoints.torch_files import read_torch_file
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.policies import NO_TERMS, Terms
from leapp_core.policy_export.checkpoints import CheckpointChoice
from leapp_core.policy_export.job import ExportJob, run_export
from leapp_core.policy_export.privileged import is_privileged, privileged_groups
from leapp_rsl_rl.environments.builtin.catalog import find_task

TASK = find_task("Builtin-Reach-Arm")


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("privileged", True),
        ("critic", True),
        ("teacherObs", True),
        ("priv_info", True),
        ("policy", False),
        ("proprioception", False),
        ("private", False),
        ("criticality", False),
    ],
)
def test_names_of_groups(group: str, expected: bool) -> None:
    assert is_privileged(group) is expected


def test_only_terms_that_no_other_group_has_are_named() -> None:
    terms = Terms({"policy": {"q": 3, "dq": 3}, "critic": {"q": 3, "friction": 1, "push": 3}})
    (said,) = privileged_groups(("policy", "critic"), terms)
    assert "'critic'" in said
    assert "what it holds (friction, push) is known in simulation only" in said
    (said,) = privileged_groups(("critic",), NO_TERMS)
    assert "what it holds is known" in said
    assert [*privileged_groups(("policy",), terms)] == []
    assert [*privileged_groups(None, terms)] == []


def actor_on(groups: list[str], width: int, folder: Path) -> Path:
    """Save the shipped actor as one that was trained on other groups."""
    content: dict[str, Any] = read_torch_file(TASK.checkpoint)
    weights = content["actor_state_dict"]
    weights["mlp.0.weight"] = torch.randn(64, width, generator=torch.Generator().manual_seed(0)) * 0.1
    for name in ("_mean", "_var", "_std"):
        weights[f"obs_normalizer.{name}"] = torch.ones(1, width)
    (folder / "params").mkdir()
    agent = TASK.agent_config()
    agent["obs_groups"] = {"actor": groups, "critic": ["critic"]}
    with (folder / "params" / "agent.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(agent, file)
    torch.save(content, folder / "model_1.pt")
    return folder / "model_1.pt"


@pytest.mark.slow
def test_the_terms_of_a_task_are_named_in_its_report(tmp_path: Path) -> None:
    checkpoint = actor_on(["critic"], 13, tmp_path)
    job = ExportJob(
        task=TASK.name,
        checkpoint=CheckpointChoice(file=checkpoint),
        save_path=tmp_path / "out",
        closed_loop_steps=0,
        prove_seconds=0.0,
        visualize=False,
    )
    report = run_export(job, PluginManager()).report
    (said,) = report.warnings
    assert "observation group 'critic'" in said
    assert "(tip_error)" in said

"""Checkpoints written by older rsl-rl-lib versions act as those very versions computed (see ``legacy/make.py``)."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from leapp_core.plugins.policies import PolicyRequest
from leapp_rsl_rl.adapter import RslRlAdapter

FOLDERS = sorted(path.parent for path in (Path(__file__).parent / "legacy").glob("*/model_3.pt"))
GROUPS = ("policy", "privileged", "camera")


def test_every_major_version_is_there() -> None:
    assert {folder.name[0] for folder in FOLDERS} == {"2", "3", "4", "5"}


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_actions_of_an_older_version(folder: Path) -> None:
    expected = load_file(folder / "expected.safetensors")
    steps = [{group: expected[f"{group}.{step}"] for group in GROUPS} for step in range(4)]
    policy = RslRlAdapter().load(PolicyRequest(folder / "model_3.pt", None, steps[0], num_actions=None))
    for step, observations in enumerate(steps):
        torch.testing.assert_close(policy.act(observations), expected[f"action.{step}"], rtol=0, atol=1e-6)

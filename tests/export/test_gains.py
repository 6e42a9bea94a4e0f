"""Gains of zero beside position targets."""

from __future__ import annotations

import pytest
import torch

import leapp_core
from leapp_core import OutputKind, TensorSemantics
from leapp_core.export.gains import limp_joints

JOINTS = ["hip", "knee", "ankle"]


def captured(kp: list[float], kind: OutputKind = OutputKind.JOINT_POSITION, names: list[str] = JOINTS):
    gains = [TensorSemantics("kp", torch.tensor([kp]), OutputKind.KP, names[: len(kp)])]
    with leapp_core.capture("walk") as session:
        for k in range(3):
            q = session.input_tensors("walk", {"q": torch.full((1, 3), float(k))})
            session.output_tensors("walk", [TensorSemantics("target", q * 2, kind, JOINTS)], static_outputs=gains)
    return session.compile()


@pytest.mark.parametrize(
    ("kp", "named"),
    [
        ([0.0, 25.0, 0.0], "kp of hip, ankle is 0"),
        ([0.0, 0.0, 0.0], "kp of hip, knee, ankle is 0"),
        ([0.0], "kp of hip"),
    ],
)
def test_joints_that_would_not_move_are_named(kp, named):
    (warning,) = limp_joints(captured(kp))
    assert named in warning
    assert "node 'walk'" in warning


@pytest.mark.parametrize(
    ("kp", "kind", "names"),
    [
        ([25.0, 25.0, 1e-6], OutputKind.JOINT_POSITION, JOINTS),
        ([0.0, 0.0, 0.0], OutputKind.JOINT_EFFORT, JOINTS),  # an effort needs no gain
        ([0.0, 0.0, 0.0], OutputKind.JOINT_POSITION, ["wheel_1", "wheel_2", "wheel_3"]),
    ],
)
def test_gains_that_leave_no_joint_limp(kp, kind, names):
    assert limp_joints(captured(kp, kind, names)) == ()

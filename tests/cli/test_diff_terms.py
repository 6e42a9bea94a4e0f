"""``leapp diff`` for a reviewer: terms, gains and weights by name, and a ``deploy.yaml`` that is kept by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx import load as load_onnx
from onnx import numpy_helper

import leapp_core
from leapp_backends.onnx.weights import read_weights
from leapp_core import TensorSemantics
from tests.cli.invoke import leapp

JOINTS = ["hip", "knee", "ankle"]
BY_HAND: dict[str, Any] = {
    "joint_ids_map": [2, 0, 1],
    "step_dt": 0.02,
    "stiffness": [25.0, 30.0, 20.0],
    "damping": [0.5, 1.0, 0.5],
    "default_joint_pos": [0.1, 0.8, -1.5],
    "commands": {},
    "actions": {
        "JointPositionAction": {
            "clip": None,
            "joint_names": [".*"],
            "scale": [0.25, 0.25, 0.25],
            "offset": [0.1, 0.8, -1.5],
            "joint_ids": None,
        }
    },
    "observations": {
        "joint_pos_rel": {"params": {}, "clip": None, "scale": [1.0, 1.0, 1.0], "history_length": 1},
        "joint_vel_rel": {"params": {}, "clip": [-100.0, 100.0], "scale": [0.05, 0.05, 0.05], "history_length": 1},
        "last_action": {"params": {}, "clip": None, "scale": None, "history_length": 1},
    },
}


def export(folder: Path, *, scale: float = 0.25, knee: float = 0.8, kp: float = 25.0, bias: float = 0.0) -> Path:
    """Export a policy as a task of a simulator is: with terms, default pose and gains."""
    torch.manual_seed(0)
    network, previous = torch.nn.Linear(9, 3), torch.zeros(1, 3)
    default, stiffness, damping = torch.tensor([[0.1, knee, -1.5]]), torch.tensor([[20.0, kp, 30.0]]), [[0.5, 0.5, 1.0]]
    with torch.no_grad():
        network.bias += bias
    pose = {"default": [0.1, knee, -1.5]}
    with torch.no_grad(), leapp_core.capture("robot", save_path=folder) as session:
        for _ in range(4):
            pos, vel = torch.randn(1, 3), torch.randn(1, 3)
            position = TensorSemantics("joint_pos", pos, "state/joint/position", JOINTS, pose)
            session.input_tensors(
                "policy", [position, TensorSemantics("joint_vel", vel, "state/joint/velocity", JOINTS)]
            )
            action = network(torch.cat([pos - default, vel.clamp(-100, 100) * 0.05, previous], -1))
            previous = action
            target = TensorSemantics("targets", action * scale + default, "target/joint/position", JOINTS, pose)
            gains = [
                TensorSemantics("kp", stiffness, "kp", JOINTS),
                TensorSemantics("kd", torch.tensor(damping), "kd", JOINTS),
            ]
            session.output_tensors("policy", target, static_outputs=gains)
    observed = [
        {"name": "joint_pos_rel", "group": "policy", "size": 3},
        {"name": "joint_vel_rel", "group": "policy", "size": 3, "scale": 0.05, "clip": [-100.0, 100.0]},
        {"name": "last_action", "group": "policy", "size": 3},
    ]
    done = [{"name": "joint_pos", "targets": JOINTS, "scale": scale, "offset": [0.1, knee, -1.5]}]
    extra = {"observation_terms": observed, "action_terms": done}
    session.export(configs=leapp_core.GraphConfigs(frequency=50.0, extra=extra))
    return folder / "robot"


@pytest.fixture(scope="module")
def robot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("other"), scale=0.3, knee=0.9, kp=40.0, bias=0.125)


def facts(*arguments: str) -> dict[str, Any]:
    result = leapp("diff", *arguments, "--json")
    assert result.code in (0, 1), result.err
    found: dict[str, Any] = json.loads(result.out)
    return found


def test_what_people_set_is_told_by_name(robot: Path, changed: Path) -> None:
    told = {c["where"]: (c["first"], c["second"]) for c in facts(str(robot), str(changed))["changes"]}
    assert told.pop("policy sha256")
    assert told == {
        "action joint_pos scale": ("0.25", "0.3"),
        "action joint_pos offset": ("knee 0.8", "knee 0.9"),
        "policy/joint_pos default": ("knee 0.8", "knee 0.9"),
        "policy/targets default": ("knee 0.8", "knee 0.9"),
        "policy/kp gain": ("knee 25", "knee 40"),
    }


def test_weights_are_told_by_tensor_and_behaviour_over_the_recording(robot: Path, changed: Path) -> None:
    found = facts(str(robot), str(changed), "--steps", "3")
    weights = {change["tensor"]: change["largest"] for change in found["weights"]["policy"]}
    assert weights["bias"] == pytest.approx(0.125)
    assert "weight" not in weights
    assert list(weights.values()) == sorted(weights.values(), reverse=True)
    assert found["recorded_steps"] == 4
    assert found["outputs"]["policy/kp"] == 15.0
    shown = leapp("diff", str(robot), str(changed), "--steps", "3").out
    assert "over 4 recorded and 3 random control steps" in shown
    assert [line.split()[:2] for line in shown.splitlines() if " bias " in line] == [["policy", "bias"]]


def test_a_bundle_is_the_same_as_itself(robot: Path) -> None:
    result = leapp("diff", str(robot), str(robot), "--steps", "1")
    assert result.code == 0
    assert "their weights are the same" in result.out


def test_weights_are_read_as_onnx_reads_them(robot: Path) -> None:
    known = {t.name: numpy_helper.to_array(t) for t in load_onnx(str(robot / "policy.onnx")).graph.initializer}
    found = read_weights(robot / "policy.onnx")
    assert found.keys() == known.keys()
    for name, value in known.items():
        np.testing.assert_array_equal(found[name], value)
    (robot.parent / "no-model").write_bytes(b"\x0f\xff\xff")
    assert read_weights(robot.parent / "no-model") == {}


def by_hand(folder: Path, change: Callable[[dict[str, Any]], object] = lambda content: None) -> Path:
    content = json.loads(json.dumps(BY_HAND))
    change(content)
    path = folder / "deploy.yaml"
    path.write_text(json.dumps(content))  # JSON is YAML
    return path


def test_a_file_by_hand_that_is_right(robot: Path, tmp_path: Path) -> None:
    result = leapp("diff", str(robot), str(by_hand(tmp_path)))
    assert result.code == 0, result.out
    found = facts(str(robot), str(by_hand(tmp_path)))
    assert found["changes"] == found["left_out"] == []
    assert {"kp (stiffness)", "kd (damping)", "control period (s)", "observation joint_vel_rel clip"} <= {
        *found["same"]
    }


def action(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = content["actions"]["JointPositionAction"]
    return found


def term(content: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = content["observations"][name]
    return found


VEL, LAST = "observation joint_vel_rel", "observation last_action"
FAULTS: list[tuple[Callable[[dict[str, Any]], object], tuple[str, Any, Any]]] = [
    (lambda c: c.update(step_dt=0.01), ("control period (s)", "0.02", "0.01")),
    (lambda c: c["stiffness"].__setitem__(0, 60.0), ("kp (stiffness)", "knee 25", "knee 60")),
    (lambda c: c.update(joint_ids_map=[0, 1, 2]), ("kp (stiffness)", None, None)),
    (lambda c: c["damping"].__setitem__(1, 9.0), ("kd (damping)", "ankle 1", "ankle 9")),
    (lambda c: c["default_joint_pos"].__setitem__(2, -1.4), ("default position", "ankle -1.5", "ankle -1.4")),
    (lambda c: action(c).update(scale=0.5), ("action scale", "0.25", "0.5")),
    (lambda c: action(c)["offset"].__setitem__(0, 0.0), ("action offset", "hip 0.1", "hip 0")),
    (lambda c: term(c, "joint_vel_rel").update(scale=None), (f"{VEL} scale", "0.05", "1")),
    (lambda c: term(c, "joint_vel_rel").update(clip=None), (f"{VEL} clip", "[-100, 100]", "none")),
    (lambda c: term(c, "last_action").update(history_length=5), (f"{LAST} history", "1", "5")),
    (lambda c: c["observations"].pop("last_action"), (LAST, "there", "")),
    (lambda c: c["observations"].update(base={"scale": None}), ("observation base", "", "there")),
]


@pytest.mark.parametrize(("change", "told"), FAULTS, ids=lambda value: value[0] if isinstance(value, tuple) else "")
def test_a_fault_in_a_file_by_hand_is_told(
    robot: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object], told: tuple[str, Any, Any]
) -> None:
    result = leapp("diff", str(robot), str(by_hand(tmp_path, change)), "--json")
    assert result.code == 1
    found = {c["where"]: (c["first"], c["second"]) for c in json.loads(result.out)["changes"]}
    assert told[0] in found
    if told[1] is not None:
        assert found == {told[0]: told[1:]}


def test_gains_of_a_file_that_leaves_motors_out_are_in_their_order(robot: Path, tmp_path: Path) -> None:
    path = by_hand(tmp_path, lambda content: content.update(joint_ids_map=[26, 0, 12]))
    assert facts(str(robot), str(path))["changes"] == []


def test_a_list_of_another_length_is_refused(robot: Path, tmp_path: Path) -> None:
    path = by_hand(tmp_path, lambda content: content.update(joint_ids_map=[26, 0, 12], stiffness=[1.0, 2.0]))
    result = leapp("diff", str(robot), str(path))
    assert result.code == 2
    assert "stiffness has 2 values, and joint_ids_map 3 motors up to 26" in result.err


def test_what_a_bundle_does_not_state_is_said_to_be_left_out(tmp_path: Path) -> None:
    with leapp_core.capture("plain", save_path=tmp_path) as session:
        for _ in range(3):
            x = torch.randn(1, 3)
            session.input_tensors("policy", {"x": x})
            session.output_tensors("policy", {"y": x * 2.0})
    session.export()
    result = leapp("diff", str(tmp_path / "plain"), str(by_hand(tmp_path)))
    assert result.code == 0
    assert "not compared: observations: the bundle lists no observation terms" in result.out
    assert "not compared: kp (stiffness): the bundle states none" in result.out

"""A bundle on a hand-written model does what the built-in robot does, and what a loop written by hand does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mujoco
import numpy as np
import pytest
import torch

from leapp_core.runtime import load
from leapp_rsl_rl.environments.builtin.robots.arm import PlanarArm
from leapp_rsl_rl.environments.builtin.robots.base import Robot
from leapp_rsl_rl.environments.builtin.robots.cartpole import CartPole
from leapp_rsl_rl.environments.mujoco.deployment import MujocoDeployment
from tests.mujoco import models
from tests.mujoco.bundles import ARM, CARTPOLE, HOPPER, deployment

STEPS = 150


@pytest.fixture
def float64() -> Iterator[None]:
    """Let the built-in robots compute as precisely as MuJoCo does."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def beside_the_robot(bundle: Path, made: MujocoDeployment, robot: Robot, dt: float, target: str) -> float:
    """Step the bundle in MuJoCo, and the robot under the same targets; return how far their joints come apart."""
    robot.joint_pos[:], robot.joint_vel[:] = torch.tensor(made.data.qpos), torch.tensor(made.data.qvel)
    runtime = load(bundle, full_names=True)
    ports = {ref.port: str(ref) for ref in runtime.pipeline.outputs}
    decimation = round(1.0 / runtime.frequency / dt)
    apart = 0.0
    for _ in range(STEPS):
        outputs = runtime.step(made.read())
        made.step(outputs)
        values = torch.tensor(outputs[ports[target]][0].astype(np.float64))
        (robot.joint_pos_target[:] if target == "joint_targets" else robot.joint_effort_target[:, :1])[...] = values
        for _ in range(decimation):
            robot.step(dt)
        apart = max(apart, float(np.abs(robot.joint_pos[0].numpy() - made.data.qpos).max()))
    return apart


def test_the_arm_moves_as_the_built_in_one(tmp_path: Path, float64: None) -> None:
    robot = PlanarArm(1, torch.device("cpu"))
    made = deployment(ARM, tmp_path, models.arm(), commands={"target_position": "0.4,0.3"})
    made.data.qpos[:] = robot.default_joint_pos.numpy()
    mujoco.mj_forward(made.model, made.data)
    assert beside_the_robot(ARM, made, robot, 0.005, "joint_targets") < 1e-6
    angles = np.cumsum(made.data.qpos)
    tip = sum(length * np.array([np.cos(a), np.sin(a)]) for length, a in zip((0.4, 0.3, 0.2), angles, strict=True))
    assert np.linalg.norm(tip - [0.4, 0.3]) < 0.02


def test_the_cartpole_moves_as_the_built_in_one(tmp_path: Path, float64: None) -> None:
    """Its effort goes through the gear of the model's motor."""
    robot = CartPole(1, torch.device("cpu"))
    made = deployment(CARTPOLE, tmp_path, models.cartpole())
    made.data.qpos[:] = [0.1, 0.15]
    mujoco.mj_forward(made.model, made.data)
    assert beside_the_robot(CARTPOLE, made, robot, 0.005, "joint_effort") < 1e-6
    assert abs(made.data.qpos[1]) < 0.1


def test_the_hopper_hops_as_in_a_loop_written_by_hand(tmp_path: Path) -> None:
    """Feedback at the physics rate as a force, readings from MuJoCo's own fields, everything in this function."""
    made = deployment(HOPPER, tmp_path, models.hopper(), commands={"velocity_command": "0.5"})
    model = mujoco.MjModel.from_xml_string(models.hopper())
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    ours, theirs = load(HOPPER, full_names=True), load(HOPPER)
    for step in range(STEPS):
        made.step(ours.step(made.read()))
        readings = {
            "joint_pos": data.qpos[2:],
            "joint_vel": data.qvel[2:],
            "base_lin_vel": data.qvel[:2],
            "base_height": data.xpos[1, 2:],
            "velocity_command": np.array([0.5]),
        }
        out = theirs.step({name: value.astype(np.float32)[None] for name, value in readings.items()})
        for _ in range(8):
            effort = out["kp"][0].astype(float) * (out["joint_targets"][0] - data.qpos[2:])
            data.qfrc_applied[2:] = effort - out["kd"][0].astype(float) * data.qvel[2:]
            mujoco.mj_step(model, data)
        mujoco.mj_forward(model, data)
        np.testing.assert_allclose(made.data.qpos, data.qpos, atol=1e-6, err_msg=f"step {step}")
    speed = (data.qpos[0] - 0.0) / (STEPS / 50.0)
    assert 0.3 < speed < 0.7
    assert data.xpos[1, 2] > 0.4


def servo(gear: float) -> str:
    return f'<motor joint="JOINT" gear="{gear}"/>'


POSITION = '<position joint="JOINT" kp="3" kv="0.1"/>'
FORMS = {"motor": servo(1.0), "motor with gear": servo(-4.0), "position": POSITION, "two": servo(1.0) + POSITION}


@pytest.mark.parametrize("form", FORMS)
def test_whatever_the_model_has_for_actuators_becomes_the_bundle_s(tmp_path: Path, form: str) -> None:
    """Motors, position actuators with other gains, and two of them, all move the arm as no actuators do."""
    actuators = "".join(FORMS[form].replace("JOINT", joint) for joint in ("shoulder", "elbow", "wrist"))
    commands = {"target_position": "0.3,0.5"}
    plain = deployment(ARM, tmp_path, models.arm(), commands=commands)
    made = deployment(ARM, tmp_path, models.arm(actuators=actuators), commands=commands)
    assert made.model.nu == (6 if form == "two" else 3)
    assert any("replaced" in note for note in made.notes) == (form == "position")
    first, second = load(ARM, full_names=True), load(ARM, full_names=True)
    for _ in range(20):
        made.step(first.step(made.read()))
        plain.step(second.step(plain.read()))
        np.testing.assert_allclose(made.data.qpos, plain.data.qpos, atol=1e-9)


def test_a_motor_s_limits_hold_for_its_new_feedback(tmp_path: Path) -> None:
    weak = "".join(
        f'<motor joint="{j}" gear="2" ctrllimited="true" ctrlrange="-0.5 0.5"/>' for j in ("shoulder", "elbow", "wrist")
    )
    made = deployment(ARM, tmp_path, models.arm(actuators=weak), commands={"target_position": "0.3,0.5"})
    made.step(load(ARM, full_names=True).step(made.read()))
    assert np.abs(made.data.qfrc_actuator).max() == pytest.approx(1.0)


def test_the_model_s_own_feedback_can_be_kept(tmp_path: Path) -> None:
    own = "".join(POSITION.replace("JOINT", joint) for joint in ("shoulder", "elbow", "wrist"))
    more = {"commands": {"target_position": "0.3,0.5"}, "mapping": "outputs: {joint_targets: {drive: model}}"}
    made = deployment(ARM, tmp_path, models.arm(actuators=own), **more)
    outputs = load(ARM, full_names=True).step(made.read())
    made.step(outputs)
    np.testing.assert_allclose(made.data.ctrl, outputs["Builtin-Reach-Arm/joint_targets"][0], rtol=1e-6)
    assert made.model.actuator_gainprm[0, 0] == 3.0

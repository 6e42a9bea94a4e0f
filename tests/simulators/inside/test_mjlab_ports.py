"""Runs in mjlab's environment: what a bundle of a legged robot says about its ports."""

from __future__ import annotations

import pytest

pytest.importorskip("mjlab")

from leapp_core import GraphConfigs, capture
from leapp_core.bundle import load_document
from leapp_core.plugins.environments import EnvRequest
from leapp_core.plugins.policies import PolicyRequest
from leapp_rsl_rl.adapter import RslRlAdapter
from leapp_rsl_rl.environments.mjlab.provider import MjlabProvider
from tests.simulators.motion import make_motion
from tests.simulators.run_case import untrained

TASK = "Mjlab-Velocity-Flat-Unitree-Go1"
AXES = (("x", "y", "z"),)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The environment's robot and the bundle's pipeline."""
    folder = tmp_path_factory.mktemp("ports")
    environment = MjlabProvider().make(EnvRequest(TASK))
    checkpoint = untrained(environment, folder / "model.pt", None)
    needs = PolicyRequest(checkpoint, environment.agent, environment.observations(), environment.num_actions)
    policy = RslRlAdapter().load(needs)
    environment.reset(0)
    session = capture(TASK, folder)
    with session:
        for _ in range(3):
            environment.step(policy, session)
    report = session.export("jit-trace", configs=GraphConfigs(environment.frequency, {}))
    yield environment._simulator.env.scene["robot"], load_document(report.yaml_path).document.pipeline
    environment.close()


def test_inputs_are_raw_readings(exported):
    robot, pipeline = exported
    ports = {ref.port: pipeline.input_spec(ref) for ref in pipeline.inputs}
    found = {name: (p.kind, p.extra["mjlab_connection"], p.extra.get("unit")) for name, p in ports.items()}
    assert found == {
        "robot_imu_lin_vel": ("state/body/linear_velocity", "sensor:robot/imu_lin_vel", "m/s"),
        "robot_imu_ang_vel": ("state/body/angular_velocity", "sensor:robot/imu_ang_vel", "rad/s"),
        "robot_root_link_quat_w": ("state/body/rotation", "state:robot:root_link_quat_w", "quaternion wxyz"),
        "robot_joint_pos": ("state/joint/position", "state:robot:joint_pos", "rad"),
        "robot_joint_vel": ("state/joint/velocity", "state:robot:joint_vel", "rad/s"),
        "twist": ("command/body/velocity", "command:twist", ["m/s", "m/s", "rad/s"]),
    }
    joints = tuple(robot.joint_names)
    assert ports["robot_joint_pos"].element_names == ports["robot_joint_vel"].element_names == (joints,)
    assert ports["robot_imu_lin_vel"].element_names == AXES
    assert ports["twist"].element_names == (("lin_vel_x", "lin_vel_y", "ang_vel_z"),)
    assert pipeline.configs.frequency == 50.0


def test_targets_carry_gains_and_limits_at_full_precision(exported):
    robot, pipeline = exported
    ports = {ref.port: pipeline.output_spec(ref) for ref in pipeline.outputs}
    target = ports["robot_joint_pos_target"]
    assert (target.kind, target.extra["mjlab_connection"]) == (
        "target/joint/position",
        "write:robot:joint_pos_target",
    )
    names = target.element_names[0]
    assert sorted(names) == sorted(robot.joint_names)
    wanted = {joint: actuator.cfg for actuator in robot.actuators for joint in actuator.target_names}
    for key, field in (("stiffness", "stiffness"), ("damping", "damping"), ("effort_limit", "effort_limit")):
        assert list(target.extra[key]) == [getattr(wanted[joint], field) for joint in names], key
    assert {ports["kp"].kind, ports["kd"].kind} == {"kp", "kd"}
    assert ports["kp"].element_names == ports["kd"].element_names == target.element_names


def test_a_motion_is_a_command_and_the_anchor_a_reading(tmp_path):
    motion = make_motion(tmp_path / "walk.npz")
    task = "Mjlab-Tracking-Flat-Unitree-G1"
    environment = MjlabProvider().make(EnvRequest(task, overrides=(f"env.commands.motion.motion_file={motion}",)))
    joints = environment._simulator.env.scene["robot"].num_joints
    ports = dict(environment._inputs)
    environment.close()
    assert ports["command:motion"].kind == "command/joint/position_velocity"
    assert ports["command:motion"].extra["unit"] == ["rad"] * joints + ["rad/s"] * joints
    assert ports["command:motion:anchor_pos_w"].kind == "command/body/target_position"
    anchor = ports["state:robot:body_link_quat_w:torso_link"]
    assert (anchor.kind, anchor.extra["unit"]) == ("state/body/rotation", "quaternion wxyz")

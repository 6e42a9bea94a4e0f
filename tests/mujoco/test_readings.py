"""Readings against what they mean, computed here from positions and velocities of a tumbling robot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest

from leapp_core.spec.port import PortSpec
from tests.mujoco.bundles import deployment, document, port
from tests.mujoco.models import QUADRUPED

XYZ = ["x", "y", "z"]


def turned(quaternion: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Rotate a vector by a quaternion w x y z, by its definition."""
    w, x, y, z = quaternion
    matrix = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.array(matrix) @ vector


def back(quaternion: np.ndarray, vector: np.ndarray) -> np.ndarray:
    return turned(quaternion * [1, -1, -1, -1], vector)


def read(folder: Path, wanted: PortSpec, mapping: str = "") -> tuple[np.ndarray, Any]:
    """Return what a port reads of the tumbling robot, and MuJoCo's data."""
    made = deployment(document([wanted]), folder, QUADRUPED, mapping=mapping)
    rng = np.random.default_rng(3)
    made.data.qpos[:3], made.data.qpos[7:] = rng.normal(size=3), rng.normal(size=2)
    made.data.qpos[3:7] = (quaternion := rng.normal(size=4)) / np.linalg.norm(quaternion)
    made.data.qvel[:] = rng.normal(size=8)
    mujoco.mj_forward(made.model, made.data)
    return made.read()[f"policy/{wanted.name}"], made.data


def base(data: Any) -> tuple[np.ndarray, ...]:
    """Return the base's position, quaternion, linear velocity (world) and angular velocity (body)."""
    return data.qpos[:3], data.qpos[3:7], data.qvel[:3], data.qvel[3:6]


MEANT = {
    "position": (port("a", "state/body/position", XYZ), lambda p, q, v, w: p),
    "rotation": (port("a", "state/body/rotation", ["w", "x", "y", "z"]), lambda p, q, v, w: q),
    "rotation, x first": (port("a", "state/body/rotation", ["x", "y", "z", "w"]), lambda p, q, v, w: q[[1, 2, 3, 0]]),
    "rotation, Isaac Lab": (
        port("a", "state/body/rotation", ["qx", "qy", "qz", "qw"]),
        lambda p, q, v, w: q[[1, 2, 3, 0]],
    ),
    "rotation, unnamed": (port("a", "state/body/rotation", size=4), lambda p, q, v, w: q),
    "rotation, order stated": (
        port("a", "state/body/rotation", size=4, quaternion_order="xyzw"),
        lambda p, q, v, w: q[[1, 2, 3, 0]],
    ),
    "linear velocity": (
        port("a", "state/body/linear_velocity", XYZ, frame="body"),
        lambda p, q, v, w: back(q, v),
    ),
    "linear velocity in the world": (
        port("a", "state/body/linear_velocity", XYZ, frame="world"),
        lambda p, q, v, w: v,
    ),
    "angular velocity": (port("a", "state/body/angular_velocity", XYZ, frame="body"), lambda p, q, v, w: w),
    "angular velocity in the world": (
        port("a", "state/body/angular_velocity", XYZ, frame="world"),
        lambda p, q, v, w: turned(q, w),
    ),
    "gravity": (port("projected_gravity", "state/vector3d", XYZ), lambda p, q, v, w: back(q, np.array([0, 0, -1.0]))),
    "some components": (port("a", "state/body/position", ["z", "x"]), lambda p, q, v, w: p[[2, 0]]),
}


@pytest.mark.parametrize("case", MEANT)
def test_the_base(tmp_path: Path, case: str) -> None:
    wanted, meant = MEANT[case]
    found, data = read(tmp_path, wanted)
    assert found.dtype == np.float32
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found[0], meant(*base(data)), atol=1e-6)


def test_joints_in_the_order_of_the_bundle(tmp_path: Path) -> None:
    names = ["right_hip", "left_hip"]
    for quantity, field in (("position", "qpos"), ("velocity", "qvel"), ("acceleration", "qacc")):
        found, data = read(tmp_path, port("q", f"state/joint/{quantity}", names))
        np.testing.assert_allclose(found[0], getattr(data, field)[[-1, -2]], rtol=1e-6)


def test_joints_relative_to_the_default(tmp_path: Path) -> None:
    names = ["left_hip", "right_hip"]
    found, data = read(tmp_path, port("q", "state/joint/position_relative", names, default=[0.25, -0.5]))
    np.testing.assert_allclose(found[0], data.qpos[7:] - [0.25, -0.5], atol=1e-6)
    found, data = read(tmp_path, port("q", "state/joint/position", names), "inputs: {q: {minus: [1.0, 2.0]}}")
    np.testing.assert_allclose(found[0], data.qpos[7:] - [1.0, 2.0], atol=1e-6)


@pytest.mark.parametrize("how", ["mjlab_connection", "sensor", "map"])
def test_a_sensor_of_the_model(tmp_path: Path, how: str) -> None:
    """By the simulator's connection, by the bundle's own key, or as the user says."""
    extra = {"mjlab_connection": {"mjlab_connection": "sensor:other/gyro"}, "sensor": {"sensor": "gyro"}, "map": {}}[
        how
    ]
    kind = None if how == "map" else "state/body/angular_velocity"
    found, data = read(
        tmp_path, port("imu", kind, XYZ, **extra), "inputs: {imu: {sensor: gyro}}" if how == "map" else ""
    )
    np.testing.assert_allclose(found[0], base(data)[3], atol=1e-6)  # a gyro turns as its body does


def test_a_site_moves_as_its_place_on_the_body_does(tmp_path: Path) -> None:
    said = "inputs: {v: {site: robot/imu, quantity: linear_velocity, frame: body}}"
    found, data = read(tmp_path, port("v", None, XYZ), said)
    _, quaternion, linear, angular = base(data)
    expected = back(quaternion, linear) + np.cross(angular, [0.1, 0.02, 0.03])
    np.testing.assert_allclose(found[0], expected, atol=1e-6)
    np.testing.assert_allclose(data.sensor("robot/speed").data, expected, atol=1e-6)


def test_the_centre_of_mass_of_a_body(tmp_path: Path) -> None:
    found, data = read(tmp_path, port("p", "state/body/position", XYZ, body="trunk", point="com"))
    position, quaternion, *_ = base(data)
    np.testing.assert_allclose(found[0], position + turned(quaternion, np.array([0.03, 0.01, 0.0])), atol=1e-6)


def test_several_bodies_of_one_port(tmp_path: Path) -> None:
    found, data = read(tmp_path, port("feet", "state/body/position", [["right", "left"], XYZ]))
    assert found.shape == (1, 2, 3)
    np.testing.assert_allclose(found[0], [data.body("robot/right").xpos, data.body("robot/left").xpos], rtol=1e-6)


def test_a_velocity_whose_frame_is_not_stated_is_told(tmp_path: Path) -> None:
    made = deployment(document([port("v", "state/body/linear_velocity", XYZ)]), tmp_path, QUADRUPED)
    assert any("does not say in which frame" in note for note in made.notes)

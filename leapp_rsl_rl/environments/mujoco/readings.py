"""What can be read of a model: joints, bodies, sites and sensors, each by MuJoCo's conventions.

MuJoCo's quaternions are ``w x y z``. A free joint's ``qvel`` holds the linear velocity in the world frame and the
angular one in the body's; bodies are therefore asked for their velocity with the frame that is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

Array = np.ndarray[Any, Any]
Reader = Callable[[Any], Array]
"""From MuJoCo's ``MjData`` to values, float64."""

JOINT_QUANTITIES = ("position", "velocity", "acceleration", "effort")
VECTORS = ("position", "linear_velocity", "angular_velocity", "projected_gravity")
WORLD, BODY = "world", "body"


@dataclass(frozen=True)
class Frame:
    """Whose motion is read, and in which frame it is told.

    Attributes:
        number: Body or site.
        site: It is a site.
        com: Its centre of mass with the principal axes, not its own frame (bodies only).
        local: Velocities are told in its own frame, not the world's.
    """

    number: int
    site: bool = False
    com: bool = False
    local: bool = False

    @property
    def kind(self) -> Any:
        """MuJoCo's type of object."""
        if self.site:
            return mujoco.mjtObj.mjOBJ_SITE
        return mujoco.mjtObj.mjOBJ_BODY if self.com else mujoco.mjtObj.mjOBJ_XBODY

    def position(self, data: Any) -> Array:
        """Return where it is in the world (m)."""
        if self.site:
            return np.array(data.site_xpos[self.number])
        return np.array((data.xipos if self.com else data.xpos)[self.number])

    def axes(self, data: Any) -> Array:
        """Return its rotation matrix, from its own frame to the world."""
        held = data.site_xmat if self.site else data.ximat if self.com else data.xmat
        return np.array(held[self.number]).reshape(3, 3)

    def rotation(self, data: Any) -> Array:
        """Return its rotation as a quaternion ``w x y z``."""
        if not self.site and not self.com:
            return np.array(data.xquat[self.number])
        quaternion = np.zeros(4)
        mujoco.mju_mat2Quat(quaternion, self.axes(data).reshape(-1))
        return quaternion

    def velocity(self, model: Any, data: Any) -> tuple[Array, Array]:
        """Return linear (m/s) and angular velocity (rad/s)."""
        both = np.zeros(6)
        mujoco.mj_objectVelocity(model, data, self.kind, self.number, both, int(self.local))
        return both[3:], both[:3]


def joint_reader(model: Any, joints: Sequence[int], quantity: str) -> Reader:
    """Return what reads one quantity of hinges and slides, in their units (rad, m and their like)."""
    places = [int((model.jnt_qposadr if quantity == "position" else model.jnt_dofadr)[j]) for j in joints]
    field = {"position": "qpos", "velocity": "qvel", "acceleration": "qacc", "effort": "qfrc_actuator"}[quantity]
    return lambda data: np.array(getattr(data, field)[places])


def frame_reader(model: Any, frame: Frame, quantity: str) -> Reader:
    """Return what reads one quantity of a body or a site."""
    if quantity == "position":
        return frame.position
    if quantity == "rotation":
        return frame.rotation
    if quantity == "projected_gravity":
        return lambda data: frame.axes(data).T @ _down(model)
    if quantity == "linear_velocity":
        return lambda data: frame.velocity(model, data)[0]
    return lambda data: frame.velocity(model, data)[1]


def sensor_reader(model: Any, sensor: int) -> Reader:
    """Return what reads a sensor of the model."""
    first, size = int(model.sensor_adr[sensor]), int(model.sensor_dim[sensor])
    return lambda data: np.array(data.sensordata[first : first + size])


def _down(model: Any) -> Array:
    """Return the direction of gravity, which is told as a unit vector."""
    gravity = np.array(model.opt.gravity)
    size = float(np.linalg.norm(gravity))
    return gravity / size if size else np.array([0.0, 0.0, -1.0])

"""What each connection of an mjlab environment means: port name, kind, element names, unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from leapp_rsl_rl.environments.mjlab.facts import reading_facts
from leapp_rsl_rl.environments.mjlab.sources import FRAME_FIELDS

CONNECTION = "mjlab_connection"
"""Key under which a port carries its connection."""

_AXES = ("x", "y", "z")
_QUATERNION = ("w", "x", "y", "z")
_PARTS = {
    "pos_w": ("state/body/position", _AXES, "m"),
    "quat_w": ("state/body/rotation", _QUATERNION, "quaternion wxyz"),
    "lin_vel_w": ("state/body/linear_velocity", _AXES, "m/s"),
    "ang_vel_w": ("state/body/angular_velocity", _AXES, "rad/s"),
}
_JOINT_FIELDS = {
    "joint_pos": ("state/joint/position", "rad", "m"),
    "joint_vel": ("state/joint/velocity", "rad/s", "m/s"),
    "joint_acc": ("state/joint/acceleration", "rad/s^2", "m/s^2"),
    "qfrc_actuator": ("state/joint/effort", "N*m", "N"),
}
_MUJOCO_SENSORS = {
    "ACCELEROMETER": ("state/body/linear_acceleration", _AXES, "m/s^2"),
    "VELOCIMETER": ("state/body/linear_velocity", _AXES, "m/s"),
    "GYRO": ("state/body/angular_velocity", _AXES, "rad/s"),
    "FRAMEPOS": ("state/body/position", _AXES, "m"),
    "FRAMEQUAT": ("state/body/rotation", _QUATERNION, "quaternion wxyz"),
    "FRAMELINVEL": ("state/body/linear_velocity", _AXES, "m/s"),
    "FRAMEANGVEL": ("state/body/angular_velocity", _AXES, "rad/s"),
    "FRAMELINACC": ("state/body/linear_acceleration", _AXES, "m/s^2"),
    "FRAMEANGACC": ("state/body/angular_acceleration", _AXES, "rad/s^2"),
    "FRAMEXAXIS": ("state/vector3d", _AXES, None),
    "FRAMEYAXIS": ("state/vector3d", _AXES, None),
    "FRAMEZAXIS": ("state/vector3d", _AXES, None),
    "FORCE": ("state/vector3d", _AXES, "N"),
    "TORQUE": ("state/vector3d", _AXES, "N*m"),
    "JOINTPOS": ("state/joint/position", None, "rad"),
    "JOINTVEL": ("state/joint/velocity", None, "rad/s"),
}
_SENSOR_FIELDS = {
    "rgb": ("state/camera/image", None),
    "depth": ("state/camera/depth", "m"),
    "segmentation": ("state/camera/segmentation", None),
    "distances": ("state/raycast/distance", "m"),
    "hit_pos_w": ("state/raycast/position", "m"),
    "normals_w": ("state/raycast/normal", None),
    "frame_pos_w": ("state/body/position", "m"),
    "pos_w": ("state/body/position", "m"),
    "frame_quat_w": ("state/body/rotation", "quaternion wxyz"),
    "quat_w": ("state/body/rotation", "quaternion wxyz"),
    "heights": ("state/raycast/height", "m"),
    "force": ("state/contact/force", "N"),
    "found": ("state/contact/found", None),
}
_COMMAND_PARTS = (  # by what a command's field is called
    ("pos_w", "command/body/target_position", _AXES, "m"),
    ("target_pos", "command/body/target_position", _AXES, "m"),
    ("quat_w", "command/body/target_rotation", _QUATERNION, "quaternion wxyz"),
    ("lin_vel_w", "command/body/velocity", _AXES, "m/s"),
    ("ang_vel_w", "command/body/velocity", _AXES, "rad/s"),
)


@dataclass(frozen=True)
class PortMeaning:
    """What a port means.

    Attributes:
        name: Port name.
        kind: Kind string.
        element_names: Names of the elements of the last axes, or ``None``.
        extra: Connection, unit and further facts.
    """

    name: str
    kind: str | None
    element_names: list[Any] | None
    extra: dict[str, Any] = field(default_factory=dict)


def input_meaning(env: Any, connection: str, shape: Sequence[int]) -> PortMeaning:
    """Describe the input port of a connection whose reading has ``shape`` (environments first)."""
    kind, _, rest = connection.partition(":")
    parts = rest.split(":")
    describe = {"state": _state, "sensor": _sensor, "command": _command}[kind]
    meaning, names, unit = describe(env, parts, shape)
    extra: dict[str, Any] = {CONNECTION: connection}
    if unit is not None:
        extra["unit"] = unit
    extra |= reading_facts(env, connection)
    return PortMeaning(_port_name(parts), meaning, _fit(names, shape), extra)


def _port_name(parts: Sequence[str]) -> str:
    return "_".join(parts).replace("/", "_").replace(" ", "_")


def _fit(names: list[Any] | None, shape: Sequence[int]) -> list[Any] | None:
    """Return per-axis names if they fit the shape without its leading axis, else ``None``."""
    if names is None or len(names) != len(shape) - 1:
        return None
    fits = all(axis is None or len(axis) == size for axis, size in zip(names, shape[1:], strict=True))
    return names if fits else None


def _state(env: Any, parts: list[str], shape: Sequence[int]) -> tuple[str | None, list[Any] | None, Any]:
    entity = env.scene.entities[parts[0]]
    name = parts[1]
    if name in _JOINT_FIELDS:
        kind, turning, sliding = _JOINT_FIELDS[name]
        return kind, [list(entity.joint_names)], joint_units(env, entity, entity.joint_names, turning, sliding)
    if name not in FRAME_FIELDS:
        return f"state/{name.replace('_', '/', 1)}", None, None
    frame, part = next((f, p) for p in _PARTS for f in [name.removesuffix(f"_{p}")] if f"{f}_{p}" == name)
    kind, axes, unit = _PARTS[part]
    if len(shape) < 3:
        return kind, [list(axes)], unit
    owners = {"geom": "geom_names", "site": "site_names"}.get(frame, "body_names")
    return kind, [list(getattr(entity, owners)), list(axes)], unit


def joint_units(env: Any, entity: Any, joints: Sequence[str], turning: str, sliding: str) -> Any:
    """Return the unit of joint quantities: one string, or a list where hinges and sliders are mixed."""
    import mujoco

    by_name = dict(zip(entity.joint_names, entity.indexing.joint_ids.tolist(), strict=True))
    types = env.sim.mj_model.jnt_type
    slide = int(mujoco.mjtJoint.mjJNT_SLIDE)
    units = [sliding if int(types[by_name[j]]) == slide else turning for j in joints]
    return units[0] if len(set(units)) == 1 else units


def _sensor(env: Any, parts: list[str], shape: Sequence[int]) -> tuple[str | None, list[Any] | None, Any]:
    import mujoco

    if len(parts) > 1:
        kind, unit = _SENSOR_FIELDS.get(parts[1], (f"state/sensor/{parts[1]}", None))
        axes = _QUATERNION if "quat" in parts[1] else _AXES
        vector = parts[1].endswith("_w") or parts[1] == "force"
        return kind, [*[None] * (len(shape) - 2), list(axes)] if vector else None, unit
    model = env.sim.mj_model
    number = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_SENSOR, parts[0])
    sensor_type = mujoco.mjtSensor(model.sensor_type[number]).name.removeprefix("mjSENS_") if number >= 0 else ""
    meaning, names, unit = _MUJOCO_SENSORS.get(sensor_type, (f"state/sensor/{sensor_type.lower()}", None, None))
    return meaning, [list(names)] if names else None, unit


def _command(env: Any, parts: list[str], shape: Sequence[int]) -> tuple[str | None, list[Any] | None, Any]:
    term = env.command_manager.get_term(parts[0])
    name = parts[1] if len(parts) > 1 else "command"
    for ending, kind, axes, unit in _COMMAND_PARTS:
        if name.endswith(ending):
            return kind, [*[None] * (len(shape) - 2), list(axes)], unit
    ranges = getattr(term.cfg, "ranges", None)
    if name == "command" and hasattr(ranges, "lin_vel_x") and shape[-1] == 3:
        return "command/body/velocity", [["lin_vel_x", "lin_vel_y", "ang_vel_z"]], ["m/s", "m/s", "rad/s"]
    robot = getattr(term, "robot", None)
    joints = list(robot.joint_names) if robot is not None else []
    if name == "command" and joints and shape[-1] == 2 * len(joints):
        names = [f"{j}_pos" for j in joints] + [f"{j}_vel" for j in joints]
        units = [joint_units(env, robot, joints, *pair) for pair in (("rad", "m"), ("rad/s", "m/s"))]
        each = [unit if isinstance(unit, list) else [unit] * len(joints) for unit in units]
        return "command/joint/position_velocity", [names], each[0] + each[1]
    return f"command/{name}", None, None

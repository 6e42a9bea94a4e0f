"""What a task of mjlab knows beside its tensors: default poses, frames, ranges of commands, drives of joints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

from leapp_rsl_rl.environments.facts import manager_facts, numbers, physics

_PARTS = ("pos_w", "quat_w", "lin_vel_w", "ang_vel_w")
_LOCAL = ("GYRO", "VELOCIMETER", "ACCELEROMETER", "FORCE", "TORQUE", "MAGNETOMETER")
"""Sensors of MuJoCo that tell in the frame of their site."""
_COMMAND_RANGES = ("lin_vel_x", "lin_vel_y", "ang_vel_z")


def task_facts(env: Any, groups: Iterable[str]) -> dict[str, Any]:
    """Return keys for ``pipeline.configs``."""
    facts = physics(env.cfg.sim.mujoco.timestep, env.cfg.decimation)
    floating = [entity for entity in env.scene.entities.values() if entity.is_articulated and not entity.is_fixed_base]
    if len(floating) == 1:
        facts["default_base_height"] = numbers(floating[0].cfg.init_state.pos[2])
    return facts | manager_facts(env, groups)


def reading_facts(env: Any, connection: str) -> dict[str, Any]:
    """Return keys of the input port of a connection."""
    kind, _, rest = connection.partition(":")
    parts = rest.split(":")
    if kind == "state":
        return _state(env, parts)
    if kind == "sensor" and len(parts) == 1:
        return {"sensor": parts[0], **_sensor(env, parts[0])}
    return _command(env, parts) if kind == "command" and len(parts) == 1 else {}


def target_facts(env: Any, entity: Any, joints: Sequence[str], field: str) -> dict[str, Any]:
    """Return keys of an output port for joints: default positions (of position targets), inertia of the drives."""
    ids = [list(entity.joint_names).index(joint) for joint in joints]
    facts: dict[str, Any] = {}
    if field == "joint_pos_target":
        facts["default"] = numbers(entity.data.default_joint_pos[0, ids])
    dofs = env.sim.mj_model.jnt_dofadr[entity.indexing.joint_ids.cpu().numpy()[ids]]
    armature = numbers(env.sim.mj_model.dof_armature[dofs])
    return facts | ({"armature": armature} if any(armature) else {})


def _state(env: Any, parts: list[str]) -> dict[str, Any]:
    entity, field = env.scene.entities[parts[0]], parts[1]
    if field == "joint_pos":
        return {"default": numbers(entity.data.default_joint_pos[0])}
    part = next((part for part in _PARTS if field.endswith(f"_{part}")), None)
    if part is None:
        return {}
    owner, _, point = field.removesuffix(f"_{part}").partition("_")
    facts: dict[str, Any] = {"frame": "world"}
    if part == "quat_w":
        facts["quaternion_order"] = "wxyz"
    if owner == "root":
        facts["body"] = str(entity.body_names[0])
    elif owner == "body" and len(parts) == 3:
        facts["body"] = parts[2]
    return facts | ({"point": point} if point in ("link", "com") else {})


def _sensor(env: Any, name: str) -> dict[str, Any]:
    """Return the body and the frame of a sensor of the MuJoCo model; other sensors are mjlab's own."""
    import mujoco

    model = env.sim.mj_model
    number = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_SENSOR, name)
    if number < 0:
        return {}
    kind = mujoco.mjtSensor(model.sensor_type[number]).name.removeprefix("mjSENS_")
    refers = int(model.sensor_reftype[number]) != int(mujoco.mjtObj.mjOBJ_UNKNOWN)
    facts: dict[str, Any] = {} if refers else {"frame": "body" if kind in _LOCAL else "world"}
    if int(model.sensor_objtype[number]) == int(mujoco.mjtObj.mjOBJ_SITE):
        site = model.site(int(model.sensor_objid[number]))
        facts |= {"site": str(site.name), "body": str(model.body(int(site.bodyid[0])).name)}
    if kind == "FRAMEQUAT":
        facts["quaternion_order"] = "wxyz"
    return facts


def _command(env: Any, parts: list[str]) -> dict[str, Any]:
    ranges = getattr(env.command_manager.get_term(parts[0]).cfg, "ranges", None)
    known = asdict(ranges) if is_dataclass(ranges) and not isinstance(ranges, type) else {}
    if not all(known.get(name) is not None for name in _COMMAND_RANGES):
        return {}
    return {"range": [numbers(known[name]) for name in _COMMAND_RANGES]}

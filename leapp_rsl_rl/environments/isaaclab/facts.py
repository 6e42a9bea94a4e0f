"""What a task of Isaac Lab knows beside its tensors: default poses, limits, frames, ranges of commands."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from leapp_rsl_rl.environments.facts import manager_facts, numbers, physics

CONNECTION = "isaaclab_connection"
_LIMITS = {
    "effort_limit": ("actuator_effort_limit", "joint_effort_limit", "effort_limit", "effort_limit_sim"),
    "velocity_limit": ("actuator_velocity_limit", "joint_velocity_limit", "velocity_limit", "velocity_limit_sim"),
}
"""Names under which actuators and their configurations keep a limit: Isaac Lab 3.0's, then those before."""
_UNLIMITED = 1e5
"""Isaac Lab writes a million or more where there is no limit."""
_FRAMES = {"_w": "world", "_b": "body"}
_COMMAND_RANGES = ("lin_vel_x", "lin_vel_y", "ang_vel_z")


def task_facts(env: Any, groups: Iterable[str]) -> dict[str, Any]:
    """Return keys for ``pipeline.configs``."""
    facts = physics(env.cfg.sim.dt, env.cfg.decimation)
    floating = [robot for robot in env.scene.articulations.values() if not robot.is_fixed_base]
    if len(floating) == 1:
        facts["default_base_height"] = numbers(floating[0].cfg.init_state.pos[2])
    return facts | manager_facts(env, groups)


class PortFacts:
    """Keys of the ports that Isaac Lab declares, by their connection.

    Everything is read once, before anything is recorded: what a recording sees being read would become an input.

    Args:
        env: Isaac Lab's environment.
    """

    def __init__(self, env: Any) -> None:
        self._robots = {name: _robot(robot) for name, robot in env.scene.articulations.items()}
        self._ranges = _ranges(env)

    def described(self, tensors: Any) -> Any:
        """Return semantics with the keys that are known of each; anything else as it is."""
        if isinstance(tensors, (list, tuple)):
            return type(tensors)(self.described(each) for each in tensors)
        if not hasattr(tensors, "extra") or not hasattr(tensors, "element_names"):
            return tensors
        facts = self._facts(str(tensors.extra.get(CONNECTION, "")), tensors)
        known = {key: value for key, value in facts.items() if key not in tensors.extra}
        return replace(tensors, extra={**tensors.extra, **known}) if known else tensors

    def _facts(self, connection: str, semantics: Any) -> dict[str, Any]:
        kind, _, rest = connection.partition(":")
        owner, _, field = rest.partition(":")
        names = _last_names(semantics)
        if kind == "command":
            return {"range": self._ranges[rest]} if len(self._ranges.get(rest, ())) == len(names or ()) else {}
        robot = self._robots.get(owner)
        if robot is None:
            return {}
        if kind == "write":
            wanted = {"effort_limit", "velocity_limit"} | (
                {"default"} if "position" in (semantics.kind or "") else set()
            )
            return _of_joints(robot, names, wanted)
        return {
            **_of_joints(robot, names, {"default"} if field == "joint_pos" else set()),
            **_frame(robot, field, names),
        }


def _of_joints(robot: Mapping[str, Any], names: list[str], wanted: set[str]) -> dict[str, Any]:
    found = {}
    for key in wanted & robot["joints"].keys():
        values = [robot["joints"][key].get(name) for name in names]
        if names and any(value is not None for value in values):
            found[key] = values
    return dict(sorted(found.items()))


def _frame(robot: Mapping[str, Any], field: str, names: list[str]) -> dict[str, Any]:
    """Return whose a reading is and in which frame, by the words of Isaac Lab's names: ``root_link_lin_vel_b``."""
    frame = _FRAMES.get(field[-2:])
    if frame is None:
        return {}
    facts: dict[str, Any] = {"frame": frame}
    if field.startswith(("root_", "projected_gravity", "heading")):
        facts["body"] = robot["root"]
    point = next((part for part in ("link", "com") if f"_{part}_" in field), None)
    facts |= {"point": point} if point else {}
    order = "".join(name.removeprefix("q") for name in names)
    return facts | ({"quaternion_order": order} if order in ("wxyz", "xyzw") else {})


def _robot(robot: Any) -> dict[str, Any]:
    names = list(robot.joint_names)
    default = robot.data.default_joint_pos
    joints = {"default": dict(zip(names, numbers(getattr(default, "torch", default)[0]), strict=True))}
    for key in _LIMITS:
        joints[key] = {name: limit for group in robot.actuators for name, limit in _limits(robot, group, key).items()}
    return {"root": str(robot.body_names[0]), "joints": joints}


def _limits(robot: Any, group: str, key: str) -> dict[str, float]:
    """Return limits of a group of actuators by joint: as the actuator holds them, else as it is configured."""
    cfg = robot.cfg.actuators[group]
    _, joints = robot.find_joints(cfg.joint_names_expr)
    for name in _LIMITS[key]:
        for holder in (robot.actuators[group], cfg):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # older names warn where newer ones are meant
                row = _by_joint(getattr(holder, name, None), list(joints))
            if row is not None:
                pairs = zip(joints, row, strict=True)
                return {joint: limit for joint, limit in pairs if limit is not None and limit < _UNLIMITED}
    return {}


def _by_joint(values: Any, joints: list[str]) -> list[Any] | None:
    """Return a value per joint of what is one number, a tensor, or numbers by regular expressions of names."""
    if isinstance(values, Mapping):
        found = {j: v for expression, v in values.items() for j in joints if re.fullmatch(expression, j)}
        return [numbers(found.get(joint)) for joint in joints]
    if values is None or isinstance(values, str):
        return None
    row = numbers(values)
    row = row if isinstance(row, list) else [row] * len(joints)
    return row[: len(joints)] if len(row) >= len(joints) else None  # of the first environment


def _ranges(env: Any) -> dict[str, list[Any]]:
    """Return ranges of velocity commands, by name of the command."""
    manager: Any = getattr(env, "command_manager", None)
    found = {}
    for name in getattr(manager, "active_terms", ()):
        ranges = getattr(manager.get_term(name).cfg, "ranges", None)
        known = [getattr(ranges, part, None) for part in _COMMAND_RANGES]
        if all(isinstance(each, (tuple, list)) for each in known):
            found[name] = [numbers(each) for each in known]
    return found


def _last_names(semantics: Any) -> list[str]:
    axis = semantics.element_names[-1] if semantics.element_names else None
    return [str(name) for name in axis] if isinstance(axis, (list, tuple)) else []

"""Sizes of a task's observations and actions as far as its configuration tells, before a simulation starts.

A simulation takes half a minute to start; a checkpoint of another task can often be told from the configuration alone.
Joints are read from the robot's USD file. A term that is not known here leaves its group's size open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leapp_core.plugins.environments import TaskSizes
from leapp_core.plugins.policies import Terms
from leapp_rsl_rl.environments.isaaclab.config import TaskConfig

_FIXED = {
    **dict.fromkeys(("base_pos_z", "base_up_proj", "base_heading_proj", "base_angle_to_target"), 1),
    **dict.fromkeys(("base_yaw_roll",), 2),
    **dict.fromkeys(("base_lin_vel", "base_ang_vel", "projected_gravity", "root_pos_w"), 3),
    **dict.fromkeys(("root_lin_vel_w", "root_ang_vel_w", "imu_ang_vel", "imu_lin_acc", "pva_projected_gravity"), 3),
    **dict.fromkeys(("root_quat_w", "pva_orientation"), 4),
}
_JOINTS = ("joint_pos", "joint_pos_rel", "joint_pos_limit_normalized", "joint_vel", "joint_vel_rel", "joint_effort")
_COMMANDS = (
    ("UniformVelocityCommandCfg", 3),
    ("UniformPoseCommandCfg", 7),
    ("UniformPose2dCommandCfg", 4),
)
_ONE_PER_JOINT = ("JointActionCfg", "JointPositionToLimitsActionCfg")


def task_sizes(config: TaskConfig) -> TaskSizes | None:
    """Return what a configuration tells, or ``None`` if it does not tell the size of an action."""
    robots = _Robots(config.env)
    actions = _actions(config, robots)
    if actions is None:
        return None
    groups = config.actor_groups
    known: dict[str, dict[str, int]] = {}
    for name in groups:
        terms = _group(config, str(name), robots, actions)
        if terms is not None:
            known[str(name)] = terms
    observations = {name: (sum(terms.values()),) for name, terms in known.items()}
    return TaskSizes(
        observations=observations if len(observations) == len(groups) else None,
        num_actions=sum(actions.values()),
        agent=config.agent,
        agent_changes=config.agent_changes,
        terms=Terms(known, actions),
    )


def _actions(config: TaskConfig, robots: _Robots) -> dict[str, int] | None:
    """Return the width of each action term, or ``None`` if one is not known."""
    if config.direct:
        width = config.env.action_space
        return {"action": width} if isinstance(width, int) else None
    widths: dict[str, int] = {}
    for name, term in vars(config.env.actions).items():
        if term is None:
            continue
        if not _is_a(term, _ONE_PER_JOINT):
            return None
        count = robots.joints(term.asset_name, term.joint_names)
        if count is None:
            return None
        widths[name] = count
    return widths or None


def _group(config: TaskConfig, name: str, robots: _Robots, actions: Mapping[str, int]) -> dict[str, int] | None:
    """Return the width of each term of an observation group, or ``None`` if one is not known."""
    if config.direct:
        width = config.env.observation_space
        return {"observations": width} if isinstance(width, int) and name == "policy" else None
    group = getattr(config.env.observations, name, None)
    if group is None or not group.concatenate_terms:
        return None
    terms = {key: term for key, term in vars(group).items() if hasattr(term, "func")}
    widths = {key: _Term(config.env, group, term, robots, actions).width() for key, term in terms.items()}
    known = {key: width for key, width in widths.items() if width is not None}
    return known if len(known) == len(widths) else None


@dataclass(frozen=True)
class _Term:
    """An observation term and what it may be made of."""

    env: Any
    group: Any
    term: Any
    robots: _Robots
    actions: Mapping[str, int]

    def width(self) -> int | None:
        once = self._once()
        length = self.group.history_length if self.group.history_length is not None else self.term.history_length
        flat = self.group.flatten_history_dim if self.group.history_length is not None else self._flat()
        return once if once is None or not length else once * length if flat else None

    def _flat(self) -> bool:
        return bool(self.term.flatten_history_dim)

    def _once(self) -> int | None:
        name = getattr(self.term.func, "__name__", "")
        if not str(getattr(self.term.func, "__module__", "")).startswith("isaaclab"):
            return None
        if name in _FIXED:
            return _FIXED[name]
        if name in _JOINTS:
            entity = self.term.params.get("asset_cfg")
            patterns = getattr(entity, "joint_names", None) or [".*"]
            return self.robots.joints(getattr(entity, "name", "robot"), patterns)
        special: Callable[[], int | None] | None = {
            "last_action": self._last_action,
            "generated_commands": self._command,
            "height_scan": self._height_scan,
            "body_incoming_wrench": self._wrench,
        }.get(name)
        return None if special is None else special()

    def _last_action(self) -> int | None:
        name = self.term.params.get("action_name")
        return sum(self.actions.values()) if name is None else self.actions.get(name)

    def _command(self) -> int | None:
        command = getattr(self.env.commands, str(self.term.params.get("command_name")), None)
        return next((width for kind, width in _COMMANDS if _is_a(command, (kind,))), None)

    def _height_scan(self) -> int | None:
        sensor = getattr(self.env.scene, self.term.params["sensor_cfg"].name, None)
        pattern: Any = getattr(sensor, "pattern_cfg", None)
        if not _is_a(pattern, ("GridPatternCfg",)):
            return None
        return int(pattern.func(pattern, "cpu")[0].shape[0])

    def _wrench(self) -> int | None:
        bodies = self.term.params["sensor_cfg"].body_names
        named = isinstance(bodies, list) and all(re.fullmatch(r"\w+", body) for body in bodies)
        return 6 * len(bodies) if named else None


class _Robots:
    """Joints of a scene's robots, read from their files once.

    Args:
        env: Isaac Lab's environment configuration.
    """

    def __init__(self, env: Any) -> None:
        self._scene = env.scene
        self._names: dict[str, tuple[str, ...] | None] = {}

    def joints(self, robot: str, patterns: Sequence[str] | str) -> int | None:
        """Return how many joints of a robot match, or ``None`` if they are not known."""
        if robot not in self._names:
            spawn = getattr(getattr(self._scene, robot, None), "spawn", None)
            self._names[robot] = _joints_in(str(getattr(spawn, "usd_path", "")))
        names = self._names[robot]
        wanted = [patterns] if isinstance(patterns, str) else list(patterns)
        return None if names is None else sum(any(re.fullmatch(p, name) for p in wanted) for name in names)


def _joints_in(usd_path: str) -> tuple[str, ...] | None:
    """Return the names of the movable joints in a file on this machine, unless anything about them is unusual."""
    if not Path(usd_path).is_file():
        return None
    try:
        from pxr import Usd, UsdPhysics
    except ImportError:
        return None
    try:
        stage = Usd.Stage.Open(usd_path)
    except RuntimeError:
        return None
    prims: Iterator[Any] = Usd.PrimRange(stage.GetDefaultPrim(), Usd.TraverseInstanceProxies())
    joints = [prim for prim in prims if prim.IsA(UsdPhysics.Joint)]
    held = [joint for joint in joints if not joint.IsA(UsdPhysics.FixedJoint)]
    plain = all(joint.IsA(UsdPhysics.RevoluteJoint) or joint.IsA(UsdPhysics.PrismaticJoint) for joint in held)
    apart = any(UsdPhysics.Joint(joint).GetExcludeFromArticulationAttr().Get() for joint in joints)
    coupled = any("Mimic" in schema for joint in held for schema in joint.GetAppliedSchemas())
    return tuple(joint.GetName() for joint in held) if plain and not apart and not coupled else None


def _is_a(thing: Any, names: Sequence[str]) -> bool:
    """Return whether a configuration is of a class of one of these names, or derived from it."""
    return any(base.__name__ in names for base in type(thing).__mro__)

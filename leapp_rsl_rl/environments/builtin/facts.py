"""What a built-in task's program holds, as plain values for the keys of a bundle."""

from __future__ import annotations

from typing import Any

from leapp_rsl_rl.environments.builtin.config import EnvConfig
from leapp_rsl_rl.environments.builtin.managers.action import JointAction
from leapp_rsl_rl.environments.builtin.managers.observation import ObservationTerm
from leapp_rsl_rl.environments.builtin.ports import SensorPort, TargetPort
from leapp_rsl_rl.environments.builtin.robots.base import Joint, Robot
from leapp_rsl_rl.environments.facts import OLDEST_FIRST, physics, without_nothing


def task_facts(config: EnvConfig, robot: Robot, group: str, widths: dict[str, int]) -> dict[str, Any]:
    """Return keys for ``pipeline.configs``.

    Args:
        config: The task.
        robot: Its robot.
        group: Observation group that the policy sees.
        widths: Elements of each of its terms.
    """
    terms = next(each for each in config.observations if each.name == group).terms
    return {
        **physics(config.physics_dt, config.decimation),
        "observation_terms": [_observation(term, group, widths[term.name]) for term in terms],
        "action_terms": [_action(action, robot) for action in config.actions],
    }


def sensor_facts(port: SensorPort, robot: Robot) -> dict[str, Any]:
    """Return keys of an input port: default positions of joints, frame, range."""
    if port.kind != "state/joint/position":
        return dict(port.facts)
    return {"default": [_joint(robot, name).default for name in port.element_names], **port.facts}


def target_facts(port: TargetPort, robot: Robot) -> dict[str, Any]:
    """Return keys of an output port: default positions and limits of joints."""
    joints = [_joint(robot, name) for name in port.joint_names]
    default = {"default": [joint.default for joint in joints]} if port.target == "position" else {}
    return {**default, "effort_limit": [joint.effort_limit for joint in joints]}


def _joint(robot: Robot, name: str) -> Joint:
    return next(joint for joint in robot.joints if joint.name == name)


def _observation(term: ObservationTerm, group: str, width: int) -> dict[str, Any]:
    scale = list(term.scale) if isinstance(term.scale, tuple) else term.scale
    return without_nothing(
        {
            "name": term.name,
            "group": group,
            "size": width,
            "scale": scale,
            "clip": None if term.clip is None else list(term.clip),
            "delay_steps": term.delay_steps or None,
            "history_length": term.history_length or None,
            "history_order": OLDEST_FIRST if term.history_length else None,
        }
    )


def _action(action: JointAction, robot: Robot) -> dict[str, Any]:
    offset = [_joint(robot, name).default for name in action.joint_names] if action.use_default_offset else None
    return without_nothing(
        {
            "name": action.name,
            "targets": list(action.joint_names),
            "scale": action.scale,
            "offset": offset,
            "clip": None if action.clip is None else [list(action.clip)] * len(action.joint_names),
        }
    )

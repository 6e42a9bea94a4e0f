"""Action manager: from what the policy returns to the targets of the robot's joints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from leapp_rsl_rl.environments.builtin.managers.view import SceneView
from leapp_rsl_rl.environments.builtin.robots.base import Robot


@dataclass(frozen=True)
class JointAction:
    """An action term that writes targets of some joints: ``clip(action * scale + offset)``."""

    name: str
    joint_names: tuple[str, ...]
    scale: float = 1.0
    use_default_offset: bool = False
    """Whether the default joint positions are added (position targets only)."""
    clip: tuple[float, float] | None = None
    """Limits of the processed action, in the unit of the target."""
    target: Literal["position", "effort"] = "position"


class JointActionTerm:
    """Keeps and processes the actions of one :class:`JointAction`."""

    def __init__(self, spec: JointAction, env: SceneView) -> None:
        """Look up the joints of ``spec`` on the robot of ``env``."""
        self.spec = spec
        self._joint_ids = env.robot.joint_ids(spec.joint_names)
        self.width = len(spec.joint_names)
        self._raw_actions = torch.zeros(env.num_envs, self.width, device=env.device)
        self._processed_actions = torch.zeros_like(self._raw_actions)
        self._offset = torch.zeros(self.width, device=env.device)
        if spec.use_default_offset:
            self._offset += env.robot.default_joint_pos[self._joint_ids]

    @property
    def raw_actions(self) -> torch.Tensor:
        """Actions as the policy gave them. Shape: (num_envs, width)."""
        return self._raw_actions

    def process(self, actions: torch.Tensor) -> None:
        """Turn the policy's actions into targets, in place in this term's buffers."""
        self._raw_actions[:] = actions
        torch.mul(self._raw_actions, self.spec.scale, out=self._processed_actions)
        self._processed_actions += self._offset
        if self.spec.clip is not None:
            self._processed_actions.clamp_(*self.spec.clip)

    def apply(self, robot: Robot) -> None:
        """Write the targets into the robot's command buffer."""
        buffer = robot.joint_pos_target if self.spec.target == "position" else robot.joint_effort_target
        buffer[:, self._joint_ids] = self._processed_actions

    def reset(self, env_ids: torch.Tensor) -> None:
        """Clear the actions of ``env_ids``."""
        self._raw_actions[env_ids] = 0.0


class ActionManager:
    """Splits the policy's action among the terms and remembers the last two."""

    def __init__(self, specs: tuple[JointAction, ...], env: SceneView) -> None:
        """Create the terms of ``specs`` in order."""
        self._robot = env.robot
        self.terms = tuple(JointActionTerm(spec, env) for spec in specs)
        self.total_width = sum(term.width for term in self.terms)
        self._action = torch.zeros(env.num_envs, self.total_width, device=env.device)
        self._prev_action = torch.zeros_like(self._action)

    @property
    def action(self) -> torch.Tensor:
        """Last action of the policy. Shape: (num_envs, total_width)."""
        return self._action

    @property
    def prev_action(self) -> torch.Tensor:
        """Action before the last. Shape: (num_envs, total_width)."""
        return self._prev_action

    def process(self, action: torch.Tensor) -> None:
        """Take in the action of a policy step. Shape: (num_envs, total_width)."""
        self._prev_action[:] = self._action
        self._action[:] = action
        start = 0
        for term in self.terms:
            term.process(self._action[:, start : start + term.width])
            start += term.width

    def apply(self) -> None:
        """Write the processed action to the robot."""
        for term in self.terms:
            term.apply(self._robot)

    def reset(self, env_ids: torch.Tensor) -> None:
        """Forget the actions of ``env_ids``."""
        self._action[env_ids] = 0.0
        self._prev_action[env_ids] = 0.0
        for term in self.terms:
            term.reset(env_ids)

"""A built-in task with one environment, stepped as in training, so that a capture sees all of its processing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from leapp_core.plugins.environments import PolicyEnvironment, StepOutcome
from leapp_core.plugins.policies import LoadedPolicy, Recorder, Terms
from leapp_core.spec.semantics import OutputKind, TensorSemantics
from leapp_rsl_rl.environments.builtin.catalog import BuiltinTask
from leapp_rsl_rl.environments.builtin.env import ManagerBasedEnv
from leapp_rsl_rl.environments.builtin.facts import sensor_facts, target_facts, task_facts
from leapp_rsl_rl.environments.builtin.scene import Scene

POLICY_GROUP = "policy"
"""The observation group that policies see; names of other groups' state carry the group's name."""
KP, KD = "kp", "kd"
"""Output ports for the gains of position-controlled joints."""


class BuiltinPolicyEnvironment(PolicyEnvironment):
    """The training form of a built-in task."""

    def __init__(self, task: BuiltinTask, seed: int, device: str) -> None:
        """Make the environment and start an episode.

        Args:
            task: Which task.
            seed: Seed of the first episode.
            device: Torch device string.
        """
        trained = task.env_config()
        self._config = trained.for_deployment()
        self._env = ManagerBasedEnv(self._config, num_envs=1, seed=seed, device=device)
        self.task = task.name
        self.node = task.name
        self.frequency = 1.0 / self._config.step_dt
        self.num_actions = self._env.num_actions
        self.terms = self._terms()
        self.facts = task_facts(
            self._config, self._env.robot, POLICY_GROUP, dict(self._env.observation_manager.layout(POLICY_GROUP))
        )
        self.agent: Mapping[str, Any] | None = task.agent_config()
        self.max_episode_steps = self._env.max_episode_length
        left_out = [event.name for event in trained.events if event not in self._config.events]
        self.notes = ("observation noise is off", f"training-only events are off: {', '.join(left_out)}")
        self.reset(seed)

    def observations(self) -> Mapping[str, torch.Tensor]:
        """Return the observations computed last, by group, each of shape (1, width)."""
        return {str(group): value for group, value in self._env.get_observations().items()}

    def reset(self, seed: int) -> None:
        """Start an episode."""
        self._env.seed(seed)
        self._env.reset()
        # a step begins by observing, which must be the first to fill delays and histories
        self._env.observation_manager.reset(torch.arange(1, device=self._env.device))

    def step(self, policy: LoadedPolicy, session: Recorder | None = None) -> StepOutcome:
        """Observe, act, and let the physics run; with a session, declare what enters and what leaves."""
        with torch.inference_mode():
            readings = {port.name: array(port.read(self._env)) for port in self._config.sensors if session is None}
            if session is not None:
                session.register_buffer(self.node, self._carried())
                session.input_tensors(self.node, self._sensor_semantics())
            observations = self._env.observe()
            action = policy.act({str(k): v for k, v in observations.items()}, session, self.node)
            self._env.act(action)
            if session is not None:
                session.output_tensors(self.node, self._target_semantics(), static_outputs=self._gain_semantics())
            with session.paused() if session is not None else nullcontext():
                return replace(advance(self._env), readings=readings)

    def _terms(self) -> Terms:
        layout = self._env.observation_manager.layout
        groups = {group.name: dict(layout(group.name)) for group in self._config.observations}
        return Terms(groups, {term.spec.name: term.width for term in self._env.action_manager.terms})

    def _carried(self) -> dict[str, torch.Tensor]:
        """Return the environment's own tensors that may turn out to be state of the policy, by a readable name."""
        carried = {"last_action": self._env.last_action()}
        for group in self._config.observations:
            prefix = "" if group.name == POLICY_GROUP else f"{group.name}_"
            held = self._env.observation_manager.state(group.name)
            carried.update({f"{prefix}{name}": tensor for name, tensor in held.items()})
        return carried

    def _sensor_semantics(self) -> list[TensorSemantics]:
        return [
            TensorSemantics(
                port.name,
                port.read(self._env),
                port.kind,
                list(port.element_names),
                sensor_facts(port, self._env.robot),
            )
            for port in self._config.sensors
        ]

    def _target_semantics(self) -> list[TensorSemantics]:
        return [
            TensorSemantics(
                port.name,
                port.read(self._env),
                port.kind,
                list(port.joint_names),
                target_facts(port, self._env.robot),
            )
            for port in self._config.targets
        ]

    def _gain_semantics(self) -> list[TensorSemantics] | None:
        robot = self._env.robot
        if all(port.target == "effort" for port in self._config.targets):
            return None
        names = list(robot.joint_names)
        return [
            TensorSemantics(KP, robot.stiffness.unsqueeze(0), OutputKind.KP, names),
            TensorSemantics(KD, robot.damping.unsqueeze(0), OutputKind.KD, names),
        ]


def advance(scene: Scene) -> StepOutcome:
    """Let the physics of a single scene run for one policy step and say what came of it."""
    targets = {port.name: array(port.read(scene)) for port in scene.config.targets}
    rewards, dones = scene.advance()
    state = {port.name: array(port.read(scene)) for port in scene.config.sensors}
    state.update(joint_pos=array(scene.robot.joint_pos), joint_vel=array(scene.robot.joint_vel))
    return StepOutcome(targets, float(rewards[0]), bool(dones[0]), state)


def array(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return a copy as a NumPy array, which later steps do not change."""
    return np.array(tensor.detach().cpu().numpy())

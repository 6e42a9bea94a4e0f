"""How well a deployed bundle does by the task's own measure.

Rewards are no part of a deployment; they are computed for the report only. Many reward terms look at the policy's raw
actions, which a bundle does not give out, so these are worked back from the targets it wrote: exactly where a target is
a scaled and shifted action, not at all where it lies at its clip.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_UNSERVED = (AttributeError, KeyError, TypeError, ValueError)
"""What a reward term raises that asks for a part of an environment which a deployment does not have."""

_UNLIKE_TRAINING = frozenset({"joint_acc_l2", "body_lin_acc_l2", "feet_air_time", "feet_air_time_positive_biped"})
"""Reward terms on accelerations and on time in the air: from equal positions and velocities, Isaac Lab's deployment and
its training step tell other ones (60 times the acceleration of the Go2's joints after a reset)."""


class _Measured:
    """A deployment with the parts that reward terms ask for; everything else is the deployment's own.

    Episodes of a deployment do not end, so no termination term is ever computed.

    Args:
        deployment: Isaac Lab's deployment.
    """

    def __init__(self, deployment: Any) -> None:
        import torch
        from isaaclab.managers import ActionManager, TerminationManager

        self._deployment = deployment
        self.max_episode_length_s = float(deployment.cfg.episode_length_s)
        self.max_episode_length = round(self.max_episode_length_s / deployment.step_dt)
        self.common_step_counter = 0
        self.episode_length_buf = torch.zeros(1, dtype=torch.long, device=deployment.device)
        self.action_manager = ActionManager(deployment.cfg.actions, self)
        self.termination_manager = TerminationManager(deployment.cfg.terminations, self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._deployment, name)


class RewardMeter:
    """Gives Isaac Lab's deployment the task's rewards, for as long as they can be known.

    Args:
        deployment: Isaac Lab's deployment of a manager-based task, whose action terms are scaled and shifted ones.

    Raises:
        AttributeError: A reward term asks for what a deployment does not have; so do the other built-in errors that
            looking things up raises.
    """

    def __init__(self, deployment: Any) -> None:
        from isaaclab.managers import RewardManager

        self._env = _Measured(deployment)
        self._rewards = RewardManager(deployment.cfg.rewards, self._env)
        self._known = True

    def reset(self) -> None:
        """Begin an episode."""
        import torch

        everything = torch.arange(1, device=self._env.device)
        self._env.action_manager.reset(everything)
        self._env.episode_length_buf.zero_()
        self._rewards.reset(everything)
        self._known = True

    def reward(self, outputs: Mapping[str, torch.Tensor]) -> float | None:
        """Return the reward of the step just made.

        Args:
            outputs: What the bundle gave, by ``node/port``; a port is called like the action term it comes from.

        Returns:
            The reward, or ``None`` from the first step of an episode whose raw actions are not known.
        """
        import torch

        manager = self._env.action_manager
        targets = {name.partition("/")[2]: value for name, value in outputs.items()}
        raw = [_raw_action(manager.get_term(name), targets.get(name)) for name in manager.active_terms]
        known = [action for action in raw if action is not None]
        self._known = self._known and len(known) == len(raw)
        if not self._known:
            return None
        manager.process_action(torch.cat(known, dim=-1))
        self._env.episode_length_buf += 1
        self._env.common_step_counter += 1
        return float(self._rewards.compute(dt=self._env.step_dt)[0])


def reward_meter(deployment: Any) -> RewardMeter | None:
    """Return the meter of a deployment, or ``None`` where the task's rewards cannot be known."""
    from isaaclab.envs.mdp import actions

    known = (actions.JointPositionActionCfg, actions.JointVelocityActionCfg, actions.JointEffortActionCfg)
    rewards = (getattr(term, "func", None) for term in vars(deployment.cfg.rewards).values())
    if any(getattr(function, "__name__", "") in _UNLIKE_TRAINING for function in rewards):
        return None
    terms = [term for term in vars(deployment.cfg.actions).values() if term is not None]
    if not terms or any(type(term) not in known for term in terms):
        return None
    try:
        meter = RewardMeter(deployment)
        meter.reset()
    except _UNSERVED:
        return None
    return meter


def _raw_action(term: Any, target: torch.Tensor | None) -> torch.Tensor | None:
    """Return the action whose scaled, shifted and clipped form is ``target``, if there is exactly one."""
    if target is None or target.shape[-1] != term.action_dim:
        return None
    if term.cfg.clip is not None:
        low, high = term._clip[:, :, 0], term._clip[:, :, 1]
        if bool(((target <= low) | (target >= high)).any()):
            return None
    raw: torch.Tensor = (target - term._offset) / term._scale
    return raw if bool(raw.isfinite().all()) else None

"""How well a deployed bundle does by the task's own measure.

Rewards are no part of a deployment; they are computed for the report only. Many reward terms look at the policy's raw
actions, which a bundle does not give out, so these are worked back from the targets it wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class RewardMeter:
    """Gives an environment without action terms the task's rewards.

    Args:
        env: mjlab's environment, made without actions and rewards.
        actions: The task's action manager, never used to act.
        rewards: The task's reward manager.
    """

    def __init__(self, env: Any, actions: Any, rewards: Any) -> None:
        self._env, self._actions, self._rewards = env, actions, rewards
        self._acting = env.action_manager
        self._compute, self._reset = rewards.compute, rewards.reset
        self._raw: dict[str, torch.Tensor] = {}
        rewards.compute, rewards.reset = self._compute_rewards, self._reset_both
        env.reward_manager = rewards

    def written(self, entity: str, names: tuple[str, ...], targets: torch.Tensor) -> None:
        """Note targets ``[1, elements]`` written to the named elements of an entity."""
        for name in self._actions.active_terms:
            term = self._actions.get_term(name)
            if term.cfg.entity_name == entity and tuple(term.target_names) == names:
                self._raw[name] = (targets - term.offset) / term.scale

    def _reset_both(self, env_ids: Any = None) -> Any:
        """Forget the actions of the episode that ended: terms that judge how actions change look at the last ones."""
        self._actions.reset(env_ids)
        return self._reset(env_ids)

    def _compute_rewards(self, dt: float) -> Any:
        """Compute rewards as if the raw actions behind the targets had been taken."""
        import torch

        order = self._actions.active_terms
        if all(name in self._raw for name in order):
            self._actions.process_action(torch.cat([self._raw[name] for name in order], dim=-1))
        self._env.action_manager = self._actions
        try:
            return self._compute(dt=dt)
        finally:
            self._env.action_manager = self._acting


def reward_meter(env: Any, actions: Mapping[str, Any], rewards: Mapping[str, Any]) -> RewardMeter | None:
    """Return the meter, or ``None`` where raw actions cannot be worked back (other than scaled and shifted ones)."""
    from mjlab.envs.mdp.actions import JointEffortAction, JointPositionAction, JointVelocityAction
    from mjlab.managers.action_manager import ActionManager
    from mjlab.managers.reward_manager import RewardManager

    manager = ActionManager(dict(actions), env)
    terms = [manager.get_term(name) for name in manager.active_terms]
    known = (JointEffortAction, JointPositionAction, JointVelocityAction)
    if not rewards or any(not isinstance(t, known) or t.cfg.clip is not None for t in terms):
        return None
    acting, env.action_manager = env.action_manager, manager
    try:
        measured = RewardManager(dict(rewards), env, scale_by_dt=False)
    finally:
        env.action_manager = acting
    return RewardMeter(env, manager, measured)

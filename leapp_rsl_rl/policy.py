"""A trained rsl_rl policy, ready to act."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from rsl_rl.models import MLPModel
from tensordict import TensorDict

from leapp_core.errors import UsageError
from leapp_core.plugins.policies import LoadedPolicy, PolicyRequest, Recorder
from leapp_rsl_rl.agent_config import action_limit, find_agent_config, with_changes
from leapp_rsl_rl.checkpoint import read_checkpoint
from leapp_rsl_rl.compat import actor_config, actor_state, current_layout
from leapp_rsl_rl.model import build_model
from leapp_rsl_rl.recurrent import declare_state, ensure_state, update_state


class RslRlPolicy(LoadedPolicy):
    """An rsl_rl model in evaluation mode; its own ``forward`` computes every action."""

    obs_groups: tuple[str, ...]

    def __init__(
        self, model: MLPModel, obs_groups: tuple[str, ...], layout: str, clip_actions: float | None = None
    ) -> None:
        """Wrap a model.

        Args:
            model: The acting model, in evaluation mode.
            obs_groups: Observation groups it reads.
            layout: Layout of the checkpoint it came from, for the summary.
            clip_actions: Limit of actions in training, which the environment applies.
        """
        self.model = model
        self.obs_groups = obs_groups
        self.clip_actions = clip_actions
        self.summary = f"{_describe(model)} on {', '.join(obs_groups)} (checkpoint of {layout})"

    def act(
        self, observations: Mapping[str, torch.Tensor], session: Recorder | None = None, node: str | None = None
    ) -> torch.Tensor:
        """Return the deterministic action, shape (num_envs, num_actions).

        Args:
            observations: Observations by group, each (num_envs, ...).
            session: A capture session that recurrent state is declared to.
            node: The node that state belongs to; needed with a session.

        Raises:
            UsageError: There is a session but no node.
        """
        if session is not None and node is None:
            raise UsageError("a policy that is captured needs the name of its node", code="D003")
        groups = {group: observations[group] for group in self.obs_groups}
        batch = len(groups[self.obs_groups[0]])
        with torch.inference_mode():
            if self.model.is_recurrent:
                ensure_state(self.model, batch)
                if session is not None and node is not None:
                    declare_state(self.model, session, node)
            action: torch.Tensor = self.model(TensorDict(groups, batch_size=[batch]))
            if self.model.is_recurrent and session is not None and node is not None:
                update_state(self.model, session, node)
        return action

    def reset(self) -> None:
        """Forget recurrent state."""
        self.model.reset()


def load_policy(request: PolicyRequest) -> RslRlPolicy:
    """Load a checkpoint as a policy.

    Raises:
        CheckpointError: It is missing, damaged, unsafe, or does not fit the configuration and the observations.
    """
    where = str(request.checkpoint)
    state = actor_state(read_checkpoint(request.checkpoint, request.device), where)
    agent = find_agent_config(request.checkpoint, request.agent)
    agent = with_changes(current_layout(agent, state.role, where), request.agent_changes)
    config = actor_config(agent, state.role, request.observations, where)
    model = build_model(config, state, request.observations, request.num_actions, where, request.terms)
    return RslRlPolicy(model.to(request.device), config.obs_groups, state.layout, action_limit(agent, where))


def _describe(model: MLPModel) -> str:
    parts = [type(model).__name__]
    if model.is_recurrent:
        network = model.rnn.rnn
        parts.append(f"{type(network).__name__} {network.num_layers}x{network.hidden_size}")
    layers = [module for module in model.mlp if isinstance(module, torch.nn.Linear)]
    parts.append("MLP " + "-".join(str(n) for n in (layers[0].in_features, *(m.out_features for m in layers))))
    parts.append("normalized observations" if model.obs_normalization else "no normalizer")
    return ", ".join(parts)

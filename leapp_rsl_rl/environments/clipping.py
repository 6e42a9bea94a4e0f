"""The limit of actions that mjlab's and Isaac Lab's wrappers for RSL-RL apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from leapp_core.plugins.policies import LoadedPolicy


def clipped(action: torch.Tensor, policy: LoadedPolicy) -> torch.Tensor:
    """Limit actions as the wrapper did in the run that trained the policy.

    The limit is the policy's, not the task's of today: training scripts let users set another one.
    """
    limit = policy.clip_actions
    return action if limit is None else action.clamp(-limit, limit)

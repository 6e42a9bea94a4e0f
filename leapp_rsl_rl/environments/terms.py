"""Terms of observations and actions as the managers of mjlab and Isaac Lab name them."""

from __future__ import annotations

import math
from typing import Any

from leapp_core.plugins.policies import NO_TERMS, Terms


def manager_terms(env: Any) -> Terms:
    """Return what observations and actions of a manager-based environment are made of.

    Both simulators keep names and sizes side by side: ``active_terms`` with ``group_obs_term_dim`` (observations, by
    group) and with ``action_term_dim`` (actions). Environments without managers have no terms.
    """
    seen, done = getattr(env, "observation_manager", None), getattr(env, "action_manager", None)
    if seen is None or done is None:
        return NO_TERMS
    groups = {
        group: {name: math.prod(size) for name, size in zip(names, seen.group_obs_term_dim[group], strict=False)}
        for group, names in seen.active_terms.items()
    }
    return Terms(groups, dict(zip(done.active_terms, done.action_term_dim, strict=False)))

"""The agents a task of Isaac Lab is registered with, one or more for each training library."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from leapp_core.errors import UsageError

DEFAULT = "rsl-rl"
_ENTRY = "_cfg_entry_point"


def agent_entry(task: str, adapter: str | None) -> str:
    """Return the name of a task's agent configuration for a policy adapter: ``skrl_cfg_entry_point``.

    Args:
        task: A registered task.
        adapter: The adapter; RSL-RL's by default.

    Raises:
        UsageError: the task has no agent of that library.
    """
    import gymnasium

    library = (adapter or DEFAULT).replace("-", "_")
    registered = gymnasium.registry[task].kwargs
    if f"{library}{_ENTRY}" in registered:
        return f"{library}{_ENTRY}"
    having = [name.removesuffix(_ENTRY) for name in registered if name.endswith(_ENTRY) and name != f"env{_ENTRY}"]
    raise UsageError(
        f"Isaac Lab's task {task!r} has no agent of {library}; its agents are of {', '.join(having) or 'no library'}",
        expected=f"a task registered with {library}{_ENTRY}",
        fix=f"name the library of the checkpoint, --adapter {having[0]}" if having else None,
        code="K005",
    )


def agent_values(agent: Any, device: str) -> dict[str, Any]:
    """Return an agent configuration as plain values; one of RSL-RL in the layout of its installed version."""
    if isinstance(agent, Mapping):
        return copy.deepcopy(dict(agent))
    from importlib.metadata import version

    from isaaclab.utils import to_dict
    from isaaclab_rl.rsl_rl import handle_deprecated_rsl_rl_cfg

    agent.device = device
    values: dict[str, Any] = to_dict(handle_deprecated_rsl_rl_cfg(agent, version("rsl-rl-lib")))
    if not values.get("obs_groups"):
        values["obs_groups"] = {"actor": ["policy"], "critic": ["policy"]}
    return values


def actor_groups(agent: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the observation groups that the acting network reads, as RSL-RL (``actor``) and rl_games (``obs``) say."""
    params = agent.get("params")
    nested = params.get("env") if isinstance(params, Mapping) else None
    groups = (nested if isinstance(nested, Mapping) else agent).get("obs_groups")
    named = groups if isinstance(groups, Mapping) else {}
    return tuple(named.get("actor") or named.get("obs") or ("policy",))

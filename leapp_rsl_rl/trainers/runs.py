"""The agent configuration of a run: what Isaac Lab's training scripts write beside their checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leapp_core.errors import CheckpointError
from leapp_core.plugins.policies import PolicyRequest
from leapp_rsl_rl.agent_config import AGENT_FILE, read_agent_file, with_changes


def agent_of_run(request: PolicyRequest) -> dict[str, Any]:
    """Return the agent configuration: saved with the run, else the task's; what the user set goes before both.

    skrl and rl_games keep checkpoints in a folder of the run, Stable-Baselines3 in the run's own.

    Raises:
        CheckpointError: there is neither, or the file is damaged.
    """
    folder = request.checkpoint.parent
    for place in (folder / AGENT_FILE, folder.parent / AGENT_FILE):
        if place.is_file():
            return with_changes(read_agent_file(place), request.agent_changes)
    if request.agent is None:
        raise CheckpointError(
            "nothing says how the policy's network was built",
            where=str(request.checkpoint),
            expected=f"{AGENT_FILE.as_posix()} in the run's folder, or a task with an agent of this library",
            code="K005",
        )
    return dict(with_changes(request.agent, request.agent_changes))


def section(agent: Mapping[str, Any], path: str, where: str | Path) -> dict[str, Any]:
    """Return a section of an agent configuration by its dotted path.

    Raises:
        CheckpointError: it is not there.
    """
    found: Any = agent
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        raise CheckpointError(
            f"the agent configuration has no section {path!r}",
            where=str(where),
            expected="the configuration that this library was trained with",
            code="K005",
        )
    return dict(found)

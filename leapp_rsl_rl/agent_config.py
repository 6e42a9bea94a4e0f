"""Read the training configuration that rsl_rl's users keep beside their checkpoints."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from leapp_core.errors import CheckpointError

AGENT_FILE = Path("params") / "agent.yaml"
"""Where the training scripts of Isaac Lab, mjlab and the built-in tasks write it, beside the checkpoint."""


class _PlainConstructor(SafeConstructor):
    """Safe YAML that takes Python tags as the plain values they are written with, never as objects."""


def _plain(constructor: SafeConstructor, _suffix: str, node: Node) -> Any:
    if isinstance(node, MappingNode):
        return constructor.construct_mapping(node, deep=True)
    if isinstance(node, SequenceNode):
        return constructor.construct_sequence(node, deep=True)
    return constructor.construct_scalar(node)


# Isaac Lab writes tuples and slices with Python tags; what matters of them here are their elements
_PlainConstructor.add_multi_constructor("tag:yaml.org,2002:python/", _plain)


def read_agent_file(path: Path) -> dict[str, Any]:
    """Return the content of an ``agent.yaml``.

    Raises:
        CheckpointError: It is not YAML, or not a mapping.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _PlainConstructor
    try:
        content = yaml.load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError, OSError) as error:
        raise CheckpointError(
            f"the agent configuration cannot be read: {_reason(error)}", where=str(path), code="K005"
        ) from error
    if not isinstance(content, dict):
        raise CheckpointError(
            f"the agent configuration is a {type(content).__name__}",
            where=str(path),
            expected="a mapping with the sections 'actor', 'critic' and 'algorithm' (or, before 5.x, 'policy')",
            code="K005",
        )
    return content


def _reason(error: Exception) -> str:
    """Return what is wrong, and in which line where YAML says so."""
    problem, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
    if problem and mark is not None:
        return f"{problem} (line {mark.line + 1})"
    return str(error).splitlines()[0]


def find_agent_config(checkpoint: Path, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the agent configuration of a checkpoint.

    Args:
        checkpoint: The checkpoint; ``params/agent.yaml`` beside it says how its policy was trained.
        given: The task's own configuration, used where there is no such file.

    Raises:
        CheckpointError: There is neither, or the file is damaged.
    """
    beside = checkpoint.parent / AGENT_FILE
    if beside.is_file():
        return read_agent_file(beside)
    if given is not None:
        return dict(given)
    raise CheckpointError(
        "nothing says how the policy was built (its activation function is not in a checkpoint)",
        where=str(checkpoint),
        expected=f"{AGENT_FILE.as_posix()} beside the checkpoint, or a task with an agent configuration",
        fix=f"copy {AGENT_FILE.as_posix()} from the training run to {beside}",
        code="K005",
    )


def with_changes(agent: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return an agent configuration with single settings replaced.

    Args:
        agent: The configuration, which stays as it is.
        changes: Settings by dotted path, ``actor.activation``; sections that are not there are made.
    """
    changed = copy.deepcopy(dict(agent))
    for path, value in changes.items():
        *sections, key = path.split(".")
        holder = changed
        for section in sections:
            if not isinstance(holder.get(section), dict):
                holder[section] = {}
            holder = holder[section]
        holder[key] = copy.deepcopy(value)
    return changed


def action_limit(agent: Mapping[str, Any], where: str) -> float | None:
    """Return what training limited actions to, plus and minus, or ``None``.

    Raises:
        CheckpointError: It is not a positive number.
    """
    limit = agent.get("clip_actions")
    if limit is None:
        return None
    if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not limit > 0:
        raise CheckpointError(
            f"the agent configuration has clip_actions: {limit!r}",
            where=where,
            expected="a positive number, or none",
            code="K005",
        )
    return float(limit)

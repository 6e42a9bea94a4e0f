"""Configuration overrides of the form ``env.commands.motion.motion_file=walk.npz`` or ``agent.actor.rnn_type=gru``."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable
from typing import Any

from leapp_core.errors import UsageError
from leapp_core.suggest import suggest


def apply_overrides(overrides: Iterable[str], env_cfg: Any, agent_cfg: Any) -> dict[str, Any]:
    """Set each override in the task's configuration objects; return what was set in the agent's, by dotted path.

    A path starts with ``env`` or ``agent`` and goes through dataclass fields and dictionary keys. The value is read
    as a Python literal, and as a plain string if it is none.

    Raises:
        UsageError: no ``=``, or a path that does not exist (the nearest name is suggested).
    """
    of_agent = {}
    for text in overrides:
        path, equals, value = text.partition("=")
        root, *keys = path.strip().split(".")
        roots = {"env": env_cfg, "agent": agent_cfg}
        if not equals or root not in roots or not keys:
            raise UsageError(
                f"override {text!r} cannot be read",
                expected="env.PATH=VALUE or agent.PATH=VALUE, such as env.observations.actor.history_length=3",
                code="E003",
            )
        holder = roots[root]
        for key in keys[:-1]:
            holder = _child(holder, key, text)
        _assign(holder, keys[-1], _value(value.strip()), text)
        if root == "agent":
            of_agent[".".join(keys)] = _value(value.strip())
    return of_agent


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _names(holder: Any) -> list[str]:
    if isinstance(holder, dict):
        return [str(k) for k in holder]
    return [f.name for f in dataclasses.fields(holder)] if dataclasses.is_dataclass(holder) else []


def _child(holder: Any, key: str, text: str) -> Any:
    if key not in _names(holder):
        raise UsageError(f"override {text!r}: there is no {key!r}", expected=suggest(key, _names(holder)), code="E003")
    return holder[key] if isinstance(holder, dict) else getattr(holder, key)


def _assign(holder: Any, key: str, value: Any, text: str) -> None:
    if isinstance(holder, dict):
        holder[key] = value
        return
    _child(holder, key, text)
    setattr(holder, key, value)

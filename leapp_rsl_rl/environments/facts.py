"""Facts about a task that stay readable beside the program that holds them: for people, controllers, simulators.

They are plain values for additional keys of ports and of ``pipeline.configs``, which readers that do not know them
ignore.
``docs/reference/bundle-format.md`` lists them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

OLDEST_FIRST = "oldest first"


def number(value: Any) -> float | None:
    """Return the shortest decimal that reads back as the same float32; nothing for what is not finite."""
    shortest = float(str(np.float32(value)))
    return shortest if math.isfinite(shortest) else None


def numbers(values: Any) -> Any:
    """Return a number, or a list of numbers, whatever holds them: Python, NumPy, PyTorch."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    flat = np.asarray(values, np.float64)
    return number(flat) if flat.ndim == 0 else [number(value) for value in flat.reshape(-1)]


def same(values: Any) -> Any:
    """Return numbers as one where all are equal."""
    listed = numbers(values)
    return listed[0] if isinstance(listed, list) and listed and len(set(listed)) == 1 else listed


def without_nothing(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry without the keys that say nothing."""
    return {key: value for key, value in entry.items() if value is not None}


def physics(timestep: float, decimation: int) -> dict[str, Any]:
    """Return keys for the physics of a task: its step (s) and how many make a control step."""
    return {"physics_timestep": float(timestep), "decimation": int(decimation)}


def manager_facts(env: Any, groups: Iterable[str]) -> dict[str, Any]:
    """Return what observations and actions of a manager-based environment of mjlab or Isaac Lab are made of.

    Args:
        env: With ``observation_manager`` and ``action_manager``; without them there is nothing to tell.
        groups: Observation groups that the policy sees.
    """
    seen, done = getattr(env, "observation_manager", None), getattr(env, "action_manager", None)
    if seen is None or done is None:
        return {}
    terms = [entry for group in groups for entry in _observation_terms(seen, group)]
    actions = [_action_term(name, done.get_term(name)) for name in done.active_terms]
    return {"observation_terms": terms, "action_terms": actions}


def _observation_terms(manager: Any, group: str) -> Iterable[dict[str, Any]]:
    names, sizes = manager.active_terms.get(group, ()), manager.group_obs_term_dim[group]
    for name, size, cfg in zip(names, sizes, manager._group_obs_term_cfgs[group], strict=False):
        history = int(getattr(cfg, "history_length", 0) or 0)
        delay = int(getattr(cfg, "delay_min_lag", 0) or 0)
        yield without_nothing(
            {
                "name": name,
                "group": group,
                "size": math.prod(size),
                "scale": None if cfg.scale is None else same(cfg.scale),
                "clip": None if cfg.clip is None else numbers(cfg.clip),
                "delay_steps": delay or None,
                "history_length": history or None,
                "history_order": OLDEST_FIRST if history else None,
            }
        )


def _action_term(name: str, term: Any) -> dict[str, Any]:
    """Return an action term: the target is ``action * scale + offset``, then clipped."""
    scale, offset, clip = (getattr(term, f"_{key}", None) for key in ("scale", "offset", "clip"))
    targets = getattr(term, "_target_names", None) or getattr(term, "_joint_names", None)
    return without_nothing(
        {
            "name": name,
            "targets": [str(target) for target in targets] if isinstance(targets, (list, tuple)) else None,
            "scale": _row(scale),
            "offset": _row(offset),
            "clip": _limits(clip),
        }
    )


def _row(values: Any) -> Any:
    """Return the values of the only environment."""
    if values is None or isinstance(values, (int, float)):
        return None if values is None else numbers(values)
    return same(values[0]) if hasattr(values, "detach") else None


def _limits(clip: Any) -> Any:
    """Return limits ``[targets, 2]`` of the only environment as pairs."""
    if clip is None or not hasattr(clip, "detach") or clip.ndim != 3:
        return None
    return [numbers(pair) for pair in clip[0]]

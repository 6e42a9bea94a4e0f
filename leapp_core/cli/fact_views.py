"""What a bundle says of the program it holds, as tables: poses, limits, ranges, frames, terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leapp_core.cli.views import Line, View, table

_OF_ELEMENTS = ("default", "range", "effort_limit", "velocity_limit", "stiffness", "damping", "armature")
_OF_PORTS = ("frame", "body", "site", "point", "quaternion_order", "sensor")
_PAIRS = ("range", "clip")
_OBSERVED = ("name", "size", "scale", "clip", "delay_steps", "history")
_DONE = ("name", "target", "scale", "offset", "clip")


def facts_views(facts: Mapping[str, Any]) -> list[View]:
    """Return tables of the additional keys of :func:`leapp_core.cli.bundle_facts.bundle_facts` that a bundle has."""
    configs = facts["configs"]
    views: list[View] = []
    if "physics_timestep" in configs or "decimation" in configs:
        step, count = configs.get("physics_timestep"), configs.get("decimation")
        views.append(Line(f"physics  step of {_text(step) or '?'} s, {_text(count) or '?'} to a control step"))
    ports = [port for port in facts["ports"] if port["outside"]]
    elements = [row for port in ports for row in _elements(port)]
    if elements:
        used = [head for head in _OF_ELEMENTS if any(row[head] for row in elements)]
        rows = [(row["port"], row["element"], *(row[head] for head in used)) for row in elements]
        views.append(table("Elements", ("port", "element", *(head.replace("_", " ") for head in used)), rows))
    frames = [(p["port"].partition("/")[2], *(_text(p["extra"].get(key)) for key in _OF_PORTS)) for p in ports]
    frames = [row for row in frames if any(row[1:])]
    if frames:
        views.append(table("Where readings are told", ("port", *(key.replace("_", " ") for key in _OF_PORTS)), frames))
    seen = [tuple(_cell(term, head) for head in _OBSERVED) for term in _terms(configs, "observation_terms")]
    if seen:
        views.append(table("Observation terms", [head.replace("_", " ") for head in _OBSERVED], seen))
    done = [row for term in _terms(configs, "action_terms") for row in _targets(term)]
    if done:
        views.append(table("Action terms: action * scale + offset, then within clip", _DONE, done))
    return views


def _elements(port: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a row for each element of a port that says something of its elements."""
    extra = port["extra"]
    known = {key: extra[key] for key in _OF_ELEMENTS if isinstance(extra.get(key), (list, tuple))}
    axis = (port["element_names"] or [None])[-1]
    names: Sequence[Any] = axis if isinstance(axis, (list, tuple)) else ()
    if not known:
        return []
    count = max(len(values) for values in known.values())
    return [
        {
            "port": port["port"].partition("/")[2],
            "element": str(names[index]) if index < len(names) else str(index),
            **{key: (_pair if key in _PAIRS else _text)(_at(known.get(key), index)) for key in _OF_ELEMENTS},
        }
        for index in range(count)
    ]


def _terms(configs: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    return [term for term in configs.get(key) or () if isinstance(term, Mapping)]


def _targets(term: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return a row for each target of an action term; one number stands for all."""
    names = term.get("targets")
    names = names if isinstance(names, (list, tuple)) and names else [None]
    rows = []
    for index, name in enumerate(names):
        values = [term.get(key) for key in ("scale", "offset")]
        each = [_at(value, index) if isinstance(value, (list, tuple)) else value for value in values]
        clip = term.get("clip")
        limits = _at(clip, index) if isinstance(clip, (list, tuple)) else None
        rows.append((_text(term.get("name")), _text(name), *(_text(value) for value in each), _pair(limits)))
    return rows


def _at(values: Any, index: int) -> Any:
    return values[index] if values is not None and index < len(values) else None


def _cell(term: Mapping[str, Any], head: str) -> str:
    if head in _PAIRS:
        return _pair(term.get(head))
    if head != "history":
        return _text(term.get(head))
    length = term.get("history_length")
    return f"{length}, {term.get('history_order', 'order unknown')}" if length else ""


def _pair(value: Any) -> str:
    whole = isinstance(value, (list, tuple)) and len(value) == 2
    return f"{_text(value[0])} to {_text(value[1])}" if whole else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(item) for item in value)
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)

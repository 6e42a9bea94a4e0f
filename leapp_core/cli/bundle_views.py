"""A bundle's facts as tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from leapp_core.cli.bundle_facts import SHARED
from leapp_core.cli.fact_views import facts_views
from leapp_core.cli.views import Line, View, fields, table
from leapp_core.spec.port import PortSpec
from leapp_core.visualize.labels import names_text


def bundle_views(facts: Mapping[str, Any]) -> list[View]:
    """Return what ``leapp inspect`` prints of :func:`leapp_core.cli.bundle_facts.bundle_facts`."""
    views: list[View] = [_head(facts), _nodes(facts["nodes"])]
    for direction, title in (("input", "Inputs"), ("output", "Outputs")):
        ports = [port for port in facts["ports"] if port["direction"] == direction and port["outside"]]
        if ports:
            views.append(_outside(f"{title} (outside)", ports, with_node=len(facts["nodes"]) > 1))
    wires = [port for port in facts["ports"] if port["direction"] == "output"]
    rows = [
        (p["port"], w["port"], w["when"], size(p)) for p in wires for w in p["wired_to"] if w["when"] == "this step"
    ]
    taken = [port for port in facts["ports"] if port["direction"] == "input"]
    rows += [(w["port"], p["port"], w["when"], size(p)) for p in taken for w in p["wired_to"] if w["when"] == SHARED]
    if rows:
        views.append(table("Wires between nodes", ("from", "to", "when", "size"), rows))
    views += facts_views(facts)
    if facts["state"]:
        views.append(_state(facts["state"], with_node=len(facts["nodes"]) > 1))
    views.append(_consumers(facts["consumers"]))
    return _spaced(views)


def constants_views(constants: Sequence[Mapping[str, Any]]) -> list[View]:
    """Return the table of captured constants of ``report.json``."""
    if not constants:
        return [Line("\nno captured constants besides parameters and registered buffers")]
    rows = [
        (c["name"], _size_read(c), _range(c["minimum"], c["maximum"]), c["origin"], c["where"], c.get("warning"))
        for c in constants
    ]
    heads = ("constant", "size", "values", "made by", "entered at", "look at")
    return [Line(""), table("Captured constants", heads, rows)]


def size(facts: Mapping[str, Any]) -> str:
    """Return dtype and shape: ``float32[1, 12]``."""
    return f"{facts['dtype']}[{', '.join(str(extent) for extent in facts['shape'])}]"


def _size_read(constant: Mapping[str, Any]) -> str:
    count, whole = constant.get("elements"), math.prod(constant["shape"])
    return size(constant) if count in (None, whole) else f"{size(constant)}, {count} of {whole} read"


def bytes_text(count: int) -> str:
    """Return a file size for people."""
    return f"{count} B" if count < 1000 else f"{count / 1000:.1f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"


def _spaced(views: Iterable[View]) -> list[View]:
    return [item for index, view in enumerate(views) for item in ((Line(""), view) if index else (view,))]


def _head(facts: Mapping[str, Any]) -> View:
    system = facts["system_information"]
    versions = {key.removesuffix(" version"): value for key, value in system.items() if key.endswith(" version")}
    made = ", ".join(
        f"{name} {value}" for name, value in versions.items() if value not in (None, "None", "") and name != "leapp"
    )
    return fields(
        {
            "bundle": facts["name"],
            "folder": facts["folder"],
            "holds": _restriction(facts["configs"]),
            "task": _task(facts["configs"]),
            "frequency": f"{facts['frequency']:g} Hz" if facts["frequency"] else None,
            "made by": versions.get("leapp"),
            "made with": made or None,
            "checked": "files, hashes and wiring are right",
        }
    )


def _restriction(configs: Mapping[str, Any]) -> str | None:
    """Return what a bundle made from a checkpoint alone lacks."""
    if configs.get("policy_only") is not True:
        return None
    return f"the policy network only; not inside: {', '.join(map(str, configs.get('not_included') or ()))}"


def _task(configs: Mapping[str, Any]) -> str | None:
    if not configs.get("task"):
        return None
    words = [str(configs["task"]), *map(str, configs.get("overrides") or ())]
    return " ".join(words) + (f" ({configs['environment']})" if configs.get("environment") else "")


def _nodes(nodes: Sequence[Mapping[str, Any]]) -> View:
    rows = [
        (
            n["name"],
            n["file"],
            n["format"],
            n["parameters"].get("opset_version"),
            bytes_text(n["bytes"]),
            n["sha256"][:12],
        )
        for n in nodes
    ]
    return table("Nodes, in execution order", ("node", "file", "format", "opset", "size", "sha256"), rows)


def _outside(title: str, ports: Sequence[Mapping[str, Any]], *, with_node: bool) -> View:
    rows = [
        (
            port["port"] if with_node else port["port"].partition("/")[2],
            size(port),
            port["kind"],
            _names(port),
            port["connection"],
        )
        for port in ports
    ]
    return table(title, ("port", "size", "kind", "elements", "connection"), rows)


def _names(port: Mapping[str, Any]) -> str:
    spec = PortSpec("", port["dtype"], (), None, port["element_names"], port["temporal_period_ms"])
    return names_text(spec)


def _state(states: Sequence[Mapping[str, Any]], *, with_node: bool) -> View:
    rows = [(_state_name(s, with_node=with_node), size(s), _start(s)) for s in states]
    return table("State, kept from step to step", ("state", "size", "starts at"), rows)


def _state_name(state: Mapping[str, Any], *, with_node: bool) -> str:
    """Return ``X`` for a state that is written as ``X_out`` and read as ``X_in``, else both ports."""
    read, written = str(state["to"]), str(state["from"])
    if read.removesuffix("_in") == written.removesuffix("_out"):
        name = read.removesuffix("_in")
        return name if with_node else name.partition("/")[2]
    return f"{written} -> {read}" if with_node else f"{written.partition('/')[2]} -> {read.partition('/')[2]}"


def _start(state: Mapping[str, Any]) -> str:
    if state["starts_at"] is not None:
        return str(state["starts_at"])
    return _range(*state["range"]) if state["range"] else "empty"


def _range(low: Any, high: Any) -> str:
    if low is None or high is None:
        return ""
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _consumers(consumers: Sequence[Mapping[str, Any]]) -> View:
    rows = [(c["name"], c["summary"], "yes" if c["runs"] else f"no: {c['why_not']}") for c in consumers]
    return table("Runs in (`leapp check` says more)", ("consumer", "what it is", "runs it"), rows)

"""What the page of a bundle says, as plain values for its template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leapp_core.bundle import LoadedBundle
from leapp_core.report.names import short_name
from leapp_core.report.snippets import snippets
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import NodeSpec, PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_core.validation.episodes import Episode
from leapp_core.visualize.labels import TIMES, names_text, size_text
from leapp_core.words import counted

if TYPE_CHECKING:
    import numpy as np

# Units follow from the kind of a port: the LEAPP kinds are in SI units and radians.
UNITS = {
    "state/joint/position": "rad or m",
    "state/joint/velocity": "rad/s or m/s",
    "state/joint/effort": "N m or N",
    "target/joint/position": "rad or m",
    "target/joint/velocity": "rad/s or m/s",
    "target/joint/effort": "N m or N",
    "target/joint/torques": "N m or N",
    "command/joint/position": "rad or m",
    "command/joint/velocity": "rad/s or m/s",
    "state/body/position": "m",
    "state/body/linear_velocity": "m/s",
    "state/body/angular_velocity": "rad/s",
    "state/body/linear_acceleration": "m/s²",
    "state/body/angular_acceleration": "rad/s²",
    "state/body/rotation": "unit quaternion",
    "command/body/rotation": "unit quaternion",
    "command/body/velocity": "m/s, rad/s",
    "kp": "N m/rad or N/m",
    "kd": "N m s/rad or N s/m",
}

_FACT_UNITS = {"physics_timestep": "s"}
_BOUNDS = ("range", "clip")


def page_content(
    bundle: LoadedBundle, report: Mapping[str, Any], episodes: Sequence[Episode], *, source: bool
) -> dict[str, Any]:
    """Return everything the page shows in words and tables.

    Args:
        bundle: Read and checked.
        report: Contents of its ``report.json``.
        episodes: Recorded values, for the range of each port.
        source: Show lines of the user's code beside what was captured from them.
    """
    document = bundle.document
    pipeline = document.pipeline
    ranges = _ranges(episodes)
    inputs = [_port(ref, pipeline.input_spec(ref), ranges, pipeline) for ref in pipeline.inputs]
    outputs = [_port(ref, pipeline.output_spec(ref), ranges, pipeline) for ref in pipeline.outputs]
    constants = [_constant(c, source=source) for c in _records(report, "constants")]
    return {
        "name": document.name,
        "frequency": pipeline.configs.frequency,
        "verdict": _verdict(report),
        "ports": [
            {"title": "What it takes in each control step", "ports": inputs, "more": any(p["facts"] for p in inputs)},
            {"title": "What it gives", "ports": outputs, "more": any(p["facts"] for p in outputs)},
        ],
        "inputs": inputs,
        "outputs": outputs,
        "wires": [{"from": str(e.source), "to": str(e.target)} for e in pipeline.data_flow],
        "states": [_state(bundle, edge.source, edge.target, ranges) for edge in pipeline.feedback],
        "facts": _facts(pipeline.configs.extra),
        "tables": _tables(pipeline.configs.extra),
        "constants": constants,
        "flagged": any(constant["warning"] for constant in constants),
        "levels": [_level(level, single=len(pipeline.nodes) == 1) for level in _levels(report)],
        "rewards": _rewards(report.get("closed_loop")),
        "drift": _drift(report.get("closed_loop")),
        "warnings": [*_texts(report, "warnings"), *_texts(report.get("validation"), "notes")],
        "notes": _texts(report, "notes"),
        "unproven": _texts(report, "unproven"),
        "nodes": [_node(bundle, node, report) for node in pipeline.nodes],
        "versions": {str(k): str(v) for k, v in document.system_information.items() if v not in (None, "None", "")},
        "snippets": snippets(document),
    }


def _verdict(report: Mapping[str, Any]) -> dict[str, str]:
    levels = _levels(report)
    if not levels:
        return {"state": "unknown", "text": "not validated"}
    wrong = [str(level.get("level")) for level in levels if not level.get("ok")]
    if wrong:
        return {"state": "bad", "text": f"differs from the policy in: {', '.join(wrong)}"}
    return {"state": "good", "text": f"validated: {', '.join(str(level.get('level')) for level in levels)}"}


def _levels(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    validation = report.get("validation")
    levels = list(_records(validation, "levels")) if isinstance(validation, dict) else []
    loop = report.get("closed_loop")
    if not isinstance(loop, dict):
        return levels
    shown = loop.get("open_loop")
    return [*levels, *([shown] if isinstance(shown, dict) else []), loop]


def _records(holder: Any, key: str) -> list[Mapping[str, Any]]:
    """Return a list of mappings, whatever a foreign file has in its place."""
    value = holder.get(key) if isinstance(holder, Mapping) else None
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _texts(holder: Any, key: str) -> list[str]:
    value = holder.get(key) if isinstance(holder, Mapping) else None
    return [str(text) for text in value] if isinstance(value, list) else []


def _level(level: Mapping[str, Any], *, single: bool) -> dict[str, Any]:
    """Return a row; where nothing differs no port is named, and in a bundle of one node the node is left out."""
    errors = level.get("max_error")
    errors = errors if isinstance(errors, dict) else {}
    numbers = {str(k): v for k, v in errors.items() if isinstance(v, (int, float))}
    worst = max(numbers, key=lambda port: numbers[port]) if numbers else ""
    at = worst if worst and numbers[worst] else ""
    return {
        "name": str(level.get("level")),
        "ok": bool(level.get("ok")),
        "episodes": level.get("episodes"),
        "steps": level.get("steps"),
        "worst": f"{numbers[worst]:.3g}" if worst else "",
        "at": at.partition("/")[2] if single else at,
        "problems": [_mismatch(found) for found in _records(level, "mismatches")],
        "skipped": _texts(level, "skipped"),
    }


def _mismatch(found: Mapping[str, Any]) -> str:
    place = f"{found.get('node')}/{found.get('port')}, step {found.get('step')}"
    element = f", element {found['element']}" if found.get("element") else ""
    values = found.get("problem") or f"expected {found.get('expected')}, found {found.get('found')}"
    return f"{place}{element}: {values}; likely cause: {found.get('likely_cause')}"


def _rewards(loop: Any) -> str | None:
    if not isinstance(loop, Mapping) or loop.get("policy_reward") is None or loop.get("bundle_reward") is None:
        return None
    policy, made = loop["policy_reward"], loop["bundle_reward"]
    steps = counted(int(loop.get("steps") or 0), "step")
    return f"Reward per step: {policy:.4g} under the policy, {made:.4g} under the bundle, {steps}."


def _drift(loop: Any) -> str:
    text = loop.get("explanation") if isinstance(loop, Mapping) else None
    return f"{text[:1].upper()}{text[1:]}." if isinstance(text, str) else ""


def _ranges(episodes: Sequence[Episode]) -> dict[tuple[str, PortRef], tuple[float, float]]:
    """Return the smallest and largest value of each port over what was captured (fresh inputs are made up)."""
    import numpy as np

    found: dict[tuple[str, PortRef], tuple[float, float]] = {}
    for episode in episodes:
        if episode.name != "replay":
            continue
        for step in episode.steps:
            for side, values in (("in", step.inputs), ("out", step.outputs)):
                for ref, array in values.items():
                    numbers = np.asarray(array, np.float64)
                    numbers = numbers[np.isfinite(numbers)]
                    if numbers.size:
                        low, high = float(numbers.min()), float(numbers.max())
                        old = found.get((side, ref), (low, high))
                        found[side, ref] = min(low, old[0]), max(high, old[1])
    return found


def _port(
    ref: PortRef,
    port: PortSpec,
    ranges: Mapping[tuple[str, PortRef], tuple[float, float]],
    pipeline: PipelineSpec,
) -> dict[str, Any]:
    seen = ranges.get(("in", ref)) or ranges.get(("out", ref))
    return {
        "name": short_name(ref, pipeline),
        "kind": port.kind or "",
        "size": size_text(port),
        "unit": str(port.extra.get("unit") or UNITS.get(port.kind or "", "")),
        "elements": names_text(port),
        "all_elements": _all_names(port),
        "range": _range(*seen, port.dtype) if seen else "",
        "facts": "; ".join(f"{_words(key)} {_fact(key, v)}" for key, v in port.extra.items() if key != "unit"),
    }


def _all_names(port: PortSpec) -> list[str]:
    return [name for axis in port.element_names or () if isinstance(axis, (tuple, list)) for name in axis]


def _range(low: float, high: float, dtype: str = "") -> str:
    if dtype == "bool":
        return f"{bool(low)}" if low == high else "both"
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _state(
    bundle: LoadedBundle,
    source: PortRef,
    target: PortRef,
    ranges: Mapping[tuple[str, PortRef], tuple[float, float]],
) -> dict[str, Any]:
    pipeline = bundle.document.pipeline
    port = pipeline.input_spec(target)
    first = bundle.initial_values.get(target)
    seen = ranges.get(("out", source))
    name = short_name(target, pipeline)
    if str(target).removesuffix("_in") == str(source).removesuffix("_out"):
        name = name.removesuffix("_in")
    return {
        "name": name,
        "size": size_text(port),
        "first": _first_values(first),
        "range": _range(*seen, port.dtype) if seen else "",
        "kind": port.kind or "",
    }


def _first_values(value: np.ndarray[Any, Any] | None) -> str:
    if value is None or value.size == 0:
        return ""
    flat = value.reshape(-1)
    if (flat == flat[0]).all():
        return f"all {flat[0].item()}" if flat.size > 1 else str(flat[0].item())
    shown = ", ".join(f"{number:g}" if flat.dtype.kind == "f" else str(number) for number in flat[:8].tolist())
    return shown if flat.size <= 8 else f"{shown}, … ({counted(flat.size, 'value')})"


def _facts(extra: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return settings of the pipeline that fit in a line each."""
    return [
        {"name": _words(key), "value": f"{_short(value)} {_FACT_UNITS.get(key, '')}".strip()}
        for key, value in extra.items()
        if not _is_table(value)
    ]


def _tables(extra: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return settings that are lists of entries, such as the observation terms, as tables."""
    tables = []
    for key, value in extra.items():
        if not _is_table(value):
            continue
        rows = (
            [entry for entry in value if isinstance(entry, Mapping)]
            if isinstance(value, list)
            else [{"name": name, **entry} for name, entry in value.items() if isinstance(entry, Mapping)]
        )
        heads = list(dict.fromkeys(str(head) for row in rows for head in row))
        tables.append(
            {
                "title": _words(key).capitalize(),
                "heads": [_words(head) for head in heads],
                "rows": [[_fact(head, row.get(head, "")) for head in heads] for row in rows],
            }
        )
    return tables


def _words(key: str) -> str:
    return str(key).replace("_", " ")


def _fact(key: str, value: Any) -> str:
    """Return a value in words; bounds as ``-0.5 to 1``, those of several elements one after the other."""
    if key in _BOUNDS and isinstance(value, (list, tuple)):
        if value and all(isinstance(pair, (list, tuple)) for pair in value):
            return ", ".join(_fact(key, pair) for pair in value)
        if len(value) == 2:
            return f"{_short(value[0])} to {_short(value[1])}"
    return _short(value)


def _is_table(value: Any) -> bool:
    entries = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
    return bool(entries) and all(isinstance(entry, Mapping) for entry in entries)


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_short(entry)}" for key, entry in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_short(entry) for entry in value)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _constant(constant: Mapping[str, Any], *, source: bool) -> dict[str, str]:
    where = str(constant.get("where") or "")
    place, _, line = where.partition(": ")
    low, high = constant.get("minimum"), constant.get("maximum")
    shape = constant.get("shape") or []
    return {
        "name": str(constant.get("name")),
        "node": str(constant.get("node") or ""),
        "size": f"{constant.get('dtype')} {TIMES.join(map(str, shape)) or 'scalar'}",
        "range": _range(low, high) if isinstance(low, (int, float)) and isinstance(high, (int, float)) else "",
        "origin": str(constant.get("origin") or ""),
        "place": place,
        "line": line if source else "",
        "warning": str(constant.get("warning") or ""),
    }


def _node(bundle: LoadedBundle, node: NodeSpec, report: Mapping[str, Any]) -> dict[str, Any]:
    artifact = bundle.document.artifacts[node.name]
    path = bundle.artifact_paths[node.name]
    made = next((n for n in _records(report, "nodes") if n.get("node") == node.name), {})
    operators = _operators(made)
    return {
        "name": node.name,
        "file": artifact.path,
        "format": artifact.format,
        "backend": str(made.get("backend") or ""),
        "opset": str(artifact.parameters.get("opset_version") or ""),
        "size": f"{path.stat().st_size / 1000:.1f} kB",
        "sha256": artifact.sha256,
        "operators": operators,
        "count": sum(number for _, number in operators),
    }


def _operators(made: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return the operators that the export counted, most frequent first."""
    counts = made.get("operators")
    counts = counts if isinstance(counts, dict) else {}
    numbers = [(str(name), number) for name, number in counts.items() if isinstance(number, int)]
    return sorted(numbers, key=lambda item: (-item[1], item[0]))

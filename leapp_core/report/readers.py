"""What runtimes and engines outside this project make of a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leapp_core.bundle import LoadedBundle
from leapp_core.plugins.consumers import ConsumedBundle, Consumer, Finding, judged
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.targets import Target
from leapp_core.words import counted


def consumers_of(bundle: LoadedBundle, plugins: PluginManager) -> list[dict[str, str]]:
    """Return each consumer with why it does not run the bundle, or what is left to do if it does."""
    return [_consumer(entry.item, bundle) for entry in plugins.consumers]


def targets_of(bundle: LoadedBundle, report: Mapping[str, Any], plugins: PluginManager) -> list[dict[str, str]]:
    """Return each target with why it does not take the models as they are."""
    targets = (entry.item for entry in plugins.targets)
    return [
        {
            "name": target.name,
            "summary": target.summary,
            "why_not": unfit(target, bundle, report),
            "left_out": "; operators are not checked" if target.operators is None else "",
        }
        for target in targets
    ]


def _consumer(consumer: Consumer, bundle: LoadedBundle) -> dict[str, str]:
    findings = judged(consumer, ConsumedBundle(bundle.document, bundle.folder))
    why = why_not([finding for finding in findings if finding.blocks]) or ""
    left = "; ".join(dict.fromkeys(finding.fix for finding in findings)) if not why else ""
    return {"name": consumer.name, "summary": consumer.summary, "why_not": why, "left": left}


def why_not(blocking: list[Finding]) -> str | None:
    """Return the first reason, with the number of ports it holds for and of further rules that object."""
    if not blocking:
        return None
    first = blocking[0]
    same = [finding for finding in blocking if finding.rule == first.rule]
    more = len({finding.rule for finding in blocking}) - 1
    where = f"{first.port.ref.port}: " if first.port is not None else ""
    others = f" (and {counted(len(same) - 1, 'more port')})" if len(same) > 1 else ""
    rules = f"; {counted(more, 'more rule')}" if more else ""
    return f"{where}{first.message}{others}{rules}"


def unfit(target: Target, bundle: LoadedBundle, report: Mapping[str, Any]) -> str:
    """Return why a target does not take the models of a bundle as they are; nothing if it does."""
    document = bundle.document
    formats = {artifact.format for artifact in document.artifacts.values()} - {"onnx"}
    if formats:
        return f"it takes ONNX files, not {', '.join(sorted(formats))}"
    sets = [artifact.parameters.get("opset_version") for artifact in document.artifacts.values()]
    newest = max((number for number in sets if isinstance(number, int)), default=0)
    if newest > target.opset:
        return f"the models are written in opset {newest}, it takes {target.opset} and older"
    used = {str(name) for node in report.get("nodes") or () for name in node.get("operators") or ()}
    lacking = sorted(used - target.operators) if target.operators is not None else []
    if lacking:
        return f"it has no {', '.join(lacking)}"
    states = {document.pipeline.input_spec(edge.target).dtype for edge in document.pipeline.feedback} - {"float32"}
    if target.float_state and states:
        return f"it carries float32 state only, not {', '.join(sorted(states))}"
    timed = any(port.temporal_period_ms for node in document.pipeline.nodes for port in (*node.inputs, *node.outputs))
    return "it does not read element names with a temporal axis" if timed and not target.temporal_axis else ""

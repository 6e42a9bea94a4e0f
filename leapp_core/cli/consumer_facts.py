"""What consumers make of a bundle, as plain values that tables and JSON are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leapp_core.cli.listing import provider_facts
from leapp_core.plugins.consumers import ConsumedBundle, Consumer, Finding, PortAt, judged, ports_of
from leapp_core.plugins.manager import PluginManager

if TYPE_CHECKING:
    from leapp_core.bundle import LoadedBundle


def consumer_facts(consumer: Consumer, loaded: LoadedBundle) -> dict[str, Any]:
    """Return the verdict of one consumer on a bundle, with every port."""
    from leapp_core.report.readers import why_not  # with the page, which takes as long to import as all commands

    bundle = ConsumedBundle(loaded.document, loaded.folder)
    findings = judged(consumer, bundle)
    blocking = [finding for finding in findings if finding.blocks]
    return {
        "name": consumer.name,
        "summary": consumer.summary,
        "runs": not blocking,
        "why_not": why_not(blocking),
        "findings": [_finding(finding) for finding in findings],
        "ports": [_port(consumer, port, findings) for port in ports_of(bundle.document)],
    }


def listed_consumers(manager: PluginManager) -> list[dict[str, Any]]:
    """Return every consumer with its rules."""
    return [
        {
            "name": entry.item.name,
            "aliases": list(entry.item.aliases),
            "summary": entry.item.summary,
            "evidence": entry.item.evidence,
            "rules": _rules(entry.item),
            **provider_facts(manager, entry.owner),
        }
        for entry in manager.consumers
    ]


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "blocks": finding.blocks,
        "port": None if finding.port is None else str(finding.port.ref),
        "direction": None if finding.port is None else _direction(finding.port),
        "message": finding.message,
        "fix": finding.fix,
    }


def _port(consumer: Consumer, port: PortAt, findings: tuple[Finding, ...]) -> dict[str, Any]:
    wrong = next((finding.message for finding in findings if finding.port == port and finding.blocks), None)
    return {
        "port": str(port.ref),
        "direction": _direction(port),
        "dtype": port.spec.dtype,
        "kind": port.spec.kind,
        "wired": wrong is None,
        "served": consumer.serves(port) if wrong is None else f"no: {wrong}",
    }


def _direction(port: PortAt) -> str:
    return "input" if port.is_input else "output"


def _rules(consumer: Consumer) -> dict[str, str]:
    try:
        return {rule.name: rule.fact for rule in consumer.rules()}
    except Exception as error:  # noqa: BLE001 - a plugin's defect, named here, hides no other consumer
        return {"the plugin's own code": f"failed: {type(error).__name__}: {error}"}

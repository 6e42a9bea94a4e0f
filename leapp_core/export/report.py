"""What an export did: for the caller, for ``report.json`` and for ``log.txt``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.export.log import ExportLog
from leapp_core.markup import html_block, html_list
from leapp_core.validation.report import ValidationReport
from leapp_core.words import counted

if TYPE_CHECKING:
    from leapp_core.spec.port import PortSpec
    from leapp_core.tracing.result import CapturedPipeline, ConstantRecord

REPORT_VERSION = 1


@dataclass(frozen=True)
class NodeReport:
    """One exported node.

    Attributes:
        node: Its name.
        backend: Exporter used.
        provider: Distribution and version that ship it.
        options: Options in effect.
        file: Artifact in the bundle.
        size: Bytes of the artifact.
        sha256: Its hash.
        steps: Captured steps.
        notes: What the exporter reported.
        operators: How often each operator stands in the artifact, or in the program if the exporter does not say.
    """

    node: str
    backend: str
    provider: str
    options: Mapping[str, Any]
    file: str
    size: int
    sha256: str
    steps: int
    notes: tuple[str, ...] = ()
    operators: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ExportReport:
    """What an export did.

    Attributes:
        graph: Graph name.
        bundle: Folder of the bundle.
        yaml_path: Its YAML file.
        nodes: Exported nodes in execution order.
        validation: What validation found, or ``None`` if it was not asked for.
        constants: Captured constants that are neither parameters nor registered buffers.
        notes: What the user should know.
        warnings: What to look at before the bundle runs on a robot.
        unproven: Checks of capture that could not be made, and why.
        document_sha256: Hash of the YAML file.
        timings: Seconds by stage; not in the bundle, which has the same bytes each time.
    """

    graph: str
    bundle: Path
    yaml_path: Path
    nodes: tuple[NodeReport, ...]
    validation: ValidationReport | None
    constants: tuple[ConstantRecord, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    document_sha256: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether validation was made and found nothing wrong."""
        return self.validation is not None and self.validation.ok and bool(self.validation.levels)

    @property
    def passed(self) -> dict[str, bool]:
        """Whether each node reproduces its program; all ``True`` if validation was not asked for."""
        wrong = {mismatch.port.node for mismatch in self.validation.mismatches} if self.validation else set()
        return {node.node: node.node not in wrong for node in self.nodes}

    def _repr_html_(self) -> str:
        """Return where the bundle is, what validation found, and what the user should know, as a notebook shows it."""
        validated = self.validation._repr_html_() if self.validation else html_block("", "not validated")
        return html_block(
            self.graph, str(self.bundle), validated, html_list([*self.warnings, *self.notes, *self.unproven])
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values for machines, the place and timings included."""
        return {
            **self.content(),
            "bundle": str(self.bundle),
            "yaml": str(self.yaml_path),
            "timings": {name: round(seconds, 4) for name, seconds in self.timings.items()},
        }

    def content(self) -> dict[str, Any]:
        """Return what ``report.json`` holds: what depends on the policy alone, not on place and time."""
        return {
            "report version": REPORT_VERSION,
            "graph": self.graph,
            "document": {"file": self.yaml_path.name, "sha256": self.document_sha256},
            "nodes": [asdict(node) for node in self.nodes],
            "validation": None if self.validation is None else self.validation.to_json(),
            "constants": [asdict(constant) for constant in self.constants],
            "warnings": list(self.warnings),
            "notes": list(self.notes),
            "unproven": list(self.unproven),
        }


def report_text(report: ExportReport) -> str:
    """Return the text of ``report.json``."""
    return json.dumps(report.content(), indent=2, ensure_ascii=False, default=str) + "\n"


def describe(report: ExportReport, captured: CapturedPipeline, log: ExportLog) -> None:
    """Add to the log what was exported and what validation found."""
    spec = captured.spec
    frequency = (
        f"{spec.configs.frequency:g} control steps per second" if spec.configs.frequency else "no frequency given"
    )
    log.note(f"graph {report.graph}: {counted(len(spec.nodes), 'node')}, {frequency}")
    for node in report.nodes:
        log.note(f"node {node.node}: {counted(node.steps, 'captured step')}, {node.backend} from {node.provider}")
        log.note(f"  {node.file}, {counted(node.size, 'byte')}, sha256 {node.sha256}")
        for note in node.notes:
            log.note(f"  note: {note}")
    nodes = {node.name: node for node in spec.nodes}
    for ref in spec.inputs:
        log.note(f"input {ref}: {_port_text(nodes[ref.node].input(ref.port))}")
    for ref in spec.outputs:
        log.note(f"output {ref}: {_port_text(nodes[ref.node].output(ref.port))}")
    for edge in spec.feedback:
        begins = _first_value(captured.initial_values.get(edge.target))
        port = nodes[edge.target.node].input(edge.target.port)
        log.note(f"state: {edge.source} -> {edge.target} of the next step, {_port_text(port)}{begins}")
    _describe_findings(report, log)


def _port_text(port: PortSpec) -> str:
    """Return what a value is: ``float32[1, 3], state/joint/position: shoulder, elbow, wrist``."""
    text = f"{port.dtype}[{', '.join(map(str, port.shape))}]"
    text += f", {port.kind}" if port.kind else ""
    last = port.element_names[-1] if port.element_names else None
    return f"{text}: {', '.join(map(str, last))}" if isinstance(last, (list, tuple)) else text


def _first_value(value: Any) -> str:
    """Return what a state begins with, where it is one number."""
    if value is None or value.numel() == 0:
        return ""
    first = value.reshape(-1)[0].item()
    return f", begins with {first}" if bool((value == first).all()) else ", begins with what the bundle holds"


def _describe_findings(report: ExportReport, log: ExportLog) -> None:
    for constant in report.constants:
        warning = f"; {constant.warning}" if constant.warning else ""
        log.note(f"constant {constant.name} {constant.dtype}{list(constant.shape)} from {constant.where}{warning}")
    for text in report.warnings:
        log.note(f"warning: {text}")
    for text in report.notes:
        log.note(f"note: {text}")
    for text in report.unproven:
        log.note(f"not proven: {text}")
    if report.validation is None:
        log.note("validation: not asked for")
        return
    for level in report.validation.levels:
        result = "ok" if level.ok else "FAILED"
        worst = max(level.max_error.values(), default=0.0)
        log.note(f"validation, {level.level}: {result}, {counted(level.steps, 'step')}, largest difference {worst:.3g}")
        for line in [*level.skipped, *map(str, level.mismatches)]:
            log.note(f"  {line}")
    for text in report.validation.notes:
        log.note(f"validation: {text}")

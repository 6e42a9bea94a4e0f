"""Export a captured pipeline: plan, write, validate, picture, put in place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.bundle import load_document
from leapp_core.bundle.files import hash_file
from leapp_core.errors import ExportError, LeappError, MissingExtraError
from leapp_core.export.arrays import to_array
from leapp_core.export.assemble import add_samples, make_document, write_yaml
from leapp_core.export.boundary import split_options, warn_of_unread_inputs, with_float_state, without_unread_inputs
from leapp_core.export.cautions import cautions
from leapp_core.export.contents import LOG, REPORT, check_clash, reserved_names
from leapp_core.export.gains import limp_joints
from leapp_core.export.log import ExportLog, Progress
from leapp_core.export.observers import Observers
from leapp_core.export.plan import ExportPlan, NodePlan, make_plan
from leapp_core.export.report import ExportReport, NodeReport, describe, report_text
from leapp_core.export.single_node import as_single_node
from leapp_core.export.staging import Staging, staging
from leapp_core.export.target import fit_pipeline, fit_plan, write_for_target
from leapp_core.export.validate import ValidationSettings, beside_level, make_episodes, validate_bundle_against
from leapp_core.plugins.exporters import NodeProgram, WrittenArtifact
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.targets import Target
from leapp_core.spec.document import BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import GraphConfigs
from leapp_core.trust import remember_made_here
from leapp_core.validation.report import ValidationReport

if TYPE_CHECKING:
    from leapp_core.tracing.result import CapturedPipeline


def export_pipeline(  # noqa: PLR0913 - the one call that everything goes through; all but the first are named
    captured: CapturedPipeline,
    *,
    save_path: str | Path,
    plugins: PluginManager,
    backend: str = "onnx-dynamo",
    options: Mapping[str, Any] | None = None,
    configs: GraphConfigs | None = None,
    validate: bool = True,
    visualize: bool = True,
    strict: bool = True,
    validation: ValidationSettings | None = None,
    progress: Progress | None = None,
    drop_unread: bool = False,
    begins_at_reset: bool = False,
    target: str | None = None,
) -> ExportReport:
    """Write ``<save_path>/<graph>/``; an export that fails or is killed leaves what was there.

    Args:
        captured: What to export.
        save_path: Folder in which the bundle's folder goes.
        plugins: Where backends and runners come from.
        backend: For nodes that do not ask for one themselves.
        options: Options of ``backend``, and ``state_dtype`` and ``single_node``, which hold for every backend.
        configs: Frequency and settings of the pipeline, in place of the captured ones.
        validate: Hold the bundle against the programs (levels 1 and 2).
        visualize: Draw the picture and write the page ``report.html``.
        strict: A bundle that fails validation is not put in place, and the failure is raised.
        validation: How to validate.
        progress: Told what begins and what is done.
        begins_at_reset: The recording begins right after a reset: what state it begins with is no reason for a warning.
        drop_unread: Leave out inputs from outside that no program reads, instead of a warning.
        target: Engine that the models are written for (``onnxruntime-1.16``, …).

    Raises:
        UsageError: unknown backend, option or target, before any work.
        MissingExtraError: a backend needs packages that are not installed.
        ExportError: a backend cannot express a node, the target lacks an operator, or the place cannot be written to.
        ValidationError: the bundle does not reproduce the programs (unless ``strict`` is off).
    """
    captured = captured if configs is None else replace(captured, spec=replace(captured.spec, configs=configs))
    own, options = split_options(options or {})
    engine = None if target is None else plugins.targets.get(target)
    captured = captured if engine is None else fit_pipeline(engine, captured)
    captured = (without_unread_inputs if drop_unread else warn_of_unread_inputs)(captured)
    captured = as_single_node(captured) if own.single_node else captured
    captured = with_float_state(captured) if own.state_dtype == "float32" else captured
    plan = make_plan(captured, plugins, backend, options)
    plan = plan if engine is None else fit_plan(engine, plan)
    checks = (validation or ValidationSettings()) if validate else None
    observers = Observers(plugins)
    said = cautions(captured, begins_at_reset=begins_at_reset)
    job = _Job(captured, plan, plugins, checks, ExportLog(progress), observers, said, engine)
    with staging(Path(save_path), plan.graph) as place:
        observers.tell("leapp_export_started", graph=captured.name, save_path=Path(save_path))
        check_clash(place.target, plan.graph, reserved_names(plan.graph) | {node.file for node in plan.nodes})
        report = job.write(place, strict=strict, visualize=visualize)
        place.commit()
    remember_made_here(node.sha256 for node in report.nodes)
    observers.tell("leapp_export_finished", graph=captured.name, bundle=report.bundle)
    return replace(report, notes=(*report.notes, *observers.notes))


@dataclass(frozen=True)
class _Job:
    """One export, its parts in the order they are called."""

    captured: CapturedPipeline
    plan: ExportPlan
    plugins: PluginManager
    validation: ValidationSettings | None
    log: ExportLog
    observers: Observers
    cautions: tuple[str, ...] = ()
    target: Target | None = None

    def write(self, place: Staging, *, strict: bool, visualize: bool) -> ExportReport:
        written = {node.node: self._artifact(node, place.folder) for node in self.plan.nodes}
        document = make_document(self.captured, self.plan, written, place.folder)
        write_yaml(document, place.folder)
        document, validation = self._validate(document, place.folder)
        report = self._report(document, written, validation, place)
        if validation is not None and strict:
            validation.raise_if_wrong(f"bundle {self.captured.name!r}")
        notes = self._picture(document, place.folder) if visualize else ()
        report = replace(report, notes=(*report.notes, *notes))
        describe(report, self.captured, self.log)
        (place.folder / LOG).write_text(self.log.text(), encoding="utf-8")
        (place.folder / REPORT).write_text(report_text(report), encoding="utf-8")
        if visualize:
            report = replace(report, notes=(*report.notes, *self._page(place.folder)))
        return replace(report, timings=dict(self.log.timings))

    def _artifact(self, node: NodePlan, folder: Path) -> WrittenArtifact:
        with self.log.stage(f"export {node.node}"):
            try:
                written = write_for_target(self.target, self.captured, node, folder, self.plugins)
            except (LeappError, OSError):
                raise
            except Exception as error:  # a plugin's own failure is told as what it is, with who provides it
                raise ExportError(
                    f"backend {node.exporter.name!r} ({node.provider}) failed on node {node.node!r}: "
                    f"{type(error).__name__}: {str(error)[:500]}",
                    where=f"node {node.node!r}",
                    fix="try another backend, or report this to the backend's author",
                    code="X003",
                ) from error
        self.observers.tell("leapp_artifact_written", node=node.node, artifact=written)
        return written

    def _validate(self, document: BundleDocument, folder: Path) -> tuple[BundleDocument, ValidationReport | None]:
        if self.validation is None:
            return document, None
        with self.log.stage("run the program on captured and fresh inputs"):
            episodes = make_episodes(self.captured, self.validation)
            document = add_samples(document, episodes, folder)
            path = write_yaml(document, folder)
        with self.log.stage("validate"):
            bundle = load_document(path)
            report = validate_bundle_against(bundle, episodes, self.plugins, self.validation)
        beside = beside_level(self.captured.evidence)
        return document, report if beside is None else replace(report, levels=(beside, *report.levels))

    def _picture(self, document: BundleDocument, folder: Path) -> tuple[str, ...]:
        from leapp_core.visualize import render

        with self.log.stage("picture"):
            try:
                render(document, folder, document.name, initial_values=self._initial_values())
            except LeappError as error:
                return (f"no picture: {error.in_short()}",)
        return ()

    def _page(self, folder: Path) -> tuple[str, ...]:
        from leapp_core.report import write_report

        with self.log.stage("report page"):
            try:
                write_report(folder / f"{self.plan.graph}.yaml", self.plugins, trust=True)
            except MissingExtraError as error:
                return (f"no report page: {error.in_short()}",)
        return ()

    def _initial_values(self) -> dict[PortRef, Any]:
        return {ref: to_array(value) for ref, value in self.captured.initial_values.items()}

    def _report(
        self,
        document: BundleDocument,
        written: Mapping[str, WrittenArtifact],
        validation: ValidationReport | None,
        place: Staging,
    ) -> ExportReport:
        nodes = tuple(
            NodeReport(
                node=node.node,
                backend=node.exporter.name,
                provider=node.provider,
                options=vars(node.options) if is_dataclass(node.options) else {},
                file=node.file,
                size=(place.folder / node.file).stat().st_size,
                sha256=document.artifacts[node.node].sha256,
                steps=len(node.program.samples),
                notes=written[node.node].notes,
                operators=written[node.node].operators or _operators(node.program),
            )
            for node in self.plan.nodes
        )
        return ExportReport(
            graph=self.captured.name,
            bundle=place.target,
            yaml_path=place.target / f"{self.plan.graph}.yaml",
            nodes=nodes,
            validation=validation,
            constants=self.captured.constants,
            notes=self.captured.notes,
            warnings=(*self.captured.warnings, *limp_joints(self.captured), *self.cautions),
            unproven=self.captured.unproven,
            document_sha256=hash_file(place.folder / f"{self.plan.graph}.yaml"),
        )


def _operators(program: NodeProgram) -> dict[str, int]:
    """Return how often a program calls each ATen operator."""
    calls = (node.target for node in program.exported.graph.nodes if node.op == "call_function")
    return dict(sorted(Counter(str(getattr(target, "name", lambda t=target: t)()) for target in calls).items()))

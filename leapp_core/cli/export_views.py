"""What an export did, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leapp_core.cli.bundle_views import bytes_text
from leapp_core.cli.views import Fields, Line, View, fields, table
from leapp_core.words import counted

if TYPE_CHECKING:
    from leapp_core.export.loop_report import ClosedLoopReport
    from leapp_core.policy_export.job import JobResult
    from leapp_core.validation.report import ValidationReport


def export_views(result: JobResult) -> list[View]:
    """Return what ``leapp export`` prints when it is done."""
    report = result.report
    views: list[View] = [Line(""), _head(result), Line("")]
    levels = result.levels
    if levels.levels:
        views.append(levels_table(levels))
    else:
        views.append(Line("not validated (--validation_steps 0)", style="yellow"))
    if result.closed_loop is not None:
        views += [Line(""), closed_loop_fields(result.closed_loop)]
    views += [Line(f"{level.level}: {level.about}") for level in levels.levels if level.about]
    drift = result.closed_loop.explanation if result.closed_loop is not None else None
    flagged = [f"constant from {c.where}: {c.warning}" for c in report.constants if c.warning]
    warnings = [*report.warnings, *flagged, *levels.notes]
    notes = [*report.notes, *report.unproven, *result.notes, *([drift] if drift else [])]
    views += [Line("")] if warnings or notes else []
    views += [Line(f"warning: {text}", style="bold yellow") for text in warnings]
    return views + [Line(f"note: {note}", style="yellow") for note in notes]


def _head(result: JobResult) -> View:
    report = result.report
    files = ", ".join(f"{node.file} ({bytes_text(node.size)}, {node.backend})" for node in report.nodes)
    return fields(
        {
            "bundle": report.bundle,
            "policy": result.policy,
            "checkpoint": result.checkpoint,
            "model": files,
            "recorded": result.recording,
        }
    )


def levels_table(report: ValidationReport) -> View:
    """Return one row per level of validation."""
    rows = report.rows()
    return table("Validation", tuple(rows[0]), (tuple(row.values()) for row in rows))


def closed_loop_fields(loop: ClosedLoopReport) -> Fields:
    """Return rewards and differences of an episode."""
    return fields(
        {
            "reward per step": f"{_reward(loop.policy_reward)} policy, {_reward(loop.bundle_reward)} bundle",
            "largest difference": f"{max(loop.level.max_error.values(), default=0.0):.3g} of an action, "
            f"{max(loop.state_error.values(), default=0.0):.3g} of the robot's state",
            "over": counted(loop.level.steps, "control step") + (", until the episode ended" if loop.finished else ""),
        }
    )


def _reward(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4f}"

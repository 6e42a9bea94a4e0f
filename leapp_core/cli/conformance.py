"""Shows the results of a conformance kit as they come."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import Line
from leapp_core.errors import UsageError
from leapp_core.plugins.exporters import Exporter
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.runners import Runner

if TYPE_CHECKING:
    from leapp_core.testing.conformance import CheckResult

_STYLES = {"exact": "", "refused": "yellow", "failed": "red", "ok": ""}


def run_conformance(exporter: Exporter, plugins: PluginManager, *, as_json: bool) -> bool:
    """Run the kit for backends and return whether nothing failed."""
    from leapp_core.testing.conformance import check_exporter

    runner = _runner(exporter, plugins)
    facts = {"backend": exporter.name, "runner": runner.name if runner else None}
    without = "" if runner else f"; there is no runner for {exporter.format!r}, so artifacts were not run"
    return show_results(check_exporter(exporter, runner), facts, as_json=as_json, remark=without)


def show_results(results: Iterable[CheckResult], facts: dict[str, Any], *, as_json: bool, remark: str = "") -> bool:
    """Show results as they come, or all of them as JSON.

    Args:
        results: Outcomes of checks.
        facts: What was checked, for JSON.
        as_json: Print JSON.
        remark: What to say after the counts.

    Returns:
        Whether nothing failed.
    """
    found = []
    for result in results:
        found.append(result)
        if not as_json:
            word = result.verdict if result.ok else "FAILED"
            text = f"{word:<7} {result.name} ({result.seconds:.1f} s)"
            show(Line(text, style=_STYLES[result.verdict]))
            if result.detail:
                show("        " + result.detail.replace("\n", "\n        "))
    counts = {verdict: sum(result.verdict == verdict for result in found) for verdict in _STYLES}
    if as_json:
        checks = [{**dataclasses.asdict(result), "ok": result.ok} for result in found]
        show_json({**facts, "ok": not counts["failed"], "counts": counts, "checks": checks})
    else:
        if not counts["exact"] and not counts["refused"]:
            show(f"{counts['ok']} checks hold, {counts['failed']} failed{remark}")
        else:
            cases = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("exact", "refused", "failed"))
            show(f"{cases}; {counts['ok']} other checks hold{remark}")
    return not counts["failed"]


def _runner(exporter: Exporter, plugins: PluginManager) -> Runner | None:
    try:
        return plugins.runners.get(exporter.format)
    except UsageError:
        return None

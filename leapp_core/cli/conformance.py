"""Runs the conformance kit on a backend and shows each check as it is done."""

from __future__ import annotations

import dataclasses

from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import Line
from leapp_core.errors import UsageError
from leapp_core.plugins.exporters import Exporter
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.runners import Runner


def run_conformance(exporter: Exporter, plugins: PluginManager, *, as_json: bool) -> bool:
    """Return whether every check holds."""
    from leapp_core.testing.conformance import check_exporter

    runner = _runner(exporter, plugins)
    results = []
    for result in check_exporter(exporter, runner):
        results.append(result)
        if not as_json:
            verdict = "ok    " if result.ok else "FAILED"
            show(Line(f"{verdict} {result.name} ({result.seconds:.1f} s)", style="" if result.ok else "red"))
            if result.detail:
                show("       " + result.detail.replace("\n", "\n       "))
    failed = sum(not result.ok for result in results)
    if as_json:
        facts = {"backend": exporter.name, "runner": runner.name if runner else None, "ok": not failed}
        show_json(facts | {"checks": [dataclasses.asdict(result) for result in results]})
    else:
        without = "" if runner else f"; there is no runner for {exporter.format!r}, so artifacts were not run"
        show(f"{len(results) - failed} of {len(results)} checks hold{without}")
    return not failed


def _runner(exporter: Exporter, plugins: PluginManager) -> Runner | None:
    try:
        return plugins.runners.get(exporter.format)
    except UsageError:
        return None

"""``leapp targets``: which engines models can be written for."""

from __future__ import annotations

from typing import Any

import typer

from leapp_core.cli.listing import provided_by, provider_facts
from leapp_core.cli.options import JsonFlag, examples, plugins_of
from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import table
from leapp_core.plugins.markers import hookimpl


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``targets``."""
    app.command("targets", epilog=examples("leapp targets", "leapp targets --json"))(targets)


def targets(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List engines that models are written for."""
    manager = plugins_of(context)
    facts: list[dict[str, Any]] = [
        {
            "name": entry.item.name,
            "aliases": list(entry.item.aliases),
            "summary": entry.item.summary,
            "opset": entry.item.opset,
            "operators": None if entry.item.operators is None else sorted(entry.item.operators),
            "ran": entry.item.ran,
            "published": entry.item.published,
            **provider_facts(manager, entry.owner),
        }
        for entry in manager.targets
    ]
    if as_json:
        show_json({"targets": facts})
        return
    rows = (
        (
            f["name"],
            provided_by(f),
            f["summary"],
            f["opset"],
            _operators(f),
            f["published"] or "-",
            f["ran"] or "not run",
        )
        for f in facts
    )
    titles = ("target", "provided by", "what it is", "opset", "operators", "from what is published", "run in")
    show(table(None, titles, rows))


def _operators(facts: dict[str, Any]) -> str:
    return "not checked" if facts["operators"] is None else f"{len(facts['operators'])} checked"

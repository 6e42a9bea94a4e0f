"""``leapp check``: does a runtime outside this project take a bundle, and what is left to do?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leapp_core.cli.consumer_facts import consumer_facts, listed_consumers
from leapp_core.cli.consumers import show_consumers
from leapp_core.cli.options import JsonFlag, examples, plugins_of
from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import Line, View, table
from leapp_core.errors import UsageError, ValidationError
from leapp_core.plugins.markers import hookimpl

if TYPE_CHECKING:
    from leapp_core.plugins.manager import PluginManager


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``check``."""
    app.command(
        "check",
        epilog=examples("leapp check out/X", "leapp check out/X --consumer NAME", "leapp check --list"),
    )(check)


BUNDLE = typer.Argument(metavar="BUNDLE", help="Folder of a bundle, or its YAML file.", show_default=False)
CONSUMER = typer.Option("--consumer", help="Check for this consumer, port by port; without, for all in short.")
LIST = typer.Option("--list", help="List consumers, or the rules of the one named by --consumer.")


def check(
    context: typer.Context,
    bundle: Annotated[Path | None, BUNDLE] = None,
    consumer: Annotated[str | None, CONSUMER] = None,
    listed: Annotated[bool, LIST] = False,
    as_json: JsonFlag = False,
) -> None:
    """Check whether runtimes outside this project take a bundle.

    Where they do not, it says what to do. Leaves with code 9 if the consumer
    named would refuse the bundle or run it wrong.
    """
    manager = plugins_of(context)
    if listed:
        _list(manager, consumer, as_json=as_json)
        return
    if bundle is None:
        raise UsageError(
            "no bundle was given", fix="leapp check BUNDLE; `leapp check --list` shows consumers", code="U002"
        )
    from leapp_core.bundle import load_document

    chosen = [manager.consumers.get(consumer)] if consumer else [entry.item for entry in manager.consumers]
    loaded = load_document(bundle)
    facts = [consumer_facts(item, loaded) for item in chosen]
    if as_json:
        show_json({"bundle": loaded.document.name, "consumers": facts})
    else:
        show(*(_one(loaded.document.name, facts[0]) if consumer else [summary(facts)]))
    if consumer and not facts[0]["runs"]:
        rules = sorted({finding["rule"] for finding in facts[0]["findings"] if finding["blocks"]})
        raise ValidationError(
            f"{facts[0]['name']} does not run this bundle: {', '.join(rules)}", where=loaded.document.name, code="V004"
        )


def summary(facts: list[dict[str, Any]]) -> View:
    """Return one row per consumer."""
    rows = [(f["name"], f["summary"], "yes" if f["runs"] else f"no: {f['why_not']}", _left(f)) for f in facts]
    return table("Runs in", ("consumer", "what it is", "runs it", "left to do"), rows)


def _left(facts: dict[str, Any]) -> str:
    return "; ".join(dict.fromkeys(f["fix"] for f in facts["findings"] if not f["blocks"])) if facts["runs"] else ""


def _one(name: str, facts: dict[str, Any]) -> list[View]:
    verdict = "runs" if facts["runs"] else "does not run"
    views: list[View] = [Line(f"{facts['summary']} {verdict} {name}"), Line("")]
    ports = [(p["port"], p["direction"], p["dtype"], p["kind"], p["served"]) for p in facts["ports"]]
    views.append(table("Ports", ("port", "", "type", "kind", "served by"), ports))
    if facts["findings"]:
        views += [Line(""), table("To do", ("rule", "where", "what", "fix"), _to_do(facts["findings"]))]
    return views


def _to_do(findings: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Return one row for everything that one change puts right."""
    ports: dict[tuple[str, ...], list[str]] = {}
    for found in findings:
        ports.setdefault((found["rule"], found["message"], found["fix"]), []).append(found["port"] or "the bundle")
    return [
        (rule, where[0] if len(where) == 1 else f"{where[0]} and {len(where) - 1} more", message, fix)
        for (rule, message, fix), where in ports.items()
    ]


def _list(manager: PluginManager, consumer: str | None, *, as_json: bool) -> None:
    if consumer is None:
        show_consumers(manager, as_json=as_json)
        return
    name = manager.consumers.get(consumer).name
    facts = [entry for entry in listed_consumers(manager) if entry["name"] == name]
    if as_json:
        show_json({"consumers": facts})
    else:
        show(table(f"Rules of {facts[0]['name']}", ("rule", "fact"), facts[0]["rules"].items()))

"""``leapp backends``: which export backends there are and what they can do."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from leapp_core.cli.listing import availability, provided_by, provider_facts, status
from leapp_core.cli.options import JsonFlag, examples, plugins_of
from leapp_core.cli.plugins import broken, plugin_facts, show_broken
from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import fields, table
from leapp_core.plugins.exporters import Exporter
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.markers import hookimpl
from leapp_core.plugins.options import describe_options
from leapp_core.plugins.registry import Entry


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add the group ``backends``."""
    group = typer.Typer(help="Export backends, ours and those of plugins.", no_args_is_help=True)
    group.command("list", epilog=examples("leapp backends list --json"))(list_backends)
    group.command("show", epilog=examples("leapp backends show onnx-dynamo"))(show_backend)
    group.command("test", epilog=examples("leapp backends test onnx-dynamo"))(check_backend)
    app.add_typer(group, name="backends")


BackendName = Annotated[str, typer.Argument(metavar="NAME", help="Name or alias of the backend.", show_default=False)]


def list_backends(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the backends and who provides them.

    Says too which cannot be used here and what they need, and names broken plugins.
    """
    manager = plugins_of(context)
    facts = [_facts(manager, entry) for entry in manager.exporters]
    if as_json:
        show_json({"backends": facts, "broken_plugins": [plugin_facts(info) for info in broken(manager)]})
        return
    rows = ((f["name"], ", ".join(f["aliases"]), f["format"], provided_by(f), status(f), f["summary"]) for f in facts)
    show(table(None, ("backend", "also", "format", "provided by", "status", "writes"), rows))
    show_broken(broken(manager))


def show_backend(context: typer.Context, name: BackendName, as_json: JsonFlag = False) -> None:
    """Show one backend with its options.

    `leapp export --option KEY=VALUE` takes them.
    """
    manager = plugins_of(context)
    entry = manager.exporters.entry(name)
    facts = _facts(manager, entry)
    if as_json:
        show_json(facts | {"options": _options(entry.item)})
        return
    show(
        fields(
            {
                "backend": facts["name"],
                "also": ", ".join(facts["aliases"]) or None,
                "writes": facts["summary"],
                "format": f"{facts['format']} (*{facts['suffix']})",
                "provided by": f"{provided_by(facts)} (plugin {facts['plugin']})",
                "status": status(facts),
            }
        )
    )
    options = _options(entry.item)
    if not options:
        show("\nno options")
        return
    rows = ((o["name"], o["type"], o["default"], o["help"]) for o in options)
    show("", table("Options", ("option", "type", "default", "what it does"), rows))


def check_backend(context: typer.Context, name: BackendName, as_json: JsonFlag = False) -> None:
    """Run the conformance kit on a backend.

    Does it export policies of every kind, do the files compute the same, are wrong options refused?
    """
    from leapp_core.cli.conformance import run_conformance

    manager = plugins_of(context)
    exporter = manager.exporters.get(name)
    exporter.require()
    if not run_conformance(exporter, manager, as_json=as_json):
        raise typer.Exit(9)


def _facts(manager: PluginManager, entry: Entry[Exporter]) -> dict[str, Any]:
    exporter = entry.item
    return {
        "name": exporter.name,
        "aliases": list(exporter.aliases),
        "format": exporter.format,
        "suffix": exporter.suffix,
        "summary": exporter.summary,
        **provider_facts(manager, entry.owner),
        **availability(exporter),
    }


def _options(exporter: Exporter) -> list[dict[str, Any]]:
    return [
        {"name": name, "type": kind, "default": None if default is dataclasses.MISSING else default, "help": text}
        for name, kind, default, text in describe_options(exporter.options_type)
    ]

"""``leapp adapters``: which training libraries' checkpoints can be loaded."""

from __future__ import annotations

import typer

from leapp_core.cli.listing import availability, provided_by, provider_facts, status
from leapp_core.cli.options import JsonFlag, examples, plugins_of
from leapp_core.cli.plugins import broken, plugin_facts, show_broken
from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import table
from leapp_core.plugins.markers import hookimpl


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add the group ``adapters``."""
    group = typer.Typer(help="Policy adapters: training libraries whose checkpoints load.", no_args_is_help=True)
    group.command("list", epilog=examples("leapp adapters list"))(list_adapters)
    app.add_typer(group, name="adapters")


def list_adapters(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the policy adapters and who provides them."""
    manager = plugins_of(context)
    facts = [
        {"name": e.item.name, "summary": e.item.summary, **provider_facts(manager, e.owner), **availability(e.item)}
        for e in manager.adapters
    ]
    if as_json:
        show_json({"adapters": facts, "broken_plugins": [plugin_facts(info) for info in broken(manager)]})
        return
    rows = ((f["name"], provided_by(f), status(f), f["summary"]) for f in facts)
    show(table(None, ("adapter", "provided by", "status", "loads"), rows))
    show_broken(broken(manager))

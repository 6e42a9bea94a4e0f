"""``leapp envs``: where tasks come from, and which tasks there are."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from leapp_core.cli.listing import availability, provided_by, provider_facts, status
from leapp_core.cli.options import ImportOption, JsonFlag, examples, plugins_of
from leapp_core.cli.plugins import broken, plugin_facts, show_broken
from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import Line, table
from leapp_core.plugins.environments import EnvironmentProvider
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.markers import hookimpl
from leapp_core.plugins.registry import Entry


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add the group ``envs``."""
    group = typer.Typer(help="Environments and their tasks.", no_args_is_help=True)
    group.command("list", epilog=examples("leapp envs list", "leapp envs list builtin --json"))(list_environments)
    app.add_typer(group, name="envs")


ENV_NAME = typer.Argument(metavar="ENV", help="List the tasks of this environment only.", show_default=False)


def list_environments(
    context: typer.Context,
    env: Annotated[str | None, ENV_NAME] = None,
    imports: ImportOption = None,
    as_json: JsonFlag = False,
) -> None:
    """List environments and their tasks.

    Tasks of environments that are slow to ask, such as simulators, are listed when one is named.
    """
    manager = plugins_of(context)
    entries = [manager.environments.entry(env)] if env else list(manager.environments)
    facts = [_facts(manager, entry, tuple(imports or ()), with_tasks=bool(env)) for entry in entries]
    if env and not facts[0]["tasks"]:
        entries[0].item.require()
    if as_json:
        show_json({"environments": facts, "broken_plugins": [plugin_facts(info) for info in broken(manager)]})
        return
    rows = ((f["name"], provided_by(f), status(f), f["summary"]) for f in facts)
    show(table(None, ("environment", "provided by", "status", "tasks of"), rows))
    for entry, fact in zip(entries, facts, strict=True):
        _show_tasks(entry.item, fact)
    if env and facts[0]["examples"]:
        show("", "Examples:", *(f"  {line}" for line in facts[0]["examples"]))
    show_broken(broken(manager))


def _facts(
    manager: PluginManager, entry: Entry[EnvironmentProvider], imports: tuple[str, ...], *, with_tasks: bool
) -> dict[str, Any]:
    provider = entry.item
    facts: dict[str, Any] = {
        "name": provider.name,
        "summary": provider.summary,
        "examples": list(provider.examples),
        **provider_facts(manager, entry.owner),
        **availability(provider),
    }
    tasks, error = None, None
    if provider.light or (with_tasks and facts["available"]):
        try:
            tasks = [dataclasses.asdict(task) for task in (*provider.tasks(), *provider.tasks_of(imports))]
        except Exception as caught:
            if with_tasks:
                raise
            # One environment that cannot list its tasks must not hide the others.
            error = f"{type(caught).__name__}: {caught}"
    return facts | {"tasks": tasks, "error": error}


def _show_tasks(provider: EnvironmentProvider, facts: dict[str, Any]) -> None:
    if facts["tasks"]:
        rows = ((t["name"], "yes" if t["pretrained"] else "", t["summary"]) for t in facts["tasks"])
        show("", table(f"Tasks of {provider.name}", ("task", "checkpoint shipped", "what it is"), rows))
    elif facts["error"]:
        show("", Line(f"the tasks of {provider.name} cannot be listed: {facts['error']}", style="red"))
    elif facts["available"]:
        show("", Line(f"leapp envs list {provider.name} lists the tasks of {provider.name}", style="dim"))

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
from leapp_core.errors import UsageError
from leapp_core.plugins.environments import EnvironmentProvider
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.markers import hookimpl
from leapp_core.plugins.registry import Entry
from leapp_core.suggest import suggest


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add the group ``envs``."""
    group = typer.Typer(help="Environments and their tasks.", no_args_is_help=True)
    group.command("list", epilog=examples("leapp envs list", "leapp envs list builtin --json"))(list_environments)
    lines = (
        "leapp envs test builtin --task Builtin-Reach-Arm",
        "leapp envs test NAME --import my_tasks",
    )
    group.command("test", epilog=examples(*lines))(check_env)
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


PROVIDER = typer.Argument(metavar="ENV", help="Name of the environment.", show_default=False)
TASK = typer.Option("--task", help="A task of it; by default the first that it lists, of --import if that is given.")
DEVICE = typer.Option("--device", help="PyTorch device of the environment.")
GROUPS = typer.Option("--group", help="Observation group that policies read; by default policy, or all.")


def check_env(
    context: typer.Context,
    env: Annotated[str, PROVIDER],
    task: Annotated[str | None, TASK] = None,
    device: Annotated[str, DEVICE] = "cpu",
    groups: Annotated[list[str] | None, GROUPS] = None,
    imports: ImportOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Run the conformance kit on an environment provider.

    Do equal seeds give equal episodes, and does a bundle control the deployment form as a policy the training form?
    """
    from leapp_core.cli.conformance import show_results

    provider = plugins_of(context).environments.get(env)
    provider.require()
    modules = tuple(imports or ())
    chosen = _chosen_task(provider, task, modules)
    from leapp_core.testing.conformance import check_environment
    from leapp_core.testing.env_checks import EnvSubject

    facts = {"environment": provider.name, "task": chosen}
    subject = EnvSubject(provider, chosen, device, tuple(groups) if groups else None, modules)
    if not show_results(check_environment(subject), facts, as_json=as_json):
        raise typer.Exit(9)


def _chosen_task(provider: EnvironmentProvider, task: str | None, imports: tuple[str, ...]) -> str:
    """Import modules of other projects and return the task to check."""
    before = {info.name for info in provider.tasks()}
    provider.import_tasks(imports)
    listed = [info.name for info in (*provider.tasks(), *provider.tasks_of(imports))]
    if not listed and task is None:
        raise UsageError(
            f"environment {provider.name!r} lists no tasks", expected="at least one from tasks()", code="E001"
        )
    if task is None:
        return next((name for name in listed if name not in before), listed[0])
    if task not in listed and not imports:  # what a module registers when it runs, the environment may know only then
        raise UsageError(
            f"unknown task {task!r} of environment {provider.name!r}",
            expected=suggest(task, listed),
            fix="tasks of another project are found with --import MODULE",
            code="E001",
        )
    return task


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

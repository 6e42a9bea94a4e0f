"""``leapp adapters``: which training libraries' checkpoints can be loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leapp_core.cli.listing import availability, provided_by, provider_facts, status
from leapp_core.cli.options import ImportOption, JsonFlag, examples, plugins_of
from leapp_core.cli.plugins import broken, plugin_facts, show_broken
from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import table
from leapp_core.plugins.markers import hookimpl

if TYPE_CHECKING:
    from leapp_core.plugins.environments import EnvironmentProvider, EnvRequest
    from leapp_core.plugins.policies import PolicyRequest


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add the group ``adapters``."""
    group = typer.Typer(help="Policy adapters: training libraries whose checkpoints load.", no_args_is_help=True)
    group.command("list", epilog=examples("leapp adapters list"))(list_adapters)
    group.command("test", epilog=examples("leapp adapters test NAME --checkpoint model.pt --task TASK"))(check_adapter)
    app.add_typer(group, name="adapters")


AdapterName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the adapter.", show_default=False)]
CHECKPOINT = typer.Option("--checkpoint", help="A checkpoint of its library.", show_default=False)
TASK = typer.Option("--task", help="Load it for this task; without, it is loaded alone, as for --policy-only.")
ENV = typer.Option("--env", help="Environment that has the task.")


def check_adapter(
    context: typer.Context,
    name: AdapterName,
    checkpoint: Annotated[Path, CHECKPOINT],
    task: Annotated[str | None, TASK] = None,
    env: Annotated[str | None, ENV] = None,
    imports: ImportOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Run the conformance kit on a policy adapter.

    Does it know its files and no others, load without running code, and act the same each time and row by row?
    """
    from leapp_core.cli.conformance import show_results
    from leapp_core.plugins.environments import EnvRequest
    from leapp_core.policy_export.checkpoints import existing_checkpoint
    from leapp_core.policy_export.tasks import find_provider

    manager = plugins_of(context)
    adapter = manager.adapters.get(name)
    adapter.require()
    path = existing_checkpoint(checkpoint)
    from leapp_core.testing.adapter_checks import AdapterSubject
    from leapp_core.testing.conformance import check_adapter as checked

    if task is None:
        request = None
    else:
        provider = find_provider(task, env, manager, tuple(imports or ()))
        request = _request(provider, path, EnvRequest(task, adapter=adapter.name))
    if not show_results(checked(AdapterSubject(adapter, path, request)), {"adapter": adapter.name}, as_json=as_json):
        raise typer.Exit(9)


def _request(provider: EnvironmentProvider, checkpoint: Path, request: EnvRequest) -> PolicyRequest:
    """Return what the checkpoint is loaded with in its task."""
    from contextlib import closing

    from leapp_core.plugins.policies import PolicyRequest
    from leapp_core.policy_export.parts import training_form

    with closing(training_form(provider, request)) as made:
        return PolicyRequest.within(made, checkpoint)


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

"""``leapp consumers``: runtimes outside this project that read bundles, and what is known of each."""

from __future__ import annotations

from typing import Annotated

import typer

from leapp_core.cli.consumer_facts import listed_consumers
from leapp_core.cli.listing import provided_by
from leapp_core.cli.options import JsonFlag, examples, plugins_of
from leapp_core.cli.plugins import broken, plugin_facts, show_broken
from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import table
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.markers import hookimpl


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add the group ``consumers``."""
    group = typer.Typer(help="Runtimes outside LEAPP that read bundles.", no_args_is_help=True)
    group.command("list", epilog=examples("leapp consumers list"))(list_consumers)
    group.command("test", epilog=examples("leapp consumers test NAME"))(check_consumer)
    app.add_typer(group, name="consumers")


ConsumerName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the consumer.", show_default=False)]


def list_consumers(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the consumers, who provides them and how their rules are known.

    `leapp check --list --consumer NAME` shows the rules of one.
    """
    show_consumers(plugins_of(context), as_json=as_json)


def check_consumer(context: typer.Context, name: ConsumerName, as_json: JsonFlag = False) -> None:
    """Run the conformance kit on a consumer.

    Does it take bundles of every kind or say what is the case and what to do, without a change and without PyTorch?
    """
    from leapp_core.cli.conformance import show_results

    consumer = plugins_of(context).consumers.get(name)
    from leapp_core.testing.conformance import check_consumer as checked
    from leapp_core.testing.consumer_checks import ConsumerSubject

    if not show_results(checked(ConsumerSubject(consumer)), {"consumer": consumer.name}, as_json=as_json):
        raise typer.Exit(9)


def show_consumers(manager: PluginManager, *, as_json: bool) -> None:
    """List consumers."""
    facts = listed_consumers(manager)
    if as_json:
        show_json({"consumers": facts, "broken_plugins": [plugin_facts(info) for info in broken(manager)]})
        return
    rows = [(f["name"], provided_by(f), f["summary"], f["evidence"]) for f in facts]
    show(table(None, ("consumer", "provided by", "what it is", "rules are known from"), rows))
    show_broken(broken(manager))

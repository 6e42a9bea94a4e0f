"""``leapp passes``: what plugins do to programs before they are written."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from leapp_core.cli.listing import provided_by, provider_facts
from leapp_core.cli.options import JsonFlag, examples, plugins_of
from leapp_core.cli.plugins import broken, plugin_facts, show_broken
from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import table
from leapp_core.plugins.markers import hookimpl


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add the group ``passes``."""
    group = typer.Typer(help="Passes of plugins over the programs that are exported.", no_args_is_help=True)
    group.command("list", epilog=examples("leapp passes list"))(list_passes)
    group.command("test", epilog=examples("leapp passes test NAME"))(check_pass)
    app.add_typer(group, name="passes")


PassName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the pass.", show_default=False)]


def list_passes(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the passes of plugins and who provides them.

    They run after LEAPP's own at every export. LEAPP_DISABLE_PLUGINS blocks a plugin.
    """
    manager = plugins_of(context)
    facts: list[dict[str, Any]] = [
        {
            "name": entry.item.name,
            "summary": entry.item.summary,
            "requires": list(entry.item.requires),
            "removes": list(entry.item.removes),
            "keeps_bits": entry.item.keeps_bits,
            **provider_facts(manager, entry.owner),
        }
        for entry in manager.passes
    ]
    if as_json:
        show_json({"passes": facts, "broken_plugins": [plugin_facts(info) for info in broken(manager)]})
        return
    if facts:
        titles = ("pass", "provided by", "what it does", "runs after", "removes", "results")
        show(table(None, titles, (_row(fact) for fact in facts)))
    else:
        show("no plugin brings a pass")
    show_broken(broken(manager))


def _row(facts: dict[str, Any]) -> tuple[str, ...]:
    results = "the same bits" if facts["keeps_bits"] else "the same within rounding"
    lists = [", ".join(facts[name]) for name in ("requires", "removes")]
    return (facts["name"], provided_by(facts), facts["summary"], *lists, results)


def check_pass(context: typer.Context, name: PassName, as_json: JsonFlag = False) -> None:
    """Run the conformance kit on a pass.

    Do programs compute what they did, and come out the same each time?
    """
    from leapp_core.cli.conformance import show_results

    manager = plugins_of(context)
    chosen = manager.passes.get(name)
    from leapp_core.testing.conformance import check_pass as checked
    from leapp_core.testing.pass_checks import PassSubject

    subject = PassSubject.among(chosen, [entry.item for entry in manager.passes])
    if not show_results(checked(subject), {"pass": chosen.name}, as_json=as_json):
        raise typer.Exit(9)

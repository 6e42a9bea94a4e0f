"""``leapp inspect``: what a bundle holds, checked but not run."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from leapp_core.cli.options import BundleArgument, JsonFlag, examples, plugins_of
from leapp_core.cli.render import print_note, show, show_json
from leapp_core.plugins.markers import hookimpl


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``inspect``."""
    app.command("inspect", epilog=examples("leapp inspect out/X", "leapp inspect out/X --constants --json"))(inspect)


CONSTANTS = typer.Option("--constants", help="List constants captured from your code, with their source lines.")


def inspect(
    context: typer.Context,
    bundle: BundleArgument,
    constants: Annotated[bool, CONSTANTS] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show what a bundle holds: nodes, ports, wiring and state.

    Says too which runtimes outside this project run it. Files, hashes and wiring are checked, and
    every problem found is listed; nothing in the bundle is run.
    """
    from leapp_core.bundle import load_document
    from leapp_core.cli.bundle_facts import bundle_facts, captured_constants
    from leapp_core.cli.bundle_views import bundle_views, constants_views
    from leapp_core.cli.consumer_facts import consumer_facts

    loaded = load_document(bundle)
    consumers = [consumer_facts(entry.item, loaded) for entry in plugins_of(context).consumers]
    facts: dict[str, Any] = bundle_facts(loaded) | {"consumers": consumers}
    listed = captured_constants(loaded.folder)
    if as_json:
        show_json(facts | ({"constants": listed} if constants else {}))
        return
    show(*bundle_views(facts))
    for note in loaded.notes:
        print_note(note)
    if constants and listed is None:
        print_note("the bundle has no report.json, which lists captured constants")
    elif constants:
        show(*constants_views(listed or []))
    elif listed and any(constant.get("warning") for constant in listed):
        print_note("some captured constants deserve a look: run again with --constants")

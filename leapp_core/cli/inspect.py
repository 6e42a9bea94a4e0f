"""``leapp inspect``: what a bundle holds, checked but not run."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from leapp_core.cli.options import BundleArgument, JsonFlag
from leapp_core.cli.render import print_note, show, show_json
from leapp_core.plugins.markers import hookimpl


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``inspect``."""
    app.command(
        "inspect", epilog="Examples: leapp inspect out/Balance-GRU; leapp inspect out/Balance-GRU --constants --json"
    )(inspect)


CONSTANTS = typer.Option("--constants", help="List constants captured from your code, with their source lines.")


def inspect(bundle: BundleArgument, constants: Annotated[bool, CONSTANTS] = False, as_json: JsonFlag = False) -> None:
    """Show a bundle: nodes, ports and their meaning, wiring, state, and what a robot runtime wires by itself.

    Hashes, files and wiring are checked; every problem found is listed. Nothing in the bundle is run.
    """
    from leapp_core.bundle import load_document
    from leapp_core.cli.bundle_facts import bundle_facts, captured_constants
    from leapp_core.cli.bundle_views import bundle_views, constants_views

    loaded = load_document(bundle)
    facts: dict[str, Any] = bundle_facts(loaded)
    listed = captured_constants(loaded.folder)
    if as_json:
        show_json(facts | ({"constants": listed} if constants else {}))
        return
    show(*bundle_views(facts))
    if constants and listed is None:
        print_note("the bundle has no report.json, which lists captured constants")
    elif constants:
        show(*constants_views(listed or []))
    elif listed and any(constant.get("warning") for constant in listed):
        print_note("some captured constants deserve a look: run again with --constants")

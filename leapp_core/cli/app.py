"""Builds the application from the commands that are registered."""

from __future__ import annotations

import importlib
from typing import Annotated, Any

import typer

from leapp_core.cli.usage import Commands
from leapp_core.plugins.commands import command_name, command_names
from leapp_core.plugins.manager import PluginManager

VERBS = (
    "export",
    "inspect",
    "check",
    "validate",
    "run",
    "deploy",
    "serve",
    "ring",
    "bench",
    "diff",
    "visualize",
    "report",
    "demo",
    "doctor",
    "explain",
    "completion",
    "backends",
    "targets",
    "envs",
    "adapters",
    "consumers",
    "passes",
    "plugins",
)
"""Modules of this package that hold a verb each, in the order of ``leapp --help``."""


def build_app(plugins: PluginManager, verb: str | None = None) -> typer.Typer:
    """Return the application with our verbs and those of plugins.

    Args:
        plugins: Where commands come from. Ours are registered with it first, by the same hook.
        verb: The command that will run, if known: preparing the options of all others takes longer than listing
            backends does.
    """
    settings: dict[str, Any] = {"token_normalize_func": _underscores, "help_option_names": ["-h", "--help"]}
    app = typer.Typer(
        name="leapp",
        cls=Commands,
        help="Turn a trained robot policy and everything around it into one validated bundle, and run it.",
        epilog="Options may be written with hyphens or underscores. `leapp COMMAND --help` shows examples.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings=settings,
    )
    app.callback()(_root)
    for module in VERBS:
        plugins.register(importlib.import_module(f"leapp_core.cli.{module}"), f"leapp-{module}")
    plugins.add_commands(app)
    if verb in command_names(app):
        app.registered_commands = [c for c in app.registered_commands if command_name(c) == verb]
        app.registered_groups = [g for g in app.registered_groups if command_name(g) == verb]
    settings["default_map"] = _no_help(app)
    return app


def _no_help(app: typer.Typer) -> dict[str, Any]:
    """Return the defaults ``{"help": False, command: {"help": False}, ...}``.

    typer loads pydantic (as slow as all the rest) to convert a flag whose default is not a boolean, and its own
    ``--help`` is the one such flag.
    """
    commands = {command_name(info): {"help": False} for info in app.registered_commands}
    groups = {command_name(g): _no_help(g.typer_instance) for g in app.registered_groups if g.typer_instance}
    return {"help": False, **commands, **groups}


def _underscores(token: str) -> str:
    """Make ``--load-run`` and ``--load_run`` one option."""
    return token.replace("-", "_")


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        from leapp_core.plugins.requirements import DISTRIBUTION

        typer.echo(f"leapp {version(DISTRIBUTION)}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error; may stand anywhere.")] = False,
) -> None:
    # Both are handled elsewhere: above, and --debug by main(), so that it may stand after the command too.
    del version, debug

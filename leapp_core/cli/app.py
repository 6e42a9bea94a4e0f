"""Builds the application from the commands that are registered."""

from __future__ import annotations

import importlib
from typing import Annotated

import typer

from leapp_core.plugins.manager import PluginManager

VERBS = (
    "export",
    "inspect",
    "validate",
    "run",
    "visualize",
    "demo",
    "backends",
    "envs",
    "adapters",
    "plugins",
)
"""Modules of this package that hold a verb each, in the order of ``leapp --help``."""


def build_app(plugins: PluginManager) -> typer.Typer:
    """Return the application with our verbs and those of plugins.

    Args:
        plugins: Where commands come from. Ours are registered with it first, by the same hook.
    """
    app = typer.Typer(
        name="leapp",
        help="Turn a trained robot policy and everything around it into one validated bundle, and run it.",
        epilog="Options may be written with hyphens or underscores. `leapp COMMAND --help` shows examples.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"token_normalize_func": _underscores, "help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for verb in VERBS:
        plugins.register(importlib.import_module(f"leapp_core.cli.{verb}"), f"leapp-{verb}")
    plugins.add_commands(app)
    return app


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
    # Both are handled elsewhere: --version above, --debug by main(), so that it may stand after the command too.
    del version, debug

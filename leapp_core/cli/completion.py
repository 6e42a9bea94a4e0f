"""``leapp completion``: what makes a shell complete commands and options."""

from __future__ import annotations

from typing import Annotated

import typer

from leapp_core.cli.options import examples
from leapp_core.errors import UsageError
from leapp_core.plugins.markers import hookimpl

SHELLS = ("bash", "zsh", "fish")
COMPLETING = "_LEAPP_COMPLETE"
"""Environment variable by which a shell asks what may come next."""


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``completion``."""
    app.command("completion", epilog=examples('eval "$(leapp completion bash)"'))(completion)


def completion(
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.", show_default=False)],
) -> None:
    """Print what makes a shell complete commands and options.

    For good: the line of the example in `~/.bashrc`.
    """
    if shell not in SHELLS:
        raise UsageError(
            f"leapp completion got {shell}",
            expected=" or ".join(SHELLS),
            fix='eval "$(leapp completion bash)", in ~/.bashrc',
            code="U003",
        )
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    typer.echo(get_completion_script(prog_name="leapp", complete_var=COMPLETING, shell=shell))

"""Names of the commands in an application, so that two plugins cannot claim one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leapp_core.errors import PluginError

if TYPE_CHECKING:
    import typer
    from typer.models import CommandInfo, TyperInfo


def command_name(info: CommandInfo | TyperInfo) -> str:
    """Return what users type for a command or a group of commands."""
    if isinstance(info.name, str):
        return info.name
    return info.callback.__name__.replace("_", "-") if info.callback else ""


def command_names(app: typer.Typer) -> list[str]:
    """Return what users type, for all commands and groups."""
    return [*map(command_name, app.registered_commands), *map(command_name, app.registered_groups)]


def refuse_duplicates(app: typer.Typer) -> None:
    """Check that names are unique.

    Raises:
        PluginError: a name is there twice.
    """
    names = command_names(app)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PluginError(f"command {twice[0]!r} is provided already", code="P001")

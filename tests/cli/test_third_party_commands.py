"""Commands of plugins come in by the hook that ours use."""

from __future__ import annotations

import typer

from leapp_core.cli.app import build_app
from leapp_core.plugins.commands import command_names
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.markers import hookimpl


class Adds:
    """A plugin with a command."""

    def __init__(self, name: str) -> None:
        self.name = name

    @hookimpl
    def leapp_register_commands(self, app: typer.Typer) -> None:
        app.command(self.name)(lambda: None)


class Fails:
    """A plugin that breaks after it added a command."""

    @hookimpl
    def leapp_register_commands(self, app: typer.Typer) -> None:
        app.command("half")(lambda: None)
        raise RuntimeError("no licence server")


def test_a_plugin_adds_a_command() -> None:
    plugins = PluginManager(load_entry_points=False)
    plugins.register(Adds("weigh"), "scales")
    assert "weigh" in command_names(build_app(plugins))


def test_a_taken_name_is_refused_and_recorded() -> None:
    plugins = PluginManager(load_entry_points=False)
    plugins.register(Adds("export"), "thief")
    names = command_names(build_app(plugins))
    assert names.count("export") == 1
    broken = [info for info in plugins.plugins if info.error]
    assert [info.error for info in broken] == [
        "leapp_register_commands: PluginError: command 'export' is provided already"
    ]


def test_a_plugin_that_fails_adds_nothing_and_breaks_nothing() -> None:
    plugins = PluginManager(load_entry_points=False)
    plugins.register(Fails(), "failing")
    names = command_names(build_app(plugins))
    assert "half" not in names
    assert "export" in names
    (info,) = [info for info in plugins.plugins if info.error]
    assert info.error == "leapp_register_commands: RuntimeError: no licence server"

"""``leapp plugins``: what is installed, what is blocked and what is broken."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from leapp_core.cli.options import JsonFlag, examples, plugins_of
from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import Line, table
from leapp_core.plugins.manager import PluginInfo, PluginManager
from leapp_core.plugins.markers import hookimpl


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add the group ``plugins``."""
    group = typer.Typer(help="Plugins that are installed, blocked or broken.", no_args_is_help=True)
    group.command("list", epilog=examples("leapp plugins list"))(list_plugins)
    app.add_typer(group, name="plugins")


def list_plugins(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List every plugin with the distribution it comes from. LEAPP_DISABLE_PLUGINS=name,... blocks some."""
    manager = plugins_of(context)
    fill_registries(manager)
    found = [info for info in manager.plugins if info.distribution]
    if as_json:
        show_json({"plugins": [plugin_facts(info) for info in found]})
        return
    show(
        table(
            None,
            ("plugin", "module", "provided by", "status"),
            ((i.name, i.target, f"{i.distribution} {i.version}", _status(i)) for i in found),
        )
    )


def fill_registries(manager: PluginManager) -> None:
    """Ask all plugins for everything, so that those whose hooks fail are known."""
    for registry in (manager.exporters, manager.runners, manager.passes, manager.adapters, manager.environments):
        iter(registry)


def plugin_facts(info: PluginInfo) -> dict[str, object]:
    """Return what is known of a plugin, for JSON."""
    return {
        "name": info.name,
        "module": info.target,
        "distribution": info.distribution,
        "version": info.version,
        "disabled": info.disabled,
        "error": info.error,
    }


def broken(manager: PluginManager) -> tuple[PluginInfo, ...]:
    """Return the plugins that could not be loaded or whose hooks failed."""
    return tuple(info for info in manager.plugins if info.error)


def show_broken(infos: Iterable[PluginInfo]) -> None:
    """Print broken plugins with their errors, if there are any."""
    for info in infos:
        show(Line(f"broken plugin {info.name!r} ({_origin(info)}): {info.error}", style="red"))


def _origin(info: PluginInfo) -> str:
    return f"{info.distribution} {info.version}, module {info.target}" if info.distribution else info.target


def _status(info: PluginInfo) -> str:
    if info.disabled:
        return "disabled by LEAPP_DISABLE_PLUGINS"
    return f"broken: {info.error}" if info.error else "loaded"

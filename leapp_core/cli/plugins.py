"""``leapp plugins``: what is installed, what is blocked and what is broken."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from leapp_core.cli.options import JsonFlag, examples, plugins_of
from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import Line, table
from leapp_core.errors import UsageError
from leapp_core.plugins.manager import PluginInfo, PluginManager
from leapp_core.plugins.markers import hookimpl
from leapp_core.plugins.registry import Registry

if TYPE_CHECKING:
    from leapp_core.scaffold import NewPackage


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add the group ``plugins``."""
    group = typer.Typer(help="Plugins that are installed, blocked or broken.", no_args_is_help=True)
    group.command("list", epilog=examples("leapp plugins list"))(list_plugins)
    group.command("new", epilog=examples("leapp plugins new packed --kind backend"))(new_plugin)
    app.add_typer(group, name="plugins")


def list_plugins(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List every plugin and what it provides.

    Broken ones are listed with the reason. LEAPP_DISABLE_PLUGINS=name,... blocks some.
    """
    manager = plugins_of(context)
    provided = provisions(manager)
    found = [info for info in manager.plugins if info.distribution]
    if as_json:
        show_json({"plugins": [plugin_facts(info) | {"provides": provided.get(info.name, {})} for info in found]})
        return
    rows = (
        (i.name, i.target, f"{i.distribution} {i.version}", _provides(provided, i), plugin_status(manager, i))
        for i in found
    )
    show(table(None, ("plugin", "module", "provided by", "provides", "status"), rows))


NEW_NAME = typer.Argument(metavar="NAME", help="What users will type, such as the backend's name.", show_default=False)
KIND = typer.Option("--kind", help="backend, adapter, environment or consumer.", show_default=False)
PARENT = typer.Option("--path", help="Folder in which the package's folder goes; by default the current one.")


def new_plugin(
    context: typer.Context,
    name: Annotated[str, NEW_NAME],
    kind: Annotated[str, KIND],
    path: Annotated[Path | None, PARENT] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write the package of a new plugin, which works as it is.

    It has the entry point, code to replace by yours, a test that runs the conformance kit, a README and a file for
    continuous integration.
    """
    from leapp_core.scaffold import plan_package, write_package

    made = plan_package(name, kind, path)
    _refuse_taken(plugins_of(context), made)
    written = write_package(made)
    if as_json:
        places = [str(file.relative_to(made.folder)) for file in written]
        show_json({"distribution": made.distribution, "kind": kind, "folder": str(made.folder), "files": places})
        return
    show(*(str(file) for file in written), "", "Next:", f'  pip install -e "{made.folder}[test]"')
    show(f"  python -m pytest {made.folder}")


def _refuse_taken(manager: PluginManager, made: NewPackage) -> None:
    """Refuse a name that LEAPP, an installed plugin or another package has: both would claim it."""
    registries: dict[str, tuple[tuple[str, Registry[Any]], ...]] = {
        "backend": (("backend", manager.exporters), ("artifact format", manager.runners)),
        "adapter": (("adapter", manager.adapters),),
        "environment": (("environment", manager.environments),),
        "consumer": (("consumer", manager.consumers),),
    }
    for what, registry in registries[made.kind]:
        if made.name in registry:
            _taken(f"{what} {made.name!r} exists already, in {manager.info(registry.entry(made.name).owner)}")
    for info in manager.plugins:
        if info.name == made.plugin:
            _taken(f"a plugin {info.name!r} exists already, in {info.distribution} {info.version}")
    if importlib.util.find_spec(made.package) is not None:
        _taken(f"the package {made.package!r} exists already where Python looks for packages")
    if made.distribution in {found.name for found in distributions()}:
        _taken(f"the distribution {made.distribution!r} is installed already")


def _taken(message: str) -> NoReturn:
    raise UsageError(message, expected="a name that is free", fix="take another name", code="U006")


def provisions(manager: PluginManager) -> dict[str, dict[str, list[str]]]:
    """Ask all plugins for everything, so that those whose hooks fail are known too.

    Returns:
        By plugin: kind of thing (``backend``) to the names of what the plugin provides of it.
    """
    provided: dict[str, dict[str, list[str]]] = {}
    kinds: dict[str, Registry[Any]] = {
        "backend": manager.exporters,
        "format": manager.runners,
        "pass": manager.passes,
        "adapter": manager.adapters,
        "environment": manager.environments,
        "consumer": manager.consumers,
        "target": manager.targets,
    }
    for kind, registry in kinds.items():
        for entry in registry:
            provided.setdefault(entry.owner, {}).setdefault(kind, []).append(entry.item.name)
    return provided


def plugin_facts(info: PluginInfo) -> dict[str, object]:
    """Return what is known of a plugin, for JSON."""
    return {
        "name": info.name,
        "module": info.target,
        "distribution": info.distribution,
        "version": info.version,
        "disabled": info.disabled,
        "api": info.built_for,
        "incompatible": info.incompatible,
        "notes": list(info.notes),
        "error": info.error,
    }


def broken(manager: PluginManager) -> tuple[PluginInfo, ...]:
    """Return the plugins that could not be loaded or whose hooks failed."""
    return tuple(info for info in manager.plugins if info.error)


def show_broken(infos: Iterable[PluginInfo]) -> None:
    """Print broken plugins with their errors, if there are any."""
    for info in infos:
        kind = "incompatible" if info.incompatible else "broken"
        show(Line(f"{kind} plugin {info.name!r} ({_origin(info)}): {info.error}", style="red"))


def _origin(info: PluginInfo) -> str:
    return f"{info.distribution} {info.version}, module {info.target}" if info.distribution else info.target


def _provides(provided: Mapping[str, Mapping[str, list[str]]], info: PluginInfo) -> str:
    return "; ".join(f"{kind} {', '.join(names)}" for kind, names in provided.get(info.name, {}).items())


def plugin_status(manager: PluginManager, info: PluginInfo) -> str:
    """Return in words whether a plugin is loaded, blocked, incompatible or broken."""
    if info.disabled:
        return "disabled by LEAPP_DISABLE_PLUGINS"
    if info.error:
        return f"{'incompatible' if info.incompatible else 'broken'}: {info.error}"
    if not manager.has_hooks(info.name):
        return "loaded, but no function in it has leapp_core.hookimpl"
    return "; ".join(("loaded", *info.notes))

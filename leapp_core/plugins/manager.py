"""Find plugins and ask them what they provide."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

import pluggy

from leapp_core.errors import LeappError, PluginError
from leapp_core.plugins import hook_calls, hookspecs
from leapp_core.plugins.commands import refuse_duplicates
from leapp_core.plugins.markers import PROJECT
from leapp_core.plugins.registry import OwnedRegistry, Registry
from leapp_core.plugins.requirements import DISTRIBUTION
from leapp_core.plugins.versions import DECLARATION, fit, stated_in_source

if TYPE_CHECKING:
    import typer

    from leapp_core.plugins.consumers import Consumer
    from leapp_core.plugins.environments import EnvironmentProvider
    from leapp_core.plugins.exporters import Exporter, ProgramPass
    from leapp_core.plugins.policies import PolicyAdapter
    from leapp_core.plugins.runners import Runner
    from leapp_core.plugins.targets import Target

DISABLE_VARIABLE = "LEAPP_DISABLE_PLUGINS"
"""Environment variable with the names of plugins that are not loaded, separated by commas."""


@dataclass(frozen=True)
class PluginInfo:
    """One entry point in group ``leapp``.

    Attributes:
        name: Entry-point name, what ``LEAPP_DISABLE_PLUGINS`` takes.
        target: The module the entry point names.
        distribution: Distribution that ships it (empty when registered by hand).
        version: Its version.
        error: Why it could not be loaded, or ``None``.
        disabled: Blocked by the user.
        built_for: Version of the plugin API that it says it was built for, or ``None``.
        incompatible: It was built for another major version of the plugin API; ``error`` says which.
        notes: What is odd about it though it works, such as a hook that does not exist.
    """

    name: str
    target: str
    distribution: str = ""
    version: str = ""
    error: str | None = None
    disabled: bool = False
    built_for: str | None = None
    incompatible: bool = False
    notes: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        """Whether this distribution ships it."""
        return self.distribution == DISTRIBUTION

    def __str__(self) -> str:
        return f"{self.distribution} {self.version} (plugin {self.name!r})" if self.distribution else self.name


class PluginManager:
    """Plugins of one process, and lazily the registries they fill.

    Args:
        load_entry_points: Load what is installed; ``False`` gives an empty manager, for tests and embedding.
        disabled: Names never to load; by default the comma-separated ``LEAPP_DISABLE_PLUGINS``.
    """

    def __init__(self, *, load_entry_points: bool = True, disabled: Iterable[str] | None = None) -> None:
        self._pm = pluggy.PluginManager(PROJECT)
        self._pm.add_hookspecs(hookspecs)
        names = os.environ.get(DISABLE_VARIABLE, "").split(",") if disabled is None else disabled
        self._disabled = frozenset(name.strip() for name in names if name.strip())
        self._infos: dict[str, PluginInfo] = {}
        if load_entry_points:
            installed = [(entry_point.dist, entry_point) for entry_point in entry_points(group=PROJECT)]
            # Metadata is parsed at each access, and most of them come with the same distribution.
            stated = {number: _stated(dist) for number, dist in {id(dist): dist for dist, _ in installed}.items()}
            found = [(*stated[id(dist)], entry_point) for dist, entry_point in installed]
            # pluggy calls what is registered last first; so those of a name that comes first are registered last.
            for name, version, entry_point in sorted(found, key=_rank, reverse=True):
                self._load(entry_point, name, version)
            self._infos = dict(reversed(self._infos.items()))

    @property
    def plugins(self) -> tuple[PluginInfo, ...]:
        """Every plugin found, also broken and disabled ones."""
        return tuple(self._infos.values())

    def register(self, plugin: object, name: str) -> None:
        """Add a plugin by hand, as an entry point would.

        Raises:
            LeappError: never; a plugin whose hooks do not fit is recorded as broken, like an installed one.
        """
        self._register(plugin, PluginInfo(name, getattr(plugin, "__name__", type(plugin).__name__)))

    def _load(self, entry_point: EntryPoint, distribution: str, version: str) -> None:
        info = PluginInfo(entry_point.name, entry_point.value, distribution, version)
        if entry_point.name in self._disabled:
            self._infos[info.name] = _with(info, disabled=True)
            return
        if entry_point.name in self._infos:
            info = _with(info, name=f"{entry_point.name} ({info.distribution})")
        try:
            plugin = entry_point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a broken plugin must never take others down
            stated = fit(stated_in_source(entry_point.value))
            reason = stated.incompatible or _first_line(error)
            self._infos[info.name] = _with(
                info, error=reason, incompatible=bool(stated.incompatible), built_for=stated.built_for
            )
            return
        self._register(plugin, info, sys.modules.get(entry_point.module))

    def _register(self, plugin: object, info: PluginInfo, module: object = None) -> None:
        # An object of a module (``package.plugin:mine``) may say itself what it was built for, or its module does.
        stated = fit(getattr(plugin, DECLARATION, getattr(module, DECLARATION, None)))
        info = _with(info, built_for=stated.built_for, notes=(stated.note,) if stated.note else ())
        if stated.incompatible:
            self._infos[info.name] = _with(info, error=stated.incompatible, incompatible=True)
            return
        try:
            self._pm.register(plugin, name=info.name)
            known = [name for name in vars(hookspecs) if name.startswith(f"{PROJECT}_")]
            unknown = hook_calls.unknown_hooks(self._pm, plugin)
            info = _with(info, notes=(*info.notes, *(_unknown_hook(name, known) for name in unknown)))
        except (pluggy.PluginValidationError, ValueError) as error:
            if self._pm.has_plugin(info.name):
                self._pm.unregister(name=info.name)
            info = _with(info, error=_first_line(error))
        self._infos[info.name] = info

    def _fill(self, hook: str, what: str, contract: type[Any]) -> Registry[Any]:
        registry: Registry[Any] = Registry(what, contract, self._describe, self._left_out)
        for name in hook_calls.plugins_with(self._pm, hook, lambda name: self._infos[name].ours):
            self._call(hook, name, {"registry": OwnedRegistry(registry, name)}, partial(registry.forget, name))
        return registry

    def _call(self, hook: str, name: str, arguments: Mapping[str, Any], undo: Callable[[], object]) -> dict[str, str]:
        """Call a hook of one plugin; a wrapper that fails is left out from then on, and the plugin is called again.

        Returns:
            Plugin to what went wrong in it; empty if nothing did.
        """
        try:
            hook_calls.call(self._pm, hook, name, arguments)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - see _load: recorded, listed, never fatal
            blamed = hook_calls.blamed(self._pm, hook, name, error)
            self._infos[blamed] = _with(self._infos[blamed], error=f"{hook}: {_first_line(error)}")
            wrong = {blamed: f"plugin {blamed!r} failed and is left out: {hook}: {_first_line(error)}"}
            if hook_calls.is_wrapper(self._pm, hook, blamed):
                self._pm.unregister(name=blamed)
                undo()
                left = hook_calls.plugins_with(self._pm, hook, lambda name: True)
                again = name if blamed != name else next(iter(left), None)
                return wrong | (self._call(hook, again, arguments, undo) if again else {})
            return wrong
        return {}

    def add_commands(self, app: typer.Typer) -> None:
        """Ask every plugin for its commands.

        A plugin that fails, or that names a command somebody else has, is recorded as broken and adds nothing.
        """
        hook = "leapp_register_commands"
        by_hand = [name for name, info in self._infos.items() if not info.distribution]
        found = hook_calls.plugins_with(self._pm, hook, lambda name: name in by_hand)
        for name in sorted(found, key=lambda name: by_hand.index(name) if name in by_hand else len(by_hand)):
            before = (len(app.registered_commands), len(app.registered_groups))

            def undo(before: tuple[int, int] = before) -> None:
                del app.registered_commands[before[0] :], app.registered_groups[before[1] :]

            wrong = self._call(hook, name, {"app": app}, undo)
            try:
                refuse_duplicates(app)
            except PluginError as error:
                self._infos[name] = _with(self._infos[name], error=f"{hook}: {_first_line(error)}")
                undo()
            if name in wrong:
                undo()

    def notify(self, hook: str, facts: Mapping[str, Any]) -> tuple[str, ...]:
        """Call an observing hook of every plugin that has it.

        Returns:
            One line for each plugin that failed. It is recorded as broken; whoever is observed goes on.
        """
        names = hook_calls.plugins_with(self._pm, hook, lambda name: self._infos[name].ours)
        wrong = [self._call(hook, name, facts, lambda: None) for name in names]
        return tuple(line for lines in wrong for line in lines.values())

    def has_hooks(self, name: str) -> bool:
        """Return whether a plugin implements any hook; one that does not was probably not decorated."""
        plugin = self._pm.get_plugin(name)
        return bool(plugin and self._pm.get_hookcallers(plugin))

    def _describe(self, owner: str) -> str:
        return str(self._infos.get(owner, owner))

    def _left_out(self) -> str:
        broken = [f"{info} is left out: {info.error}" for info in self._infos.values() if info.error]
        return "; ".join((*broken, "see leapp plugins list")) if broken else ""

    @cached_property
    def exporters(self) -> Registry[Exporter]:
        """Export backends by name."""
        from leapp_core.plugins.exporters import Exporter

        return self._fill("leapp_register_exporters", "backend", Exporter)

    @cached_property
    def runners(self) -> Registry[Runner]:
        """Runners by artifact format."""
        from leapp_core.plugins.runners import Runner

        return self._fill("leapp_register_runners", "artifact format", Runner)

    @cached_property
    def passes(self) -> Registry[ProgramPass]:
        """Program passes of plugins by name."""
        from leapp_core.plugins.exporters import ProgramPass

        return self._fill("leapp_register_passes", "pass", ProgramPass)

    @cached_property
    def adapters(self) -> Registry[PolicyAdapter]:
        """Policy adapters by name."""
        from leapp_core.plugins.policies import PolicyAdapter

        return self._fill("leapp_register_adapters", "policy adapter", PolicyAdapter)

    @cached_property
    def environments(self) -> Registry[EnvironmentProvider]:
        """Environment providers by name."""
        from leapp_core.plugins.environments import EnvironmentProvider

        return self._fill("leapp_register_environments", "environment", EnvironmentProvider)

    @cached_property
    def consumers(self) -> Registry[Consumer]:
        """Consumers of bundles by name."""
        from leapp_core.plugins.consumers import Consumer

        return self._fill("leapp_register_consumers", "consumer", Consumer)

    @cached_property
    def targets(self) -> Registry[Target]:
        """Engines to write for, by name."""
        from leapp_core.plugins.targets import Target

        return self._fill("leapp_register_targets", "target", Target)

    def info(self, owner: str) -> PluginInfo:
        """Return what is known of the plugin that owns a registry entry."""
        return self._infos[owner]


def _stated(distribution: Distribution | None) -> tuple[str, str]:
    """Return name and version of what brings an entry point."""
    metadata = distribution.metadata if distribution is not None else {"Name": "", "Version": ""}
    return metadata["Name"], metadata["Version"]


def _rank(found: tuple[str, str, EntryPoint]) -> tuple[bool, str]:
    """Order of loading: ours first, so that whoever claims a name of ours is the one told that it is taken."""
    return found[0] != DISTRIBUTION, found[2].name


def _unknown_hook(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    return f"implements hook {name!r}, which this version does not have{meant}"


def _first_line(error: BaseException) -> str:
    text = error.message if isinstance(error, LeappError) else str(error)
    lines = text.splitlines() or ["no message"]
    if isinstance(error, pluggy.PluginValidationError):
        # Its last line says which arguments do not exist; the module's place is told beside it.
        return " ".join(dict.fromkeys((lines[0].partition(" in plugin ")[0], lines[-1].partition(" in plugin ")[0])))
    return f"{type(error).__name__}: {lines[0]}"


def _with(info: PluginInfo, **changes: Any) -> PluginInfo:
    return PluginInfo(**{**info.__dict__, **changes})

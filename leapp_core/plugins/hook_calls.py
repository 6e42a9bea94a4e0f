"""Call a hook of one plugin after the other, through pluggy, so that one that fails takes no other down.

pluggy chooses the arguments that an implementation asks for, keeps the order that ``tryfirst`` and ``trylast`` ask for,
and runs wrappers around every call. What it does not do is to go on when an implementation raises, or to say whose
items a registry gets; hence a call per plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pluggy


def plugins_with(manager: pluggy.PluginManager, hook: str, ours: Callable[[str], bool]) -> list[str]:
    """Return the names of plugins that implement a hook, in the order in which they are called.

    Ours come first, so that whoever claims a name of ours is the one told that it is taken. Among the others
    pluggy's order holds: ``tryfirst``, then the last registered first, then ``trylast``. Where there are wrappers
    only, one of them stands for the call that they are around.
    """
    impls = getattr(manager.hook, hook).get_hookimpls()
    plain = [impl for impl in impls if not _wraps(impl)] or impls[-1:]
    return sorted((impl.plugin_name for impl in reversed(plain)), key=lambda name: not ours(name))


def call(manager: pluggy.PluginManager, hook: str, plugin: str, arguments: Mapping[str, Any]) -> None:
    """Call a hook of one plugin, within the wrappers of all."""
    impls = getattr(manager.hook, hook).get_hookimpls()
    others = [impl.plugin for impl in impls if impl.plugin_name != plugin and not _wraps(impl)]
    manager.subset_hook_caller(hook, others)(**arguments)


def is_wrapper(manager: pluggy.PluginManager, hook: str, plugin: str) -> bool:
    """Return whether a plugin's implementation of a hook is a wrapper."""
    impls = getattr(manager.hook, hook).get_hookimpls()
    return any(impl.plugin_name == plugin and _wraps(impl) for impl in impls)


def blamed(manager: pluggy.PluginManager, hook: str, plugin: str, error: BaseException) -> str:
    """Return the plugin whose function raised: a wrapper of another may have, too."""
    impls = getattr(manager.hook, hook).get_hookimpls()
    owners = {_code(impl): impl.plugin_name for impl in impls if _wraps(impl)}
    owners |= {_code(impl): plugin for impl in impls if impl.plugin_name == plugin}  # who shares its code is not called
    found = [owners[code] for code in _frames(error) if code in owners]
    return found[-1] if found else plugin


def unknown_hooks(manager: pluggy.PluginManager, plugin: object) -> list[str]:
    """Return the hooks that a plugin implements and that do not exist, but for those it says are optional."""
    callers = manager.get_hookcallers(plugin) or []
    missing = [caller for caller in callers if not caller.has_spec()]
    return sorted(
        caller.name
        for caller in missing
        if any(impl.plugin is plugin and not impl.optionalhook for impl in caller.get_hookimpls())
    )


def _wraps(impl: pluggy.HookImpl) -> bool:
    return bool(impl.wrapper or impl.hookwrapper)


def _code(impl: pluggy.HookImpl) -> Any:
    return getattr(getattr(impl.function, "__func__", impl.function), "__code__", impl.function)


def _frames(error: BaseException) -> Iterator[Any]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code
        trace = trace.tb_next

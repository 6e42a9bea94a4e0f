"""Whose code failed: an error that nobody raised on purpose, while a plugin of others was at work, names the plugin."""

from __future__ import annotations

import traceback
from importlib.metadata import EntryPoint, entry_points

from leapp_core.errors import PluginError
from leapp_core.plugins.markers import PROJECT
from leapp_core.plugins.requirements import DISTRIBUTION


def failed_plugin(error: Exception) -> PluginError | None:
    """Return an error that names the plugin whose code an exception went through, ``None`` if it went through none.

    Plugins of this distribution count as LEAPP itself.
    """
    owners = {found.module.partition(".")[0]: found for found in entry_points(group=PROJECT) if not _ours(found)}
    steps = list(traceback.walk_tb(error.__traceback__))
    for frame, line in reversed(steps):
        owner = owners.get(str(frame.f_globals.get("__name__")).partition(".")[0])
        if owner is not None:
            text = str(error).strip().splitlines()
            said = f"{type(error).__name__}{': ' + text[0] if text else ''}"
            return PluginError(
                f"plugin {owner.name!r}{_distribution(owner)} failed: {said}",
                where=f"{frame.f_code.co_filename}:{line}, in {frame.f_code.co_name}",
                expected="an error of leapp_core.errors for what it cannot do",
                fix=f"report what --debug prints to its authors, or block it: LEAPP_DISABLE_PLUGINS={owner.name}",
                code="P005",
            )
    return None


def _ours(found: EntryPoint) -> bool:
    return found.dist is not None and found.dist.name == DISTRIBUTION


def _distribution(found: EntryPoint) -> str:
    return f" of {found.dist.name} {found.dist.version}" if found.dist is not None else ""

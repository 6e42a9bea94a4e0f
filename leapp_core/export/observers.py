"""Tell plugins how an export goes; one that fails is noted and changes nothing."""

from __future__ import annotations

from typing import Any

from leapp_core.plugins.manager import PluginManager


class Observers:
    """The plugins that implement ``leapp_export_started``, ``leapp_artifact_written`` or ``leapp_export_finished``.

    Attributes:
        notes: What went wrong in them, for the user. Not part of the bundle, which does not depend on who watches.
    """

    def __init__(self, plugins: PluginManager) -> None:
        self._plugins = plugins
        self.notes: list[str] = []

    def tell(self, hook: str, **facts: Any) -> None:
        """Call one hook of every plugin that has it."""
        self.notes += self._plugins.notify(hook, facts)

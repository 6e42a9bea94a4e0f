"""Source that is no part of any program: simulators, which compute in memory of their own."""

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path
from types import ModuleType

from leapp_core.plugins.manager import PluginManager


class Outside:
    """The packages that environment plugins name as their simulators.

    What their Python decides shows in their memory, which is declared, refused or warned of where it is read.
    """

    def has(self, path: str) -> bool:
        """Return whether a file is of one of them."""
        return path.startswith(self._folders)

    def defines(self, module: str) -> bool:
        """Return whether a module is of one of them."""
        return f"{module}.".startswith(self._prefixes)

    @cached_property
    def _prefixes(self) -> tuple[str, ...]:
        return tuple(f"{name}." for name in sorted(self._packages))

    @cached_property
    def _folders(self) -> tuple[str, ...]:
        return tuple(folder for name in sorted(self._packages) for folder in _folders_of(sys.modules.get(name)))

    @cached_property
    def _packages(self) -> set[str]:
        providers = (entry.item for entry in PluginManager().environments)
        return {name for provider in providers for name in provider.simulators}


def _folders_of(package: object) -> list[str]:
    """Return where the modules of a package lie; none of one that nobody imported."""
    paths = vars(package).get("__path__", ()) if isinstance(package, ModuleType) else ()
    return [f"{Path(str(path))}/" for path in paths]

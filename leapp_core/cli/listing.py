"""What the listing commands have in common: who provides a thing and whether it can be used."""

from __future__ import annotations

from typing import Any

from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.requirements import install_line, missing_packages


def provider_facts(manager: PluginManager, owner: str) -> dict[str, str]:
    """Return plugin, distribution and version of the owner of a registry entry."""
    info = manager.info(owner)
    return {"plugin": info.name, "distribution": info.distribution, "version": info.version}


def provided_by(facts: dict[str, Any]) -> str:
    """Return ``distribution version`` of :func:`provider_facts`."""
    return f"{facts['distribution']} {facts['version']}".strip() or facts["plugin"]


def availability(item: Any) -> dict[str, Any]:
    """Return whether everything an item requires is installed, what is missing and the line that installs it.

    Args:
        item: Anything with ``requires`` and ``extra``, as all contracts have.
    """
    missing = missing_packages(item.requires)
    return {
        "available": not missing,
        "missing": list(missing),
        "install": (getattr(item, "install", None) or install_line(item.extra, missing)) if missing else None,
    }


def status(facts: dict[str, Any]) -> str:
    """Return :func:`availability` as words."""
    if facts["available"]:
        return "available"
    return f"needs {', '.join(facts['missing'])}: {facts['install']}"

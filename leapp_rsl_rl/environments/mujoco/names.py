"""From names in a bundle to things of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from leapp_core.suggest import suggest


def find_name(wanted: str, available: Iterable[str], renamed: Mapping[str, str]) -> str | None:
    """Return the name in the model that a name in the bundle means, or ``None``.

    It is the one the user says, else the same, else the only one whose last part (after ``/``) is the same: simulators
    put the robot's name in front.

    Args:
        wanted: Name in the bundle.
        available: Names in the model.
        renamed: What the user says, from name in the bundle to name in the model.
    """
    names = list(available)
    wanted = renamed.get(wanted, wanted)
    if wanted in names:
        return wanted
    alike = [name for name in names if _last(name) == _last(wanted)]
    return alike[0] if len(alike) == 1 else None


def not_found(wanted: str, available: Iterable[str]) -> str:
    """Return what is said about a name that is not there: alike names, or that several fit."""
    names = [name for name in available if name]
    alike = [name for name in names if _last(name) == _last(wanted)]
    return f"several fit: {', '.join(alike)}" if len(alike) > 1 else suggest(wanted, names)


def _last(name: str) -> str:
    return name.rpartition("/")[2]

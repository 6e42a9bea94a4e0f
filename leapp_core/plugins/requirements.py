"""Whether the packages a plugin needs are installed, found out without importing them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable

from leapp_core.errors import MissingExtraError

DISTRIBUTION = "leapp-framework"


def missing_packages(requires: Iterable[str]) -> tuple[str, ...]:
    """Return those of the import names that cannot be found."""
    return tuple(name for name in requires if not _is_installed(name))


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ModuleNotFoundError, ValueError):  # a package around it is missing; a module that was not imported as one
        return name in sys.modules


def install_line(extra: str | None, missing: Iterable[str]) -> str:
    """Return the ``pip install`` line that brings the missing packages."""
    return f'pip install "{DISTRIBUTION}[{extra}]"' if extra else f"pip install {' '.join(missing)}"


def require(what: str, requires: Iterable[str], extra: str | None, install: str | None = None) -> None:
    """Raise if anything is missing; ``install`` says how to get it where an extra alone does not bring it.

    Raises:
        MissingExtraError: naming the packages, the extra and the install line.
    """
    missing = missing_packages(requires)
    if missing:
        named = f" (extra '{extra}')" if extra else ""
        raise MissingExtraError(
            f"{what} needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed{named}",
            fix=install or install_line(extra, missing),
            code="P004",
        )

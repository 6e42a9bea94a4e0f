"""Import the modules with which other projects register their tasks."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path

from leapp_core.errors import UsageError


def import_modules(modules: Iterable[str]) -> None:
    """Import modules, also those in the current folder, as a project's own training script would.

    Raises:
        UsageError: one of them cannot be imported; the reason is told.
    """
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        for module in modules:
            _import(module)
    finally:
        sys.path.remove(here)


def _import(module: str) -> None:
    try:
        importlib.import_module(module)
    except Exception as error:
        text = (str(error) or type(error).__name__).splitlines()[0]
        raise UsageError(
            f"--import {module}: the module cannot be imported: {type(error).__name__}: {text}",
            expected="the package or module that registers your tasks when it is imported",
            fix="install your project, or call leapp in the folder that holds it",
            code="U008",
        ) from error

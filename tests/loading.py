"""Modules from files that no package has."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def module_of(path: Path, source: str, monkeypatch: pytest.MonkeyPatch | None = None) -> ModuleType:
    """Write a file and return its module.

    Args:
        path: The file.
        source: What it is to hold.
        monkeypatch: Lets the module be imported by name until the test ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    if monkeypatch is not None:
        monkeypatch.setitem(sys.modules, path.stem, module)
    spec.loader.exec_module(module)
    return module

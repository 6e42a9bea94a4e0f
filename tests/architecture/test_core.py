"""The minimal core stands alone and knows no plugin."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.architecture.imports import imports, modules
from tests.architecture.test_layers import part

CORE = (
    "leapp_core.spec",
    "leapp_core.plugins",
    "leapp_core.bundle",
    "leapp_core.errors",
    "leapp_core.suggest",
    "leapp_core.markup",
)
NAMES = re.compile(
    r"rsl.?rl|skrl|rl.?games|stable.?baselines|\bsb3\b|mjlab|isaac|mujoco|newton|\bros2?\b|builtin", re.IGNORECASE
)
"""Trainers, simulators and consumers; ``builtin`` is an environment of ours."""
SPEAKS_OF_PYTHON = ("builtins", "Python builtin")


def core_modules() -> list[str]:
    return [name for name in modules() if part(name) in CORE]


def test_the_core_imports_nothing_else_of_ours() -> None:
    assert len(core_modules()) > 40
    ours = [f for f in imports() if f.source in core_modules() and f.target.startswith("leapp_")]
    assert [str(found) for found in ours if part(found.target) not in CORE] == []


@pytest.mark.parametrize("name", core_modules())
def test_the_core_names_no_trainer_simulator_or_consumer(name: str) -> None:
    text = modules()[name].read_text(encoding="utf-8")
    for phrase in SPEAKS_OF_PYTHON:
        text = text.replace(phrase, "")
    assert NAMES.findall(text) == []


@pytest.mark.parametrize(
    "name", [name for name in modules() if part(name) == "leapp_core.cli" and "doctor" not in name]
)
def test_commands_name_no_trainer_simulator_or_consumer(name: str) -> None:
    """What there is comes from plugins. ``leapp doctor`` alone knows which packages are known to clash.

    Examples may show the tasks that every installation has.
    """
    text = modules()[name].read_text(encoding="utf-8")
    assert [found for found in NAMES.findall(text) if found.lower() != "builtin"] == []


def test_the_core_loads_without_the_rest() -> None:
    """In a process of its own: whatever it loads of ours is core."""
    probe = (
        f"import importlib, sys\nfor name in {core_modules()!r}:\n    importlib.import_module(name)\n"
        "print(*sorted(n for n in sys.modules if n.startswith('leapp_')))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert [name for name in done.stdout.split() if part(name) not in (*CORE, "leapp_core")] == []

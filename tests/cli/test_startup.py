"""Listing commands answer at once: nothing heavy is imported."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest

HEAVY = ("torch", "onnx", "onnxruntime", "numpy", "rsl_rl", "rich")
COMMANDS = (("--help",), ("backends", "list"), ("envs", "list"), ("adapters", "list"), ("plugins", "list"))
PROBE = """
import sys
from leapp_core.cli.main import main
try:
    main(sys.argv[1:])
finally:
    print("imported:", *[name for name in {heavy} if name in sys.modules])
"""
MARGIN = 6
"""Measured on an idle machine: 3.5 times the import of typer; beyond this it is not the machine's mood."""


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_nothing_heavy_is_imported(command: tuple[str, ...]) -> None:
    assert _imported(HEAVY, command) == "imported:"


@pytest.mark.parametrize("command", COMMANDS[:2], ids=" ".join)
def test_flags_alone_do_not_load_what_converts_values(command: tuple[str, ...]) -> None:
    # typer loads pydantic for an option that takes a value; it costs as much as all the rest.
    assert _imported(("pydantic",), command) == "imported:"


@pytest.mark.parametrize("command", COMMANDS[:2], ids=" ".join)
def test_answers_in_a_few_times_the_import_of_typer(command: tuple[str, ...]) -> None:
    start = "from leapp_core.cli.main import main; main()"
    ours = min(_seconds("-c", start, *command) for _ in range(7))
    typer = min(_seconds("-c", "import typer") for _ in range(7))
    assert ours < MARGIN * typer


def _imported(names: tuple[str, ...], command: tuple[str, ...]) -> str:
    probe = PROBE.replace("{heavy}", repr(names))
    done = subprocess.run([sys.executable, "-c", probe, *command], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def _seconds(*arguments: str) -> float:
    """Return processor time, which other processes on the machine change less than wall time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True, env=os.environ)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

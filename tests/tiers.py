"""Which tests run when: the quick tier, and slices of the rest.

The quick tier is what ``make test`` runs: every behaviour once, in minutes. A test belongs to it unless a marker says
otherwise: ``slow``, ``venv``, ``simulator``, ``browser`` or ``gpu``. Those are the rest, which ``make test-all`` runs,
cut into slices so that continuous integration keeps within its hour. A test is in exactly one slice, by its markers;
slow tests are dealt out by a checksum of their names, so a new one needs no list.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

SHARDS = 8  # of slow tests: some five to ten minutes each on two cores


@dataclass(frozen=True)
class Slice:
    """A part of what is not quick.

    Attributes:
        name: What ``--slice`` takes.
        what: What it runs.
        turn: Whether continuous integration runs it ``always``, in ``rotation`` with others, or it is run ``by hand``.
        by_file: Whether the tests of a file stay in one worker, because they share an environment that takes long to
            make. Simulators do not: theirs are kept from run to run, and each test is a process of its own.
    """

    name: str
    what: str
    turn: str
    by_file: bool = False


ENVIRONMENTS = Slice(
    "environments", "the wheel, plugins and other Pythons, freshly installed", "rotation", by_file=True
)
TASKS = Slice("tasks", "five tasks of mjlab and Isaac Lab, and a further one by turns", "rotation")
SIMULATORS = Slice("simulators", "what else runs a simulator: commands, how-tos, trainers", "rotation")
SLOW = tuple(
    Slice(f"slow-{number}", f"part {number} of {SHARDS} of the slow tests", "rotation")
    for number in range(1, SHARDS + 1)
)
BROWSER = Slice("browser", "pages in headless Chromium", "always", by_file=True)
VERSIONS = (
    Slice("oldest", "the quick tests on Python 3.10, torch 2.6 and onnx 1.17 (tests/versions.py)", "by hand"),
    Slice("newest", "the quick tests on torch 2.14.1 and the newest of the rest (tests/versions.py)", "by hand"),
)
GPU = Slice("gpu", "capture, export and execution providers on an NVIDIA GPU", "by hand")
SLICES = (ENVIRONMENTS, SIMULATORS, TASKS, BROWSER, *SLOW, *VERSIONS, GPU)


def slice_of(name: str, markers: Collection[str]) -> Slice | None:
    """Return the slice of a test, or None for the quick tier.

    Args:
        name: Node id of the test.
        markers: Names of its markers.
    """
    if "gpu" in markers:
        return GPU
    if "simulator" in markers:
        return TASKS if "always" in markers else SIMULATORS
    if "browser" in markers:
        return BROWSER
    if "venv" in markers:
        return ENVIRONMENTS
    if "slow" in markers:
        return SLOW[zlib.crc32(name.encode()) % SHARDS]
    return None


def slices_of_turn(turn: int) -> Sequence[Slice]:
    """Return the slices that continuous integration runs: those of every run, and one by the number of commits."""
    rotation = [each for each in SLICES if each.turn == "rotation"]
    return [*(each for each in SLICES if each.turn == "always"), rotation[turn % len(rotation)]]


def spread(values: Iterable[Any], quick: int) -> list[Any]:
    """Return parameters of which some, evenly spread, are quick and the others slow: see :func:`few`."""
    listed = list(values)
    kept = {round(place * len(listed) / quick) for place in range(quick)}
    return [value if place in kept else _slow(value) for place, value in enumerate(listed)]


def few(values: Iterable[Any], quick: int) -> list[Any]:
    """Return parameters of which the first ones are quick, the others slow: more of the same, not another behaviour."""
    listed = list(values)
    return [*listed[:quick], *map(_slow, listed[quick:])]


def _slow(value: Any) -> Any:
    return pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=pytest.mark.slow)

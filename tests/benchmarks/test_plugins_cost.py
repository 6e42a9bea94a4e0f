"""What fifty installed plugins may cost: with room for a busy machine; ``make bench`` holds the goal (1.2)."""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.benchmarks.plugins import COUNT, install, measure


def test_dummy_plugins_are_found_as_installed_ones_are(tmp_path: Path) -> None:
    install(tmp_path)
    found = [d for d in distributions(path=[str(tmp_path)]) if any(e.group == "leapp" for e in d.entry_points)]
    assert len(found) == COUNT


@pytest.mark.slow
def test_fifty_plugins_cost_the_help_a_bounded_factor() -> None:
    assert min(measure(5)["ratio"] for _ in range(3)) < 1.6

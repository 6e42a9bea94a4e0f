"""A short run of what ``python -m tests.fuzz`` does at length."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.bundle import make_bundle
from tests.fuzz.loaders import Loaders


@pytest.fixture(scope="module")
def loaders(tmp_path_factory: pytest.TempPathFactory) -> Loaders:
    return Loaders(make_bundle(tmp_path_factory.mktemp("healthy")), tmp_path_factory.mktemp("damaged"))


@pytest.mark.parametrize(
    ("name", "count", "refused"),
    [("document", 150, 75), ("tensors", 500, 300), ("recorded values", 200, 120), ("changed file", 50, 45)],
)
def test_damaged_bundles_are_refused_without_surprise(loaders: Loaders, name: str, count: int, refused: int) -> None:
    found = sum(loaders.run(name, seed) for seed in range(count))
    # Some damage is none: a comment, a flipped bit of a number. Most must be seen.
    assert found >= refused


def test_forged_models_are_refused_or_run_but_never_crash() -> None:
    """In a process of its own, where a crash of native code is seen."""
    command = [sys.executable, "-m", "tests.fuzz", "--only", "model", "--count", "60", "--jobs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stdout + done.stderr

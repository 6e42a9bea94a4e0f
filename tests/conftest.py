"""What all tests share."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import pytest

_COLLECTED = pytest.StashKey[float]()
_BETWEEN = 10.0  # seconds
_LONG = {"simulator": 0, "slow": 1, "venv": 1}
_SHORT = 2
_LONG_FILE = "test_programs.py"  # of many tests that are short


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Collect garbage now and then: what PyTorch and exporters leave in cycles makes every look at the heap slower."""
    now = time.monotonic()
    if now - item.config.stash.setdefault(_COLLECTED, now) > _BETWEEN:
        gc.collect()
        item.config.stash[_COLLECTED] = time.monotonic()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: with several workers, whoever is handed one of them last ends last."""
    ranks: dict[Path, int] = {}
    for item in items:
        marks = (_LONG.get(mark.name, _SHORT) for mark in item.iter_markers())
        least = _LONG["slow"] if item.path.name == _LONG_FILE else _SHORT
        ranks[item.path] = min([ranks.get(item.path, least), *marks])
    items.sort(key=lambda item: ranks[item.path])

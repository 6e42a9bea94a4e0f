"""What all tests share."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

_RUN = pytest.StashKey[int]()
_BETWEEN = 10
_LONG = {"simulator": 0, "slow": 1, "venv": 1}
_SHORT = 2


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Collect garbage now and then: what PyTorch and exporters leave in cycles makes every look at the heap slower."""
    run = item.config.stash.get(_RUN, 0) + 1
    item.config.stash[_RUN] = run
    if run % _BETWEEN == 0:
        gc.collect()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: with several workers, whoever is handed one of them last ends last."""
    ranks: dict[Path, int] = {}
    for item in items:
        ranks[item.path] = min(
            [ranks.get(item.path, _SHORT), *(_LONG.get(m.name, _SHORT) for m in item.iter_markers())]
        )
    items.sort(key=lambda item: ranks[item.path])

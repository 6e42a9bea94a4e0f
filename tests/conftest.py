"""What all tests share."""

from __future__ import annotations

import gc

import pytest

_RUN = pytest.StashKey[int]()
_BETWEEN = 10


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Collect garbage now and then: what PyTorch and exporters leave in cycles makes every look at the heap slower."""
    run = item.config.stash.get(_RUN, 0) + 1
    item.config.stash[_RUN] = run
    if run % _BETWEEN == 0:
        gc.collect()

"""What all tests share: tiers and slices, skips that are allowed, and collecting garbage."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests import skips
from tests.thinned import THINNED
from tests.tiers import SLICES, Slice, slice_of

os.environ.setdefault("LEAPP_REWRITES", "0")  # thousands of tests are refused; tests/rewrites asks for it

_COLLECTED = pytest.StashKey[float]()
_BETWEEN = 10.0  # seconds


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run be narrowed to what ``make test`` runs, or to slices of the rest."""
    group = parser.getgroup("tiers")
    group.addoption("--quick", action="store_true", help="run only the quick tier")
    names = [each.name for each in SLICES]
    group.addoption("--slice", action="append", choices=names, default=[], help="run this slice of what is not quick")


def pytest_configure(config: pytest.Config) -> None:
    """Watch skips where a skip must not pass for a test."""
    if os.environ.get("CI") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(skips.Watch())


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Collect garbage now and then: what PyTorch and exporters leave in cycles makes every look at the heap slower."""
    now = time.monotonic()
    if now - item.config.stash.setdefault(_COLLECTED, now) > _BETWEEN:
        gc.collect()
        item.config.stash[_COLLECTED] = time.monotonic()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tier or the slices asked for, what takes longest first: whoever is handed that last ends last."""
    thin(items)
    quick, wanted = config.getoption("quick"), set(config.getoption("slice"))
    if not quick and not wanted:
        return
    found = {item: slice_of(item.nodeid, {mark.name for mark in item.iter_markers()}) for item in items}
    kept = [item for item in items if (quick if (each := found[item]) is None else each.name in wanted)]
    left_out = set(items) - set(kept)
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    kept.sort(key=lambda item: _place(found[item]))
    items[:] = kept


def thin(items: Iterable[pytest.Item]) -> None:
    """Mark those values of a test function slow of which every other one, or fewer, is quick."""
    met: Counter[str] = Counter()
    for item in items:
        name = item.nodeid.partition("[")[0]
        if name in THINNED and slice_of(item.nodeid, {mark.name for mark in item.iter_markers()}) is None:
            if met[name] % THINNED[name]:
                item.add_marker(pytest.mark.slow)
            met[name] += 1


def _place(found: Slice | None) -> int:
    return len(SLICES) if found is None else SLICES.index(found)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that users get, built once."""
    folder = tmp_path_factory.mktemp("wheel")
    root = Path(__file__).resolve().parents[1]
    line = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(root)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built

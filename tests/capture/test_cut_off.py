"""Programs with more Python objects than are looked at: what comes out of sight has not changed."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

from leapp_core import capture
from leapp_core.errors import CaptureError
from leapp_core.tracing.result import CapturedPipeline


class Part:
    """One of many."""


class Limited:
    """A number and an object, so that the end of what is looked at lies among numbers."""

    def __init__(self) -> None:
        self.part = Part()
        self.limit = 1.0


FAR: list[Limited] = []


@pytest.fixture(autouse=True)
def many() -> Iterator[None]:
    """Objects of a global of this file, while its tests run: others would look at them, too."""
    FAR.extend(Limited() for _ in range(31_000))
    yield
    FAR.clear()


def record(folder: Path, near: int) -> CapturedPipeline:
    """Record a program that asks for a number out of sight, while a list nearby gets longer.

    Args:
        folder: Where to write.
        near: Objects that the list gets in each step, so that as many others come out of sight.
    """
    log: list[Part] = []
    layer = torch.nn.Linear(3, 3)
    with torch.no_grad(), capture("walker", save_path=folder) as session:
        for _ in range(4):
            x = session.input_tensors("walker", {"x": torch.randn(1, 3)})
            y = layer(x)
            if FAR[-1].limit > 0.5:
                y = y * 2
            session.output_tensors("walker", {"y": y})
            log.extend(Part() for _ in range(near))
    return session.compile()


@pytest.mark.parametrize("near", [0, 500])
def test_a_number_that_comes_out_of_sight_has_not_changed(tmp_path: Path, near: int) -> None:
    assert any("nearest 60000 Python objects" in note for note in record(tmp_path, near).notes)


def test_a_number_in_sight_that_comes_and_goes_has_changed(tmp_path: Path) -> None:
    layer = torch.nn.Linear(3, 3)
    log, limits = [Part()], {"first": 1.0}
    with torch.no_grad(), capture("walker", save_path=tmp_path) as session:
        for step in range(4):
            x = session.input_tensors("walker", {"x": torch.randn(1, 3)})
            y = layer(x)
            if limits.get("last") is None:
                y = y * FAR[0].limit
            session.output_tensors("walker", {"y": y})
            log.extend(Part() for _ in range(500))
            if step == 3:
                limits["last"] = 2.0
    with pytest.raises(CaptureError, match="changes from step to step"):
        session.compile()


COMPILER = """
class Var:
    pass

class Kernel:
    def __init__(self, length):
        self.variables = [Var() for _ in range(length)]
"""


class Deep:
    """Holds a number that no look reaches once it has gone through 60,000 nearer objects."""

    def __init__(self, kernel: object) -> None:
        self.kernel, self.below = kernel, [[[[[1.0]]]]]


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return a package that says it is Warp, with what its compiler keeps of a kernel."""
    (tmp_path / "warp.py").write_text(COMPILER, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "warp", raising=False)
    module = importlib.import_module("warp")
    monkeypatch.setitem(sys.modules, "warp", module)
    return module


def test_code_of_kernels_puts_nothing_out_of_sight(tmp_path: Path, compiler: ModuleType) -> None:
    deep, layer = Deep(compiler.Kernel(61_000)), torch.nn.Linear(3, 3)
    with torch.no_grad(), capture("walker", save_path=tmp_path) as session:
        for step in range(4):
            x = session.input_tensors("walker", {"x": torch.randn(1, 3)})
            y = layer(x)
            if deep.below[0][0][0][0][0] > 0.5:
                y = y * 2
            session.output_tensors("walker", {"y": y})
            deep.below[0][0][0][0][0] = 1.0 + step
    with pytest.raises(CaptureError, match=r"deep\.below changes from step to step"):
        session.compile()


@pytest.mark.parametrize("collects", [True, False])
def test_the_collector_is_left_as_it_was(tmp_path: Path, collects: bool) -> None:
    """None runs while objects are looked at: it would run code of theirs."""
    was = gc.isenabled()
    (gc.enable if collects else gc.disable)()
    try:
        record(tmp_path, 0)
        assert gc.isenabled() is collects
    finally:
        (gc.enable if was else gc.disable)()

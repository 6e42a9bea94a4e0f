"""Which objects an attribute of the program may belong to: what else lives in the process decides nothing."""

from __future__ import annotations

import argparse
import gc
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import torch
from torch import nn

import leapp_core
from leapp_core.errors import CaptureError


class Filter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("value", torch.zeros(3))


class Smooth:
    """Holds a tensor under a name that numbers of others have, too."""

    def __init__(self) -> None:
        self.filter = Filter()

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.filter.value.mul_(0.9).add_(x, alpha=0.1)
        return self.filter.value * 2


class Reassigned:
    """Never runs here: its statement alone looks like a Python counter."""

    def __init__(self) -> None:
        self.filter = Filter()

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.filter.value = self.filter.value * 0.5 + x
        return self.filter.value


@dataclass
class Gauge:
    """A class of the same file with a number under the same name."""

    value: int = 3


@dataclass
class Slotted:
    __slots__ = ("ticks",)
    ticks: int


class Counts:
    """Switches at a step beyond the captured ones, counting in an object of any kind."""

    def __init__(self, counter: object) -> None:
        self.counter = counter

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.counter.ticks += 1  # type: ignore[attr-defined]
        return x * 2 if self.counter.ticks > 20 else x * 3  # type: ignore[attr-defined]


class Owner:
    """Reaches its counter through a property."""

    def __init__(self) -> None:
        self._kept = SimpleNamespace(turns=0)

    @property
    def kept(self) -> SimpleNamespace:
        return self._kept

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.kept.turns += 1
        return x * 2 if self.kept.turns > 20 else x * 3


def captured(step: Callable[[torch.Tensor], torch.Tensor]) -> leapp_core.CaptureSession:
    with leapp_core.capture("policy") as session, torch.no_grad():
        for _ in range(4):
            x = session.input_tensors("policy", {"x": torch.rand(3)})
            session.output_tensors("policy", {"y": step(x)})
    return session


def test_numbers_of_other_objects_make_no_counter_of_a_buffer() -> None:
    others = [Gauge(), SimpleNamespace(value=1), argparse.Namespace(value=2.0)]
    program = captured(Smooth().step).compile()
    assert [port.name for port in program.spec.nodes[0].inputs] == ["x", "state_in"]
    assert len(others) == 3


@pytest.mark.parametrize("counter", [Slotted(0), SimpleNamespace(ticks=0), argparse.Namespace(ticks=0)], ids=repr)
def test_counters_are_found_in_objects_of_any_kind(counter: object) -> None:
    session = captured(Counts(counter).step)
    with pytest.raises(CaptureError, match=r"the Python value self\.counter\.ticks changes from step to step"):
        session.compile()


def test_counters_are_found_behind_properties() -> None:
    session = captured(Owner().step)
    with pytest.raises(CaptureError, match=r"the Python value self\.kept\.turns changes from step to step"):
        session.compile()


def test_a_counter_whose_object_is_gone_is_still_one() -> None:
    program = Counts(SimpleNamespace(ticks=0))
    gone = weakref.ref(program)
    session = captured(program.step)
    del program
    gc.collect()
    assert gone() is None
    with pytest.raises(CaptureError, match=r"the Python value self\.counter\.ticks changes from step to step"):
        session.compile()

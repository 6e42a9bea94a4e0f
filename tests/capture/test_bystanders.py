"""Which objects an attribute of the program may belong to: what else lives in the process decides nothing."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import networkx as nx
import pytest
import torch
from torch import nn

import leapp_core
from leapp_core.errors import CaptureError
from tests.loading import module_of


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


def captured(step: Callable[[torch.Tensor], torch.Tensor], *, follow: bool = True) -> leapp_core.CaptureSession:
    with leapp_core.capture("policy", follow=follow) as session, torch.no_grad():
        for _ in range(4):
            x = session.input_tensors("policy", {"x": torch.rand(3)})
            session.output_tensors("policy", {"y": step(x)})
    return session


def test_numbers_of_other_objects_make_no_counter_of_a_buffer() -> None:
    others = [Gauge(), SimpleNamespace(value=1), argparse.Namespace(value=2.0)]
    program = captured(Smooth().step).compile()
    assert [port.name for port in program.spec.nodes[0].inputs] == ["x", "value_in"]
    assert len(others) == 3


@pytest.mark.parametrize("counter", [Slotted(0), SimpleNamespace(ticks=0), argparse.Namespace(ticks=0)], ids=repr)
def test_counters_are_found_in_objects_of_any_kind(counter: object) -> None:
    session = captured(Counts(counter).step, follow=False)
    with pytest.raises(CaptureError, match=r"the Python value self\.counter\.ticks changes from step to step"):
        session.compile()


def test_counters_are_found_behind_properties() -> None:
    session = captured(Owner().step)
    with pytest.raises(CaptureError, match=r"the Python value self\.kept\.turns changes from step to step"):
        session.compile()


def test_a_counter_whose_object_the_loop_has_dropped_is_still_one() -> None:
    program = Counts(SimpleNamespace(ticks=0))
    session = captured(program.step)
    del program
    gc.collect()
    with pytest.raises(CaptureError, match=r"the Python value self\.counter\.ticks changes from step to step"):
        session.compile()


ROADS = nx.Graph()
ROADS.add_edge(0, 1, w=2.0)


def test_functions_with_more_defaults_than_parameters_are_looked_at() -> None:
    """networkx compiles its functions so; torch brings it, and simulators call it in a step."""

    def weight(graph: nx.Graph) -> float:
        return float(graph.edges[0, 1]["w"])

    weight.__defaults__ = (None, None, None)
    assert len(weight.__defaults__) > weight.__code__.co_argcount
    program = captured(lambda x: x * weight(ROADS) * nx.get_edge_attributes(ROADS, "w")[0, 1]).compile()
    assert [port.name for port in program.spec.nodes[0].inputs] == ["x"]


COUNTING_PART = """
class Part:
    def __init__(self):
        self.n = 0

    def step(self, x):
        self.n += 1
        return x * 2
"""
TENSOR_PART = """
import torch

class Part:
    def __init__(self):
        self.n = torch.zeros(3)

    def step(self, x):
        self.n = self.n * 0.5 + x
        return self.n.clamp(-1, 1)
"""
THRESHOLD_PART = COUNTING_PART.replace("return x * 2", "return x * 2 if self.n < 50 else x")


def test_classes_of_one_name_in_two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are part of the program; one counts under the name under which the other keeps a tensor."""
    first = module_of(tmp_path / "scaling.py", COUNTING_PART, monkeypatch).Part()
    second = module_of(tmp_path / "smoothing.py", TENSOR_PART, monkeypatch).Part()
    program = captured(lambda x: second.step(first.step(x))).compile()
    assert [port.name for port in program.spec.nodes[0].inputs] == ["x", "n_in"]


def test_a_counter_is_found_beside_a_class_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = module_of(tmp_path / "switching.py", THRESHOLD_PART, monkeypatch).Part()
    second = module_of(tmp_path / "smoothing.py", TENSOR_PART, monkeypatch).Part()
    session = captured(lambda x: second.step(first.step(x)), follow=False)
    with pytest.raises(CaptureError, match=r"the Python value self\.n changes from step to step") as caught:
        session.compile()
    assert "switching.py" in str(caught.value)


@dataclass
class Limits:
    """Compares as a whole; one number in it counts."""

    scale: float = 0.5
    calls: int = 0

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return x * self.scale


def played() -> leapp_core.CaptureSession:
    policy, environment, limits, last = Smooth(), Environment(), Limits(), torch.zeros(3)
    with leapp_core.capture("policy") as session, torch.no_grad():
        for _ in range(5):
            x = session.input_tensors("policy", {"x": last})
            last = environment.step(session.output_tensors("policy", {"y": limits.apply(policy.step(x))}))
    return session


def test_objects_that_the_loop_has_dropped_are_told_apart() -> None:
    """The environment counts under names that the policy has, and the loop has dropped both."""
    session = played()
    gc.collect()
    assert [port.name for port in session.compile().spec.nodes[0].inputs] == ["x", "value_in"]


class Environment:
    def __init__(self) -> None:
        self.value, self.filter, self.state = 0, Gauge(), torch.zeros(3)

    def step(self, action: torch.Tensor) -> torch.Tensor:
        self.value += 1
        self.filter.value += 1
        self.state = self.state * 0.5 + action
        if self.filter.value % 7 == 0:
            self.reset()
        return self.state

    def reset(self) -> None:
        self.state = torch.zeros(3)

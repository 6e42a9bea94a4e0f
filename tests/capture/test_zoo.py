"""Looking at the user's objects neither fails nor runs code of theirs, whatever they are."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import networkx
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import leapp_core
from leapp_core.errors import CaptureError
from leapp_core.tracing.objects.children import Children
from tests.capture.generator.check import compile_graphs
from tests.capture.zoo import ZOO, Ran
from tests.tiers import spread

KEPT: Any = None
"""What the step reads by a global name."""
GRAPH: networkx.Graph = networkx.path_graph(4)
networkx.set_edge_attributes(GRAPH, 0.5, "w")


def handed_on(*things: Any, key: Any = None) -> Any:
    """Return the first thing, by what followed code does with values: arguments, containers, loops, unpacking."""
    table = {"first": things[0], "key": key}
    for each in (key, table["first"]):
        last = each
    box = [last, table]
    kept, *_ = box
    return kept


class Holder:
    """A healthy policy that holds, and reads, something odd."""

    def __init__(self, odd: Any) -> None:
        self.odd = odd
        self.velocity = torch.zeros(3)
        self.n = 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        kept = handed_on(self.odd if KEPT is None else KEPT, key=self.odd)
        self.n += 1
        self.velocity = self.velocity * 0.5 + x
        return self.velocity if kept is None else self.velocity * 2.0


def record(odd: Any, also: Sequence[Any] = ()) -> leapp_core.CaptureSession:
    """Record a healthy policy beside odd objects: an attribute, a global, a local of the loop, attributes of types."""
    policy = Holder(odd)
    local = [odd, *also]
    with torch.no_grad(), leapp_core.capture("zoo", max_cached_io=3) as session:
        for step in range(4):
            x = torch.full((3,), float(step))
            session.input_tensors("policy", {"x": x})
            session.output_tensors("policy", {"y": policy.step(x)})
    assert len(local) == 1 + len(also)
    return session


@pytest.fixture(autouse=True)
def modules() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("leapp_"):
            del sys.modules[name]
    gc.collect()


@pytest.mark.parametrize("name", spread(ZOO, 7))
def test_an_odd_object_beside_a_healthy_program(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: Ran = []
    odd = ZOO[name](ran)
    monkeypatch.setitem(globals(), "KEPT", odd)
    monkeypatch.setattr(Holder, "kind", odd, raising=False)
    before = len(ran)
    session = record(odd)
    captured = compile_graphs(session)
    assert ran[before:] == []
    assert [str(port) for port in captured.spec.inputs] == ["policy/x"]
    assert not any("not looked into" in note for note in captured.notes)


# A class that answers for its ancestors is asked by everybody while it lives, and modules are, by hypothesis as well.
TOGETHER = sorted(ZOO.keys() - {"subclass_of_user_dict", "lazy_module", "module_of_another_class"})


@given(st.lists(st.sampled_from(TOGETHER), min_size=2, max_size=8, unique=True))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_many_odd_objects(names: list[str]) -> None:
    ran: Ran = []
    odd = [ZOO[name](ran) for name in names]
    before = len(ran)
    captured = compile_graphs(record(odd[0], odd[1:]))
    assert ran[before:] == []
    assert captured.spec.nodes


def test_a_compiled_function_of_a_library() -> None:
    """networkx compiles functions that have more defaults than parameters."""
    policy = Holder(None)
    with torch.no_grad(), leapp_core.capture("graph", max_cached_io=3) as session:
        for step in range(3):
            x = torch.full((3,), float(step))
            session.input_tensors("policy", {"x": x})
            weights = networkx.get_edge_attributes(GRAPH, "w")
            session.output_tensors("policy", {"y": policy.step(x) * len(weights)})
    assert compile_graphs(session).spec.nodes


def test_an_object_that_cannot_be_looked_into_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours while looking at an object ends nothing, and the object is named."""
    known = Children.of

    def failing(children: Children, thing: Any) -> Any:
        if type(thing) is Holder:
            raise LookupError("no such thing")
        return known(children, thing)

    monkeypatch.setattr(Children, "of", failing)
    captured = compile_graphs(record(None))
    assert captured.notes == ("objects of Holder were not looked into: LookupError: no such thing",)


def test_what_changes_is_still_seen_beside_them() -> None:
    class Slowing(Holder):
        def step(self, x: torch.Tensor) -> torch.Tensor:
            return super().step(x) * (1.0 if self.n < 30 else 0.5)

    policy = Slowing(ZOO["operators_that_raise"]([]))
    with torch.no_grad(), leapp_core.capture("slowing", max_cached_io=3, follow=False) as session:
        for step in range(4):
            x = torch.full((3,), float(step))
            session.input_tensors("policy", {"x": x})
            session.output_tensors("policy", {"y": policy.step(x)})
    with pytest.raises(CaptureError, match=r"self\.n"):
        compile_graphs(session)

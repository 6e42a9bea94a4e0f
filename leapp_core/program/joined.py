"""One program of the steps at the start and of all later ones: a state says which step it is, ``where`` chooses.

After one step of another kind the state is the flag ``is_first``, true at the start and after a reset; after several it
is the number ``start_step``, which stays at how many they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.fx import GraphModule, Node

from leapp_core.program.build import BuiltGraph, FurtherState, GraphBuilder
from leapp_core.program.constants import TensorNames
from leapp_core.program.memory import add_constant
from leapp_core.program.start import StartStep, kind_of
from leapp_core.program.views import ViewTable
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.initial import first_values
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.record.events import TensorInfo

aten = torch.ops.aten
FLAG = "is_first"
"""Name of the state that says that no step was made since the start or the last reset."""
NUMBER = "start_step"
"""Name of the state that counts the steps since then, up to those that compute something else."""


@dataclass(frozen=True)
class Joined:
    """The program of all steps.

    Attributes:
        built: Its graph; the last of its further states says which step it is.
        initial: First values of its states, the further ones included.
    """

    built: BuiltGraph
    initial: tuple[torch.Tensor, ...]


def join(
    slicer: Slicer,
    start: Sequence[StartStep],
    later: tuple[NodeAnalysis, BuiltGraph, Sequence[torch.Tensor]],
    views: ViewTable,
    names: TensorNames,
) -> Joined:
    """Join the programs of the steps at the start with that of the later ones.

    Args:
        slicer: Slicer of the record.
        start: The steps at the start.
        later: Analysis, graph and first values of the later ones.
        views: Views of the session.
        names: Names of parameters and buffers.
    """
    steady, built, began = later
    kinds = [kind_of(slot.read) for slot in built.states]
    lies = {info: at for at, info in reversed(list(enumerate(start[-1].leaves)))}
    places = [_places(kinds, step, lies) for step in start]
    further = [FurtherState(f"start_{i}", *kind) for i, kind in enumerate(kinds[len(built.states) :])]
    which = FurtherState(FLAG, (), torch.bool) if len(start) == 1 else FurtherState(NUMBER, (), torch.int64)
    graphs, dynamic = [], list(built.dynamic)
    for step in start:
        graph = GraphBuilder(slicer, step.found, views, names).build()
        dynamic += graph.dynamic
        initial = [
            first_values(slicer, step.found, s.read, step.found.reads.get(s.read.storage, []), 0, in_place=True).value
            for s in graph.states
        ]
        graphs.append((graph, initial))
    joiner = _Joiner(built, kinds, (len(steady.step.inputs), len(steady.step.outputs), len(steady.step.static)))
    module = joiner.join(graphs, places)
    first = [torch.zeros_like(value) for value in began]
    first += [torch.zeros(state.sizes, dtype=state.dtype) for state in further]
    first.append(torch.ones((), dtype=torch.bool) if len(start) == 1 else torch.zeros((), dtype=torch.int64))
    whole = replace(built, module=module, dynamic=tuple(dynamic), further=(*further, which))
    return Joined(whole, tuple(first))


def _places(
    kinds: list[tuple[tuple[int, ...], torch.dtype]], step: StartStep, lies: dict[TensorInfo, int]
) -> list[int]:
    """Return which states hold what a step takes, and add those that are missing.

    What becomes state of the later steps lies there: an index is never read where something else is kept.
    """
    for info in step.takes:
        if info not in lies:
            lies[info] = len(kinds)
            kinds.append(kind_of(info))
    return [lies[info] for info in step.takes]


class _Joiner:
    """Puts the graphs of the steps at the start behind that of the others, and chooses.

    Args:
        built: The graph of the others.
        kinds: Sizes and types of all states.
        counts: How many inputs, outputs and static outputs a step has.
    """

    def __init__(
        self, built: BuiltGraph, kinds: list[tuple[tuple[int, ...], torch.dtype]], counts: tuple[int, int, int]
    ) -> None:
        self._owner, self._graph = built.module, built.module.graph
        self._kinds, self._own, self._counts = kinds, len(built.states), counts

    def join(self, graphs: Sequence[tuple[BuiltGraph, list[torch.Tensor]]], places: Sequence[list[int]]) -> GraphModule:
        """Return the joined module: in step ``i`` the graph ``graphs[i]`` takes states at ``places[i]``."""
        graph, (inputs, made, static) = self._graph, self._counts
        first = next(node for node in graph.nodes if node.op != "placeholder")
        (last,) = (node for node in graph.nodes if node.op == "output")
        results: list[Node] = list(last.args[0])
        given = [node for node in graph.nodes if node.op == "placeholder"]
        for node in given:
            first.prepend(node)
        with graph.inserting_before(first):
            given += [graph.placeholder(f"state_{i}") for i in range(self._own, len(self._kinds))]
            which = graph.placeholder(f"state_{len(self._kinds)}")
            states = given[inputs:]
            now = [which] if len(graphs) == 1 else [self._call(aten.eq.Scalar, which, n) for n in range(len(graphs))]
            # Copies, for each may write into them, made before anything is written.
            taken = [
                [self._call(aten.clone.default, node) for node in given[:inputs]]
                + [self._call(aten.clone.default, states[i]) for i in at]
                for at in places
            ]
        with graph.inserting_before(last):
            outputs, following = results[:made], [*results[made + static :], *states[self._own :]]
            for number in reversed(range(len(graphs))):
                begun = self._copied(*graphs[number], taken[number], number)
                outputs = [self._choose(now[number], a, b) for a, b in zip(begun, outputs, strict=False)]
                to = places[number + 1] if number + 1 < len(graphs) else range(self._own)
                for at, value in zip(to, begun[made : made + len(to)], strict=True):  # behind them is its own state
                    following[at] = self._choose(now[number], value, following[at])
            following.append(self._next(which, len(graphs)))
        last.args = ((*outputs, *results[made : made + static], *following),)
        self._owner.recompile()
        return self._owner

    def _call(self, function: Any, *args: Any) -> Node:
        return self._graph.call_function(function, args)

    def _choose(self, condition: Node, then: Node, other: Node) -> Node:
        return self._call(aten.where.self, condition, then, other)

    def _next(self, which: Node, count: int) -> Node:
        """Return which step comes next."""
        if count == 1:
            return self._call(aten.logical_and.default, which, self._call(aten.logical_not.default, which))
        return self._call(aten.clamp_max.default, self._call(aten.add.Tensor, which, 1), count)

    def _copied(
        self, start: BuiltGraph, initial: Sequence[torch.Tensor], taken: Sequence[Node], number: int
    ) -> list[Node]:
        """Copy the calls of a step at the start, and return the nodes of its results."""
        graph = self._graph
        given = list(taken)
        for slot, value in zip(start.states, initial, strict=True):
            name = add_constant(self._owner, f"first_{number}_{slot.index}", value)
            given.append(self._call(aten.clone.default, graph.get_attr(name)))
        known: dict[Node, Node] = {}
        shared: dict[str, str] = {}
        for node in start.module.graph.nodes:
            if node.op == "placeholder":
                known[node] = given.pop(0)
            elif node.op == "output":
                return [known[result] for result in node.args[0]]
            elif node.op == "get_attr":
                if node.target not in shared:
                    shared[node.target] = self._moved(start.module, node.target)
                known[node] = graph.get_attr(shared[node.target])
            else:
                known[node] = graph.node_copy(node, known.__getitem__)
        raise AssertionError("a graph has an output")

    def _moved(self, module: GraphModule, name: str) -> str:
        """Give the joined module an attribute of a start's; the same parameter is there only once."""
        value = getattr(module, name)
        own = getattr(self._owner, name, None)
        if isinstance(own, torch.Tensor) and own.dtype == value.dtype and torch.equal(own, value):
            return name
        parameter = isinstance(value, torch.nn.Parameter)
        return add_constant(self._owner, f"first_{name}", value.detach(), parameter=parameter)

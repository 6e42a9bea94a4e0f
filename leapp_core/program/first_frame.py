"""A first step that computes something else: ``if self.previous is None: self.previous = x``, as state ``is_first``.

The first step is a program of its own. It reads only declared inputs and what the session began with, and gives the
outputs and the state that the second step begins with. Joined with the program of the other steps by ``torch.where`` on
a flag, which is true at the start and after a reset, it makes one program without branches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch.fx import Graph, GraphModule, Node

from leapp_core.program.build import BuiltGraph, GraphBuilder
from leapp_core.program.constants import TensorNames
from leapp_core.program.memory import add_constant
from leapp_core.program.states import StateSlot
from leapp_core.program.views import ViewTable
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.initial import first_values
from leapp_core.tracing.find.leaves import Constant, InPlaceState, ProducedState, Unexplained
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.find.steps import Step
from leapp_core.tracing.record.events import Declaration, TensorInfo

aten = torch.ops.aten
FLAG = "is_first"
"""Name of the state that says that no step was made since the start or the last reset."""


@dataclass(frozen=True)
class Joined:
    """The program of all steps.

    Attributes:
        built: Its graph; its last state is the flag.
        initial: First values of its states, the flag's included.
    """

    built: BuiltGraph
    initial: tuple[torch.Tensor, ...]


def hold(slicer: Slicer, found: NodeAnalysis, first: Step) -> NodeAnalysis | None:
    """Return an analysis of the later steps in which memory that the first step computed from its inputs is state.

    ``self.start = x`` of the first step never changes afterwards: to the later steps alone it looks like a constant.

    Returns:
        The analysis; ``None`` where such memory lies in a list, a queue or under several names: it may move on, as the
        oldest entry of a history does that is longer than the recording.
    """
    begin = found.steps[0].begin
    leaves = dict(found.leaves)
    alone = slicer.recorder.python.held_alone()
    still = {slicer.recorder.storage_number(t) for t in slicer.recorder.held_tensors() if id(t) in alone}
    for storage, leaf in found.leaves.items():
        if isinstance(leaf, Constant) and any(
            slicer.backward_to(read.info, first.begin, begin, first.inputs.values(), read.live).used
            for read in found.reads.get(storage, ())
        ):
            if storage not in still:
                return None
            leaves[storage] = InPlaceState(storage)
    return replace(found, leaves=leaves)


def first_step(slicer: Slicer, found: NodeAnalysis, slots: Sequence[StateSlot], first: Step) -> Step | None:
    """Return the first step with what the second reads as state among its outputs.

    Args:
        slicer: Slicer of the record.
        found: Analysis of the later steps.
        slots: Their states.
        first: The first step.

    Returns:
        The step; ``None`` if it is not known where a state lies when the second step begins.
    """
    outputs = {name: first.outputs[name] for name in found.step.outputs if name in first.outputs}
    if set(outputs) != set(first.outputs) or set(outputs) != set(found.step.outputs):
        return None
    for slot in slots:
        info = _lies_at(slicer, found, slot, slots)
        if info is None or _kind(info) != _kind(slot.read):
            return None
        outputs[_port(slot)] = _declared(first, _port(slot), info, found.node)
    return replace(first, outputs=outputs)


def explains(slicer: Slicer, found: NodeAnalysis) -> bool:
    """Return whether the first step reads nothing but its inputs and memory of the program from before the session."""
    storages = slicer.recorder.storages
    for storage, leaf in found.leaves.items():
        if isinstance(leaf, (ProducedState, Unexplained)):
            return False
        if storages[storage].foreign and storages[storage].literal < 0:
            return False
    return True


def join(
    slicer: Slicer,
    found: NodeAnalysis,
    later: tuple[NodeAnalysis, BuiltGraph, Sequence[torch.Tensor]],
    views: ViewTable,
    names: TensorNames,
) -> Joined | None:
    """Join the program of the first step with that of the later ones.

    Args:
        slicer: Slicer of the record.
        found: Analysis of the first step.
        later: Analysis, graph and first values of the later ones.
        views: Views of the session.
        names: Names of parameters and buffers.

    Returns:
        The program of all steps; ``None`` if the two give results of other kinds.
    """
    steady, built, began = later
    if any(_kind(d.info) != _kind(found.step.outputs[name].info) for name, d in steady.step.outputs.items()):
        return None
    start = GraphBuilder(slicer, found, views, names).build()
    initial = [
        first_values(slicer, found, slot.read, found.reads.get(slot.read.storage, []), 0, in_place=True).value
        for slot in start.states
    ]
    module = _joined(built, start, initial, steady.step)
    zeros = tuple(torch.zeros_like(value) for value in began)
    graph = replace(built, module=module, dynamic=(*built.dynamic, *start.dynamic), flag=True)
    return Joined(graph, (*zeros, torch.ones((), dtype=torch.bool)))


def _kind(info: TensorInfo) -> tuple[object, ...]:
    return info.sizes, info.dtype


def _port(slot: StateSlot) -> str:
    return f"state {slot.index}"  # no port of the user has a blank in its name


def _declared(first: Step, port: str, info: TensorInfo, node: str) -> Declaration:
    """Return a declaration of what lies somewhere when the first step has ended."""
    value = torch.empty(0)
    last = max(first.outputs.values(), key=lambda d: d.order)
    stack, line = last.stack, last.line
    return Declaration(first.end, node, port, "update", value, info, value, None, stack, last.order, line)


def _lies_at(slicer: Slicer, found: NodeAnalysis, slot: StateSlot, slots: Sequence[StateSlot]) -> TensorInfo | None:
    """Return where the value of a state lies when the second step begins."""
    if slot.chain is None:
        return slot.read
    # What the member of age a holds then is what a member of age b reads b - a steps later.
    for other in sorted((s for s in slots if s.chain == slot.chain and s.age >= slot.age), key=lambda s: s.age):
        later = other.age - slot.age
        for read in found.reads.get(other.read.storage, []) if later < len(found.steps) else ():
            info = found.classifier.counterpart(read, later)
            if info is not None and slicer.recorder.storages[info.storage].birth < found.steps[0].begin:
                return info if _kind(info) == _kind(slot.read) else _whole(slicer, info, slot.read)
    return None


def _whole(slicer: Slicer, part: TensorInfo, like: TensorInfo) -> TensorInfo | None:
    """Return where the whole lies of which the second step reads a part (``history[1:]``): where a call made it."""
    birth = slicer.recorder.storages[part.storage].birth
    made = slicer.recorder.events[birth].outs if birth >= 0 else ()
    return next((out for out in made if out.storage == part.storage and _kind(out) == _kind(like)), None)


def _joined(built: BuiltGraph, start: BuiltGraph, initial: Sequence[torch.Tensor], step: Step) -> GraphModule:
    """Put the graph of the first step behind that of the others, and choose."""
    owner, graph = built.module, built.module.graph
    (last,) = (node for node in graph.nodes if node.op == "output")
    results: list[Node] = list(last.args[0])
    placeholders = [node for node in graph.nodes if node.op == "placeholder"]
    made, static = len(step.outputs), len(step.static)
    with graph.inserting_after(placeholders[-1]):
        flag = graph.placeholder(f"state_{len(built.states)}")
    with graph.inserting_before(last):
        begun = _copied(graph, owner, start, _given(owner, start, initial, placeholders[: len(step.inputs)]))

        def choose(others: Sequence[Node], firsts: Sequence[Node]) -> list[Node]:
            pairs = zip(firsts, others, strict=False)
            return [graph.call_function(aten.where.self, (flag, first, other)) for first, other in pairs]

        chosen, states = choose(results[:made], begun), choose(results[made + static :], begun[made:])
        no = graph.call_function(aten.logical_not.default, (flag,))
        never = graph.call_function(aten.logical_and.default, (flag, no))
    last.args = ((*chosen, *results[made : made + static], *states, never),)
    owner.recompile()
    return owner


def _given(
    owner: GraphModule, start: BuiltGraph, initial: Sequence[torch.Tensor], inputs: Sequence[Node]
) -> list[Node]:
    """Return what the first step takes: copies of the inputs, for it may write into them, and first values."""
    graph = owner.graph
    copies = [graph.call_function(aten.clone.default, (node,)) for node in inputs]
    for slot, value in zip(start.states, initial, strict=True):
        name = add_constant(owner, f"first_{slot.index}", value)
        copies.append(graph.call_function(aten.clone.default, (graph.get_attr(name),)))
    return copies


def _copied(graph: Graph, owner: GraphModule, start: BuiltGraph, given: Sequence[Node]) -> list[Node]:
    """Copy the calls of the first step, and return the nodes of its results."""
    known: dict[Node, Node] = {}
    taken = iter(given)
    shared: dict[str, str] = {}
    for node in start.module.graph.nodes:
        if node.op == "placeholder":
            known[node] = next(taken)
        elif node.op == "output":
            return [known[result] for result in node.args[0]]
        elif node.op == "get_attr":
            if node.target not in shared:
                shared[node.target] = _moved(owner, start.module, node.target)
            known[node] = graph.get_attr(shared[node.target])
        else:
            known[node] = graph.node_copy(node, known.__getitem__)
    raise AssertionError("a graph has an output")


def _moved(owner: GraphModule, module: GraphModule, name: str) -> str:
    """Give the joined module an attribute of the first step's; the same parameter is there only once."""
    value = getattr(module, name)
    own = getattr(owner, name, None)
    if isinstance(own, torch.Tensor) and own.dtype == value.dtype and torch.equal(own, value):
        return name
    parameter = isinstance(value, torch.nn.Parameter)
    return add_constant(owner, f"first_{name}", value.detach(), parameter=parameter)

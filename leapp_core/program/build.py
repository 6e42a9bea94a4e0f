"""Emit a node's sliced calls as an fx graph: leaves become placeholders and constants, in-place calls stay."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch.fx import Graph, GraphModule, Node

from leapp_core.errors import CaptureError
from leapp_core.program.constants import TensorNames, constant_value, identifier
from leapp_core.program.emit import emit_call, emit_fit
from leapp_core.program.states import StateSlot, state_slots, used_infos
from leapp_core.program.views import ViewTable, choose_root, fit, within
from leapp_core.tracing.analysis import NodeAnalysis
from leapp_core.tracing.effects import tensors_in
from leapp_core.tracing.events import Declaration, Event, TensorInfo
from leapp_core.tracing.leaves import Constant
from leapp_core.tracing.regions import numel
from leapp_core.tracing.slicing import Slicer

aten = torch.ops.aten


@dataclass(frozen=True)
class LiftedConstant:
    """A constant in the graph.

    Attributes:
        name: Attribute of the graph module.
        info: Where it lay.
        event: The call that read it first; -1 for an output.
        role: ``parameter``, ``buffer`` or ``constant``.
    """

    name: str
    info: TensorInfo
    event: int
    role: str


@dataclass(frozen=True)
class BuiltGraph:
    """A node's graph.

    Attributes:
        module: Takes declared inputs then states, returns outputs, static outputs, then next states.
        states: States found, in order.
        constants: Constants lifted into the graph.
    """

    module: GraphModule
    states: tuple[StateSlot, ...]
    constants: tuple[LiftedConstant, ...] = field(default=())


class GraphBuilder:
    """Builds one node's graph.

    Args:
        slicer: Slicer of the record.
        found: The node's analysis.
        views: Views of the whole session.
        names: Names of parameters and buffers.
    """

    def __init__(self, slicer: Slicer, found: NodeAnalysis, views: ViewTable, names: TensorNames) -> None:
        self._slicer = slicer
        self._recorder = slicer.recorder
        self._found = found
        self._views = views
        self._names = names
        self._graph = Graph()
        self._owner = torch.nn.Module()
        self._roots: dict[int, tuple[TensorInfo, Node]] = {}
        self._inputs: dict[int, list[tuple[TensorInfo, Node]]] = {}
        self._nodes: dict[TensorInfo, Node] = {}
        self._constants: dict[TensorInfo, LiftedConstant] = {}
        self._states = state_slots(slicer, found, views)
        self._folded = self._find_folded()
        self._events = [i for i in found.sliced.events if i not in self._folded]
        self._written = self._written_storages()
        self._used = self._used_infos()

    def build(self) -> BuiltGraph:
        """Emit everything and return the graph."""
        step = self._found.step
        inputs = {name: self._graph.placeholder(identifier(f"in_{name}")) for name in step.inputs}
        for slot in self._states:
            slot_node = self._graph.placeholder(identifier(f"state_{slot.index}"))
            self._place_root(slot.read, slot_node)
        at: dict[int, list[Declaration]] = {}
        for declaration in step.inputs.values():
            at.setdefault(declaration.index, []).append(declaration)
        outs: dict[str, Node] = {}
        out_at: dict[int, list[tuple[str, Declaration]]] = {}
        for name, declaration in step.outputs.items():
            out_at.setdefault(declaration.index, []).append((name, declaration))
        wanted = set(self._events)
        for index in range(step.begin, step.end + 1):
            self._emit_declared(index, at, out_at, inputs, outs)
            if index in wanted:
                self._emit(self._recorder.events[index])
        results = [outs[name] for name in step.outputs]
        results += [self._static(declaration) for declaration in step.static.values()]
        results += [self._clone(self._node_of(slot.next_info, -1)) for slot in self._states]
        self._graph.output(tuple(results))
        module = GraphModule(self._owner, self._graph)
        return BuiltGraph(module, tuple(self._states), tuple(self._constants.values()))

    # -- declared ports ------------------------------------------------------------------------------------------

    def _emit_declared(
        self,
        index: int,
        inputs_at: dict[int, list[Declaration]],
        outputs_at: dict[int, list[tuple[str, Declaration]]],
        inputs: dict[str, Node],
        outs: dict[str, Node],
    ) -> None:
        # Outputs and inputs declared between the same two calls: an output that is an input sees the input.
        for declaration in inputs_at.get(index, ()):
            if declaration.info.storage in self._used:
                self._place_input(declaration, inputs[declaration.port])
        for name, declaration in outputs_at.get(index, ()):
            node = self._node_of(declaration.info, -1)
            outs[name] = self._clone(node)

    def _place_input(self, declaration: Declaration, node: Node) -> None:
        info = declaration.info
        if info.storage not in self._written:
            self._inputs.setdefault(info.storage, []).append((info, node))
            return
        alone = info.storage not in self._roots and info.storage not in self._found.leaves
        if alone and self._root_info(info.storage) == info:
            self._place_root(info, node)
            return
        view = self._node_of(info, -1)
        self._graph.call_function(aten.copy_.default, (view, node))

    def _static(self, declaration: Declaration) -> Node:
        name = self._attribute(identifier(f"static_{declaration.port}"), declaration.value)
        return self._clone(self._graph.get_attr(name))

    def _clone(self, node: Node) -> Node:
        # Outputs never alias inputs, states or each other: torch.export and every backend rely on it.
        return self._graph.call_function(aten.clone.default, (node,))

    # -- calls ---------------------------------------------------------------------------------------------------

    def _emit(self, event: Event) -> None:
        tensors = tensors_in([*event.args, *event.kwargs.values()])
        nodes = [self._operand(event, i) for i in range(len(tensors))]
        out = emit_call(self._graph, event, nodes)
        effects = self._slicer.effects.of(event)
        for position, info in enumerate(event.outs):
            if info not in effects.births:
                continue
            node = out
            if isinstance(event.out, (tuple, list)):
                node = self._graph.call_function(_getitem, (out, _place_in(event.out, position)))
            self._roots[info.storage] = (info, node)
            self._nodes[info] = node

    def _operand(self, event: Event, position: int) -> Node | None:
        effects = self._slicer.effects.of(event)
        info = event.ins[position]
        if event.plan.metadata_reader:
            return None
        if event.plan.write_kwargs and position not in effects.reads:
            info = effects.writes[position - (len(event.ins) - len(effects.writes))].info
        return self._node_of(info, event.index)

    def _node_of(self, info: TensorInfo, event: int) -> Node:
        """Return the graph node that holds a tensor's elements."""
        node = self._nodes.get(info)
        if node is not None:
            return node
        if numel(info) == 0 or self._is_constant(info.storage):
            node = self._lift(info, event)
        else:
            node = self._part_of_input(info) or self._view_of_root(info)
        self._nodes[info] = node
        return node

    def _part_of_input(self, info: TensorInfo) -> Node | None:
        """Return a part of a declared input whose memory nothing writes, taken from the input itself."""
        for base, node in self._inputs.get(info.storage, ()):
            if info == base:
                return node
            if self._reaches(info, base):
                return self._replay_view(info)
            found = within(info, base)
            if found is not None:
                return emit_fit(self._graph, node, found, reshape=False)
        return None

    def _view_of_root(self, info: TensorInfo) -> Node:
        root_info, root = self._root(info.storage)
        if info == root_info:
            return root
        if self._reaches(info, root_info):
            return self._replay_view(info)
        found = fit(info, root_info)
        if found is not None:
            return emit_fit(self._graph, root, found)
        if info.dtype != root_info.dtype:
            raise CaptureError(
                f"node {self._found.node!r}: memory is read as {info.dtype} and as {root_info.dtype}",
                expected="one dtype per memory",
                fix="convert with .to(dtype) instead of .view(dtype)",
            )
        return self._graph.call_function(
            aten.as_strided.default, (root, list(info.sizes), list(info.strides), info.offset - root_info.offset)
        )

    def _replay_view(self, info: TensorInfo) -> Node:
        step = self._views.step_to(info)
        if step is None:
            raise AssertionError("asked only for geometries that recorded views reach")
        base = self._node_of(step.base, -1)
        tensors = tensors_in([*step.event.args, *step.event.kwargs.values()])
        operands: list[Node | None] = [base if i == 0 else None for i in range(len(tensors))]
        node = emit_call(self._graph, step.event, operands)
        if isinstance(step.event.out, (tuple, list)):
            node = self._graph.call_function(_getitem, (node, _place_in(step.event.out, step.output)))
        return node

    def _reaches(self, info: TensorInfo, root: TensorInfo) -> bool:
        while info != root:
            step = self._views.step_to(info)
            if step is None:
                return False
            info = step.base
        return True

    # -- leaves --------------------------------------------------------------------------------------------------

    def _root(self, storage: int) -> tuple[TensorInfo, Node]:
        found = self._roots.get(storage)
        if found is None:
            info = self._root_info(storage)
            record = self._recorder.storages[storage]
            if self._found.step.begin <= record.birth < self._found.step.end or storage not in self._found.leaves:
                # Allocated in the step and fully overwritten, or only reached through declared inputs.
                node = self._graph.call_function(
                    aten.zeros.default, (list(info.sizes),), {"dtype": info.dtype, "device": torch.device("cpu")}
                )
                self._roots[storage] = (info, node)
            else:
                self._place_root(info, self._lift(info, -1))
            found = self._roots[storage]
        return found

    def _place_root(self, info: TensorInfo, node: Node) -> None:
        if info.storage in self._written:
            node = self._clone(node)
        self._roots[info.storage] = (info, node)
        self._nodes[info] = node

    def _root_info(self, storage: int) -> TensorInfo:
        record = self._recorder.storages[storage]
        if self._found.step.begin <= record.birth < self._found.step.end:
            return next(o for o in self._recorder.events[record.birth].outs if o.storage == storage)
        return choose_root(self._used[storage], self._views.seen_on(storage))

    def _lift(self, info: TensorInfo, event: int) -> Node:
        known = self._constants.get(info)
        if known is None:
            record = self._recorder.storages[info.storage]
            address = record.storage.data_ptr()
            parameter, buffer = self._names.parameter(address), self._names.buffer(address)
            role = "parameter" if record.parameter else "buffer" if buffer else "constant"
            value = constant_value(self._recorder, info, self._found.step.begin)
            whole = parameter or buffer if info == record.first_info else None
            name = self._attribute(identifier(whole or f"constant_{len(self._constants)}"), value, record.parameter)
            known = self._constants[info] = LiftedConstant(name, info, event, role)
        return self._graph.get_attr(known.name)

    def _attribute(self, name: str, value: torch.Tensor, parameter: bool = False) -> str:
        taken, number = name, 1
        while hasattr(self._owner, taken):
            taken, number = f"{name}_{number}", number + 1
        if parameter and value.is_floating_point():
            self._owner.register_parameter(taken, torch.nn.Parameter(value, requires_grad=False))
        else:
            self._owner.register_buffer(taken, value)
        return taken

    # -- what is constant, written, used ---------------------------------------------------------------------------

    def _is_constant(self, storage: int) -> bool:
        if storage in self._written or storage in self._roots:
            return False
        record = self._recorder.storages[storage]
        if record.birth in self._folded:
            return True
        return isinstance(self._found.leaves.get(storage), Constant)

    def _find_folded(self) -> set[int]:
        """Return sliced calls whose result depends on no input and no state and is written by nobody."""
        written = {w.info.storage for e in self._recorder.events for w in self._slicer.effects.of(e).writes}
        declared = {d.info.storage for d in self._found.step.inputs.values()}
        fixed = {s for s, leaf in self._found.leaves.items() if isinstance(leaf, Constant)} - written - declared
        folded: set[int] = set()
        for index in self._found.sliced.events:
            event = self._recorder.events[index]
            effects = self._slicer.effects.of(event)
            born = {b.storage for b in effects.births}
            reads = {event.ins[i].storage for i in effects.reads if numel(event.ins[i])}
            if not effects.writes and born and not born & (written | declared) and reads <= fixed:
                folded.add(index)
                fixed |= born
        return folded

    def _written_storages(self) -> set[int]:
        written = {
            w.info.storage for i in self._events for w in self._slicer.effects.of(self._recorder.events[i]).writes
        }
        # Memory that is partly a declared input and partly constant or state is put together in place, and so is
        # memory whose declared parts are read across their borders.
        declared: dict[int, list[TensorInfo]] = {}
        for declaration in self._found.step.inputs.values():
            declared.setdefault(declaration.info.storage, []).append(declaration.info)
        used = used_infos(self._slicer, self._found, self._events)
        mixed = {s for s in declared if s in self._found.leaves}
        for storage, bases in declared.items():
            for info in used.get(storage, ()):
                if not any(info == b or self._reaches(info, b) or within(info, b) for b in bases):
                    mixed.add(storage)
        return written | mixed

    def _used_infos(self) -> dict[int, list[TensorInfo]]:
        used = used_infos(self._slicer, self._found, self._events)
        for slot in self._states:
            for info in (slot.read, slot.next_info):
                used.setdefault(info.storage, []).append(info)
        return used


def _getitem(value: Any, index: int) -> Any:
    return value[index]


def _place_in(out: Any, position: int) -> int:
    """Return where the ``position``-th tensor of a result stands in it."""
    return [i for i, o in enumerate(out) if isinstance(o, torch.Tensor)][position]

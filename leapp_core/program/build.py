"""Emit a node's sliced calls as an fx graph: leaves become placeholders and constants, in-place calls stay."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.fx import Graph, GraphModule, Node

from leapp_core.program.constants import TensorNames, identifier
from leapp_core.program.emit import emit_call, emit_write_back
from leapp_core.program.layout import lay_out
from leapp_core.program.memory import GraphMemory, LiftedConstant
from leapp_core.program.places import Places
from leapp_core.program.states import StateSlot
from leapp_core.program.views import ViewTable
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.messages import where
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.record.events import Declaration, Event
from leapp_core.tracing.record.opplan import MASK_DTYPES, is_dynamic
from leapp_core.tracing.record.storage import tensors_of

aten = torch.ops.aten
INDEXED = frozenset({"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"})


@dataclass(frozen=True)
class FurtherState:
    """A state that lies nowhere in the user's memory.

    Attributes:
        name: What it is called.
        sizes: Its sizes.
        dtype: Its type.
    """

    name: str
    sizes: tuple[int, ...]
    dtype: torch.dtype


@dataclass(frozen=True)
class BuiltGraph:
    """A node's graph.

    Attributes:
        module: Takes declared inputs then states, returns outputs, static outputs, then next states.
        states: States found, in order.
        constants: Constants lifted into the graph.
        dynamic: Calls whose result has a shape that depends on values.
        further: Further states, which tell the steps at the start from the others.
    """

    module: GraphModule
    states: tuple[StateSlot, ...]
    constants: tuple[LiftedConstant, ...] = ()
    dynamic: tuple[int, ...] = ()
    further: tuple[FurtherState, ...] = ()


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
        self._found = found
        self._graph = Graph()
        self._owner = torch.nn.Module()
        self._layout = lay_out(slicer, found, views)
        self._places = Places(self._graph, slicer.recorder.sites)
        self._memory = GraphMemory(
            self._graph, self._owner, slicer.recorder, found, views, names, self._layout, self._places
        )

    def build(self) -> BuiltGraph:
        """Emit everything and return the graph.

        Raises:
            CaptureError: memory is read under two dtypes.
        """
        step = self._found.step
        inputs = {name: self._graph.placeholder(f"in_{i}_{identifier(name)}") for i, name in enumerate(step.inputs)}
        for slot in self._layout.states:
            self._memory.place_state(slot.read, self._graph.placeholder(f"state_{slot.index}"))
        outs: dict[str, Node] = {}
        declared = _by_index([*step.inputs.values(), *step.outputs.values()])
        wanted = set(self._layout.events)
        for index in range(step.begin, step.end + 1):
            for declaration in declared.get(index, ()):
                self._emit_declared(declaration, inputs, outs)
            if index in wanted:
                event = self._slicer.recorder.events[index]
                with self._places.of(event):
                    self._emit(event)
        results = [outs[name] for name in step.outputs]
        results += [self._static(declaration) for declaration in step.static.values()]
        results += [self._memory.clone(self._memory.node_of(slot.next_info)) for slot in self._layout.states]
        self._graph.output(tuple(results))
        module = GraphModule(self._owner, self._graph)
        dynamic = tuple(i for i in self._layout.events if is_dynamic(self._slicer.recorder.events[i]))
        return BuiltGraph(module, self._layout.states, self._memory.constants, dynamic)

    def _emit_declared(self, declaration: Declaration, inputs: dict[str, Node], outs: dict[str, Node]) -> None:
        if declaration.role not in ("input", "state"):
            outs[declaration.port] = self._memory.clone(self._memory.node_of(declaration.info))
        elif declaration.info.storage in self._layout.used:
            self._memory.place_input(declaration.info, inputs[declaration.port])

    def _static(self, declaration: Declaration) -> Node:
        node = self._memory.attribute(identifier(f"static_{declaration.port}"), declaration.value)
        return self._memory.clone(node)

    def _emit(self, event: Event) -> None:
        tensors = tensors_of([*event.args, *event.kwargs.values()])
        nodes = [self._operand(event, i) for i in range(len(tensors))]
        out = self._constant_selection(event, nodes) or emit_call(self._graph, event, nodes)
        effects = self._slicer.effects.of(event)
        for selection in effects.mirrors:
            base, index = (self._memory.node_of(info) for info in selection.ins)
            emit_write_back(self._graph, selection, base, index, self._memory.node_of(selection.outs[0]))
        for position, info in enumerate(event.outs):
            if info in effects.births:
                several = isinstance(event.out, (tuple, list))
                self._memory.place_result(info, self._memory.item(out, event.out, position) if several else out)

    def _constant_selection(self, event: Event, nodes: list[Node | None]) -> Node | None:
        """Emit ``masked_select`` with a constant mask as a selection of known indices."""
        if event.plan.name != "aten::masked_select":
            return None
        mask = self._memory.constant_node(event.ins[1])
        if mask is None or mask.shape != event.ins[0].sizes:
            return None
        indices = self._memory.attribute("selected_indices", mask.reshape(-1).nonzero().squeeze(1))
        flat = self._graph.call_function(aten.reshape.default, (nodes[0], [-1]))
        return self._graph.call_function(aten.index_select.default, (flat, 0, indices))

    def _operand(self, event: Event, position: int) -> Node | None:
        if event.plan.metadata_reader and position == 0:
            return None
        effects = self._slicer.effects.of(event)
        info = event.ins[position]
        if event.plan.write_kwargs and position not in effects.reads:
            info = effects.writes[position - (len(event.ins) - len(effects.writes))].info
        node = self._memory.node_of(info, event.index)
        if event.plan.name in INDEXED and info.dtype in MASK_DTYPES and position > 0:
            node = self._constant_mask(event, position, node)
        return node

    def _constant_mask(self, event: Event, position: int, node: Node) -> Node:
        """Replace a constant one-dimensional mask by its indices, whose number is known."""
        mask = self._memory.constant_node(event.ins[position])
        if mask is None or mask.dim() != 1 or position > len([i for i in event.args[1] if i is not None]):
            return node
        return self._memory.attribute(f"{node.target}_indices", mask.nonzero().squeeze(1))


def _by_index(declarations: list[Declaration]) -> dict[int, list[Declaration]]:
    # Inputs come first: an output declared at the same place that is an input sees the input.
    found: dict[int, list[Declaration]] = {}
    for declaration in declarations:
        found.setdefault(declaration.index, []).append(declaration)
    return found


def dynamic_calls(slicer: Slicer, events: tuple[int, ...]) -> list[str]:
    """Return where in the user's code shapes came to depend on values."""
    return [where(slicer, slicer.recorder.events[i]) for i in events]

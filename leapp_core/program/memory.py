"""Graph nodes for tensors: constants, inputs, state and results by where they lie, views taken as they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import Graph, Node

from leapp_core.errors import CaptureError
from leapp_core.program.constants import TensorNames, constant_value, identifier
from leapp_core.program.emit import emit_call, emit_fit
from leapp_core.program.layout import Layout
from leapp_core.program.places import Places
from leapp_core.program.views import ViewTable, choose_root, fit, within
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.leaves import Constant
from leapp_core.tracing.record.events import TensorInfo
from leapp_core.tracing.record.recorder import TraceRecorder
from leapp_core.tracing.record.regions import numel
from leapp_core.tracing.record.storage import tensors_of

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


class GraphMemory:
    """What the graph knows of each storage.

    Args:
        graph: The graph under construction.
        owner: Module that holds lifted constants.
        recorder: The record.
        found: The node's analysis.
        views: Views of the session.
        names: Names of parameters and buffers.
        layout: Decisions for this graph.
        places: Marks nodes with the user's line.
    """

    def __init__(
        self,
        graph: Graph,
        owner: torch.nn.Module,
        recorder: TraceRecorder,
        found: NodeAnalysis,
        views: ViewTable,
        names: TensorNames,
        layout: Layout,
        places: Places,
    ) -> None:
        self._graph = graph
        self._owner = owner
        self._recorder = recorder
        self._found = found
        self._views = views
        self._names = names
        self._layout = layout
        self._places = places
        self._roots: dict[int, tuple[TensorInfo, Node]] = {}
        self._inputs: dict[int, list[tuple[TensorInfo, Node]]] = {}
        self._nodes: dict[TensorInfo, Node] = {}
        self._constants: dict[TensorInfo, LiftedConstant] = {}

    @property
    def constants(self) -> tuple[LiftedConstant, ...]:
        """Constants lifted so far."""
        return tuple(self._constants.values())

    def node_of(self, info: TensorInfo, event: int = -1) -> Node:
        """Return the graph node that holds a tensor's elements.

        Args:
            info: Where the tensor lies.
            event: The call that reads it, for the record of constants.
        """
        node = self._nodes.get(info)
        if node is None:
            empty = numel(info) == 0 and info.storage not in self._layout.dynamic
            if empty or self._is_constant(info.storage):
                node = self._lift(info, event)
            else:
                node = self._part_of_input(info) or self._view_of_root(info)
            self._nodes[info] = node
        return node

    def constant_node(self, info: TensorInfo) -> torch.Tensor | None:
        """Return the value of a tensor that is a constant of the graph, else ``None``."""
        known = self._constants.get(info)
        value = getattr(self._owner, known.name) if known else None
        return value if isinstance(value, torch.Tensor) else None

    def place_result(self, info: TensorInfo, node: Node) -> None:
        """Note that a call made a tensor."""
        self._roots[info.storage] = (info, node)
        self._nodes[info] = node

    def place_state(self, info: TensorInfo, node: Node) -> None:
        """Note that a placeholder holds a storage's contents when the step begins."""
        if info.storage in self._layout.written:
            node = self.clone(node)
        self.place_result(info, node)

    def place_input(self, info: TensorInfo, node: Node) -> None:
        """Note that a declared input lies somewhere from now on."""
        if info.storage not in self._layout.written:
            self._inputs.setdefault(info.storage, []).append((info, node))
            return
        alone = info.storage not in self._roots and info.storage not in self._found.leaves
        if alone and self._root_info(info.storage) == info:
            self.place_state(info, node)
            return
        self._graph.call_function(aten.copy_.default, (self.node_of(info), node))

    def clone(self, node: Node) -> Node:
        """Return a copy: outputs never alias inputs, states or each other, which every backend relies on."""
        return self._graph.call_function(aten.clone.default, (node,))

    def attribute(self, name: str, value: torch.Tensor, parameter: bool = False) -> Node:
        """Add a constant to the owner under a free name and return its node."""
        return self._graph.get_attr(add_constant(self._owner, name, value, parameter=parameter))

    # -- views ---------------------------------------------------------------------------------------------------

    def _part_of_input(self, info: TensorInfo) -> Node | None:
        """Return a part of a declared input whose memory nothing writes, taken from the input itself."""
        for base, node in self._inputs.get(info.storage, ()):
            if info == base:
                return node
            if self._views.reaches(info, base):
                return self._replay_view(info)
            found = within(info, base)
            if found is not None:
                return emit_fit(self._graph, node, found, reshape=False)
        return None

    def _view_of_root(self, info: TensorInfo) -> Node:
        root_info, root = self._root(info.storage)
        if info == root_info or self._only_one(info, root_info):
            return root
        if self._views.reaches(info, root_info):
            return self._replay_view(info)
        found = fit(info, root_info)
        if found is not None:
            return emit_fit(self._graph, root, found)
        if info.dtype != root_info.dtype:
            raise CaptureError(
                f"node {self._found.node!r}: memory is read as {info.dtype} and as {root_info.dtype}",
                expected="one dtype per memory",
                fix="convert with .to(dtype) instead of .view(dtype)",
                code="C027",
            )
        strided = (root, list(info.sizes), list(info.strides), info.offset - root_info.offset)
        return self._graph.call_function(aten.as_strided.default, strided)

    def _only_one(self, info: TensorInfo, root: TensorInfo) -> bool:
        """Tell whether a view is what an assignment through a mask makes of values when the mask selects a single one.

        Assigning takes leading axes of size one off the values, and the number of them depends on the mask.
        """
        if info.storage not in self._layout.dynamic or root.sizes[:1] != (1,):
            return False
        step = self._views.step_to(info)
        viewed = step is not None and step.base == root and step.event.plan.name == "aten::view"
        rows = root.sizes[1:]
        return (info.sizes == () and rows == ()) or (viewed and info.sizes == _without_leading_ones(rows))

    def _replay_view(self, info: TensorInfo) -> Node:
        """Take a view by the recorded call that first took it."""
        step = self._views.step_to(info)
        if step is None:
            raise AssertionError("asked only for geometries that recorded views reach")
        base = self.node_of(step.base)
        tensors = tensors_of([*step.event.args, *step.event.kwargs.values()])
        operands: list[Node | None] = [base if i == 0 else None for i in range(len(tensors))]
        with self._places.of(step.event):
            node = emit_call(self._graph, step.event, operands)
            if isinstance(step.event.out, (tuple, list)):
                node = self.item(node, step.event.out, step.output)
        return node

    def item(self, node: Node, out: Any, position: int) -> Node:
        """Return the ``position``-th tensor of a result with several."""
        places = [i for i, o in enumerate(out) if isinstance(o, torch.Tensor)]
        return self._graph.call_function(_getitem, (node, places[position]))

    # -- roots and constants -----------------------------------------------------------------------------------------

    def _root(self, storage: int) -> tuple[TensorInfo, Node]:
        if storage not in self._roots:
            info = self._root_info(storage)
            if self._born_here(storage) or storage not in self._found.leaves:
                # Allocated in the step and fully overwritten, or only reached through declared inputs.
                options: dict[str, Any] = {"dtype": info.dtype, "device": torch.device("cpu")}
                zeros = self._graph.call_function(aten.zeros.default, (list(info.sizes),), options)
                self._roots[storage] = (info, zeros)
            else:
                self.place_state(info, self._lift(info, -1))
        return self._roots[storage]

    def _born_here(self, storage: int) -> bool:
        step = self._found.step
        return step.begin <= self._recorder.storages[storage].birth < step.end

    def _root_info(self, storage: int) -> TensorInfo:
        if self._born_here(storage):
            birth = self._recorder.events[self._recorder.storages[storage].birth]
            return next(o for o in birth.outs if o.storage == storage)
        return choose_root(self._layout.used[storage], self._views.seen_on(storage))

    def _is_constant(self, storage: int) -> bool:
        if storage in self._layout.written or storage in self._roots:
            return False
        if self._recorder.storages[storage].birth in self._layout.folded:
            return True
        return isinstance(self._found.leaves.get(storage), Constant)

    def _lift(self, info: TensorInfo, event: int) -> Node:
        known = self._constants.get(info)
        if known is not None:
            return self._graph.get_attr(known.name)
        record = self._recorder.storages[info.storage]
        address = record.storage.data_ptr()
        parameter, buffer = self._names.parameter(address), self._names.buffer(address)
        role = "parameter" if record.parameter else "buffer" if buffer else "constant"
        value = constant_value(self._recorder, info, self._found.step.begin)
        whole = parameter or buffer if info == record.first_info else None
        name = whole or self._names.holder(info.storage) or f"constant_{len(self._constants)}"
        node = self.attribute(identifier(name), value, record.parameter)
        self._constants[info] = LiftedConstant(str(node.target), info, event, role)
        return node


def _getitem(value: Any, index: int) -> Any:
    return value[index]


def _without_leading_ones(sizes: tuple[int, ...]) -> tuple[int, ...]:
    return _without_leading_ones(sizes[1:]) if sizes[:1] == (1,) else sizes


def add_constant(owner: torch.nn.Module, name: str, value: torch.Tensor, *, parameter: bool = False) -> str:
    """Add a constant to a module under a free name, which is returned."""
    taken, number = name, 1
    while hasattr(owner, taken):
        taken, number = f"{name}_{number}", number + 1
    if parameter and value.is_floating_point():
        owner.register_parameter(taken, torch.nn.Parameter(value, requires_grad=False))
    else:
        owner.register_buffer(taken, value)
    return taken

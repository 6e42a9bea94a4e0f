"""The graph of a program as passes see it: nodes, their fake values and the lifted constants, all kept consistent."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch.export.graph_signature import InputKind, InputSpec, TensorArgument
from torch.fx import Graph, Node

if TYPE_CHECKING:
    from torch.export import ExportedProgram

LIFTED = (InputKind.PARAMETER, InputKind.BUFFER, InputKind.CONSTANT_TENSOR)
_KEPT_META = ("stack_trace", "nn_module_stack", "torch_fn", "source_fn_stack", "original_aten", "from_node")


@dataclass
class Editor:
    """A private copy of a program's graph with the operations that passes need.

    Attributes:
        graph: The lifted, functional graph; it may be edited freely.
        specs: Placeholder to its entry in the program's signature.
        tensors: Lifted placeholder (parameter, buffer, constant) to its value.
        pinned: Names of nodes that must stay as they are because their memory layout decides result bits.
    """

    graph: Graph
    specs: dict[Node, InputSpec]
    tensors: dict[Node, torch.Tensor]
    pinned: frozenset[str] = frozenset()
    added: dict[str, torch.Tensor] = field(default_factory=dict)

    def nodes(self, *targets: Any) -> list[Node]:
        """Return the calls of any of these overloads, in graph order, without the pinned ones."""
        wanted = set(targets)
        return [
            n for n in self.graph.nodes if n.op == "call_function" and n.target in wanted and n.name not in self.pinned
        ]

    def call(self, before: Node, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Node:
        """Insert a call in front of ``before``, with its fake value."""
        with self.graph.inserting_before(before):
            node = self.graph.call_function(target, args, kwargs)
        node.meta.update({name: before.meta[name] for name in _KEPT_META if name in before.meta})
        propagate(node)
        return node

    def replace(self, old: Node, new: Node) -> None:
        """Let every user of ``old`` read ``new`` instead."""
        old.replace_all_uses_with(new)

    def add_constant(self, value: torch.Tensor, like: Node) -> Node:
        """Add a lifted constant and return its placeholder."""
        target = f"folded_{len(self.added)}"
        while any(spec.target == target for spec in self.specs.values()):
            target += "_"
        first = next(iter(self.graph.nodes))
        with self.graph.inserting_before(first):
            node = self.graph.placeholder(f"c_{target}")
        mode = fake_mode(like)
        node.meta["val"] = mode.from_tensor(value, static_shapes=True) if mode else value
        self.specs[node] = InputSpec(InputKind.CONSTANT_TENSOR, TensorArgument(node.name), target)
        self.tensors[node] = value
        self.added[target] = value
        return node


def open_editor(exported: ExportedProgram, pinned: frozenset[str]) -> Editor:
    """Copy a program's graph for editing; the program itself is not touched."""
    graph = Graph()
    copied: dict[Node, Node] = {}
    result = graph.graph_copy(exported.graph, copied)
    graph.output(result)
    placeholders = [n for n in exported.graph.nodes if n.op == "placeholder"]
    specs = {copied[n]: spec for n, spec in zip(placeholders, exported.graph_signature.input_specs, strict=True)}
    tensors: dict[Node, torch.Tensor] = {}
    for node, spec in specs.items():
        if spec.kind in LIFTED and spec.target is not None:
            found = exported.state_dict.get(spec.target)
            value = found if found is not None else exported.constants.get(spec.target)
            if isinstance(value, torch.Tensor):
                tensors[node] = value
    return Editor(graph, specs, tensors, pinned)


def propagate(node: Node) -> None:
    """Compute a call's fake value from those of its operands."""
    mode = next((m for m in map(fake_mode, node.all_input_nodes) if m is not None), None)
    args, kwargs = torch.fx.node.map_arg((node.args, node.kwargs), lambda n: n.meta["val"])
    if mode is None or not callable(node.target) or node.target is operator.getitem:
        node.meta["val"] = node.target(*args, **kwargs)  # type: ignore[operator] # fx types targets as str too
    else:
        # Some calls (a masked write) make a size they do not return; nobody may wait for it.
        quiet = mode.shape_env.ignore_fresh_unbacked_symbols() if mode.shape_env is not None else nullcontext()
        with mode, quiet:
            node.meta["val"] = node.target(*args, **kwargs)
    node.meta.pop("tensor_meta", None)


def fake_mode(node: Node) -> Any:
    """Return the fake tensor mode a node's value lives in, if any."""
    value = node.meta.get("val")
    if isinstance(value, (tuple, list)):
        value = next((v for v in value if isinstance(v, torch.Tensor)), None)
    return getattr(value, "fake_mode", None)


def value_of(node: Any) -> torch.Tensor | None:
    """Return a node's fake tensor when all its sizes are plain numbers, else ``None``."""
    value = node.meta.get("val") if isinstance(node, Node) else None
    if not isinstance(value, torch.Tensor) or not all(isinstance(size, int) for size in value.shape):
        return None
    return value


def argument(node: Node, position: int, name: str, default: Any = None) -> Any:
    """Return an argument given by position or by name."""
    if len(node.args) > position:
        return node.args[position]
    return node.kwargs.get(name, default)


def only_index(node: Node) -> tuple[int, Node] | None:
    """Return position and index of a call that indexes with full slices and just one tensor."""
    indices = argument(node, 1, "indices")
    given = [(position, index) for position, index in enumerate(indices) if index is not None]
    return given[0] if len(given) == 1 else None


def drop_dead(graph: Graph) -> bool:
    """Erase calls whose result nobody reads."""
    dead = False
    for node in reversed(list(graph.nodes)):
        if node.op == "call_function" and not node.users and not _has_effect(node):
            graph.erase_node(node)
            dead = True
    return dead


def same_layout(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Tell whether two values have equal sizes, dtype and strides (strides of size-one dimensions do not matter)."""
    return (
        first.shape == second.shape
        and first.dtype == second.dtype
        and all(a == b for n, a, b in zip(first.shape, first.stride(), second.stride(), strict=True) if n != 1)
    )


def names(text: str) -> frozenset[str]:
    """Return the words of a text: a list of calls that stays readable."""
    return frozenset(text.split())


def tensors_in(arguments: Iterable[Any]) -> list[Node]:
    """Return the nodes among arguments, one level of lists included."""
    found: list[Node] = []
    for item in arguments:
        found += [part for part in (item if isinstance(item, (list, tuple)) else (item,)) if isinstance(part, Node)]
    return found


def _has_effect(node: Node) -> bool:
    if node.target is torch.ops.aten._assert_tensor_metadata.default:
        return False
    return node.is_impure()

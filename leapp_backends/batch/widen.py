"""Rewrite a graph recorded for one row so that it computes any number of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leapp_backends.batch.marks import PROBE, agree, batch_axis, tensors
from leapp_backends.batch.variants import (
    Args,
    Expanded,
    Rows,
    Values,
    is_view,
    loops_over_rows,
    nodes_in,
    resolve,
    variants,
)
from leapp_backends.common.failures import where
from leapp_backends.common.functional import op_name
from leapp_core.errors import ExportError

if TYPE_CHECKING:
    import torch
    from torch.fx import Graph, GraphModule, Node

# Read the type of a tensor and not its rows.
_METADATA_ONLY = ("aten.new_", "aten.sym_size")
_FAILURES = (RuntimeError, ValueError, IndexError, TypeError, NotImplementedError)


@dataclass(frozen=True)
class Widened:
    """A rewritten graph.

    Attributes:
        module: Computes any number of rows.
        outputs: Batch axis of each output, ``None`` where all rows share the value.
    """

    module: GraphModule
    outputs: tuple[int | None, ...]


class Widening:
    """One attempt at rewriting; which reading each reshape gets is chosen beforehand.

    Args:
        module: The program for one row, weights attached.
        mode: The fake tensor mode that is on.
        choices: Which of its fitting readings each reshape takes, in order; the first one where none is given.

    Attributes:
        taken: The reading that each reshape took.
        options: How many fitted.
    """

    def __init__(self, module: GraphModule, mode: Any, choices: Sequence[int]) -> None:
        from torch import fx

        self._choices = choices
        self.taken: list[int] = []
        self.options: list[int] = []
        self._inside: dict[Node, int] = {}
        self._module = module
        self._mode = mode
        self._graph: Graph = fx.Graph()
        self._new: dict[Node, Node] = {}
        self._wide: dict[Node, Any] = {}
        self._small: dict[Node, Any] = {}
        self._size: Node | None = None
        self._repeated: dict[tuple[Node, int], Node] = {}

    def run(self, inputs: Mapping[str, int | None], outputs: Sequence[int | None]) -> Widened:
        """Rewrite; the arguments are those of :func:`leapp_backends.batch.search.widen`.

        Raises:
            ExportError: naming the call that cannot be computed row by row.
        """
        from torch import fx

        axes: tuple[int | None, ...] = ()
        for node in self._module.graph.nodes:
            if node.op == "placeholder":
                self._declare(node, inputs[node.name])
            elif node.op == "get_attr":
                self._constant(node)
            elif node.op == "output":
                axes = self._finish(node, inputs, outputs)
            else:
                self._call(node, inputs)
        attributes = {
            str(node.target): getattr(self._module, str(node.target))
            for node in self._module.graph.nodes
            if node.op == "get_attr"
        }
        return Widened(fx.GraphModule(attributes, self._graph, class_name="Node"), axes)

    def _copy(self, node: Node) -> Node:
        self._new[node] = copied = self._graph.node_copy(node, lambda old: self._new[old])
        copied.meta = {}
        return copied

    def _declare(self, node: Node, axis: int | None) -> None:
        import torch

        copied = self._copy(node)
        value = node.meta["val"]
        shape = list(value.shape)
        self._small[copied] = torch.empty(shape, dtype=value.dtype)
        if axis is not None:
            shape[axis] *= PROBE
        self._wide[copied] = torch.empty(shape, dtype=value.dtype)

    def _constant(self, node: Node) -> None:
        copied = self._copy(node)
        value = self._mode.from_tensor(getattr(self._module, str(node.target)), static_shapes=True)
        self._small[copied] = self._wide[copied] = value

    def _batch(self, inputs: Mapping[str, int | None]) -> Node:
        """Return the node that holds the batch size, made at the first need."""
        import torch

        if self._size is None:
            source = next(old for old in self._new if old.op == "placeholder" and inputs[old.name] is not None)
            last = [new for old, new in self._new.items() if old.op == "placeholder"][-1]
            with self._graph.inserting_after(last):
                self._size = self._graph.call_function(
                    torch.ops.aten.sym_size.int, (self._new[source], inputs[source.name])
                )
        return self._size

    def _call(self, node: Node, inputs: Mapping[str, int | None]) -> None:
        args: Args = (
            resolve(node.args, lambda old: self._new[old], _same, _same),
            resolve(node.kwargs, lambda old: self._new[old], _same, _same),
        )
        target: Any = node.target
        small = target(*self._values(args[0], self._small), **self._values(args[1], self._small))
        reasons: list[str] = []
        fitting = self._fitting(node, args, small, reasons)
        if is_view(node):
            options = list(fitting)
            self.options.append(max(len(options), 1))
            self.taken.append(self._choices[len(self.taken)] if len(self.taken) < len(self._choices) else 0)
            fitting = iter(options[self.taken[-1] :])
        for variant, inside, wide in fitting:
            self._accept(node, variant, small, wide, inputs)
            self._inside[self._new[node]] = inside or self._inherited(args, wide)
            return
        raise ExportError(
            f"the batch size cannot be made dynamic: {op_name(node)} works for one row only ({reasons[0]})",
            where=where(node),
            fix="keep the batch axis through this call (no squeeze(0), x[0] or reduction over it), "
            "or export without dynamic_batch",
            code="X002",
        )

    def _fitting(
        self, node: Node, args: Args, small: Any, reasons: list[str]
    ) -> Iterator[tuple[Args, int | None, Any]]:
        target = _any_layout(node)
        known = Values(self._wide.__getitem__, self._small.__getitem__, lambda at: self._inside.get(at, 1))
        for variant, inside in variants(node, args, small, known):
            looping = loops_over_rows(node, variant, self._wide.__getitem__)
            if looping is not None:
                reasons.append(looping)
                continue
            try:
                wide = target(*self._values(variant[0], self._wide), **self._values(variant[1], self._wide))
            except _FAILURES as error:
                reasons.append(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__)
                continue
            problem = self._problem(node, variant, small, wide)
            if problem is None:
                yield variant, inside, wide
            else:
                reasons.append(problem)

    def _inherited(self, args: Args, wide: Any) -> int:
        """Return how many entries are in front of the batch: as in the operand whose batch axis is as large."""
        sizes = {_batch_size(tensor) for tensor in tensors(wide)}
        for source in nodes_in(args):
            if self._inside.get(source, 1) != 1 and sizes & {_batch_size(t) for t in tensors(self._wide[source])}:
                return self._inside[source]
        return 1

    def _values(self, value: Any, table: Mapping[Node, Any]) -> Any:
        return resolve(
            value,
            table.__getitem__,
            lambda rows: rows.times * PROBE,
            lambda wanted: _repeat(table[wanted.node], wanted),
        )

    def _problem(self, node: Node, variant: Args, small: Any, wide: Any) -> str | None:
        if not agree(small, wide):
            return "its result has other sizes"
        if str(node.target).startswith(_METADATA_ONLY):
            return None
        reads_rows = any(
            batch_axis(tensor) is not None for tensor in tensors(_flat(self._values(list(variant), self._wide)))
        )
        kept = all(batch_axis(tensor) is not None for tensor in tensors(wide) if tensor.numel() or tensor.dim() == 0)
        return "the batch axis is lost" if reads_rows and not kept else None

    def _accept(self, node: Node, variant: Args, small: Any, wide: Any, inputs: Mapping[str, int | None]) -> None:
        args, kwargs = (
            resolve(part, _same, lambda rows: self._rows(rows, inputs), lambda wanted: self._expand(wanted, inputs))
            for part in variant
        )
        made = self._graph.create_node("call_function", _any_layout(node), args, kwargs, name=node.name)
        made.meta = {key: node.meta[key] for key in ("stack_trace",) if key in node.meta}
        self._new[node] = made
        self._small[made], self._wide[made] = small, wide

    def _rows(self, rows: Rows, inputs: Mapping[str, int | None]) -> Node:
        import operator

        size = self._batch(inputs)
        return size if rows.times == 1 else self._graph.call_function(operator.mul, (size, rows.times))

    def _expand(self, wanted: Expanded, inputs: Mapping[str, int | None]) -> Node:
        import torch

        key = (wanted.node, wanted.axis)
        if key not in self._repeated:
            value = self._wide[wanted.node]
            size: list[Any] = [-1] * value.dim()
            size[wanted.axis] = self._batch(inputs)
            made = self._graph.call_function(torch.ops.aten.expand.default, (wanted.node, size))
            self._small[made], self._wide[made] = self._small[wanted.node], _repeat(value, wanted)
            self._repeated[key] = made
        return self._repeated[key]

    def _finish(
        self, node: Node, inputs: Mapping[str, int | None], outputs: Sequence[int | None]
    ) -> tuple[int | None, ...]:
        import torch

        results, axes = [], []
        returned: Any = node.args[0]
        for old, wanted in zip(returned, outputs, strict=True):
            new = self._new[old]
            axis = batch_axis(self._wide[new])
            if axis is None and wanted is not None:
                # A view of a constant must not leave the program: give each row its own copy.
                new = self._graph.call_function(
                    torch.ops.aten.clone.default,
                    (self._expand(Expanded(new, wanted), inputs),),
                    {"memory_format": torch.contiguous_format},
                )
                axis = wanted
            results.append(new)
            axes.append(axis)
        self._graph.output(tuple(results))
        return tuple(axes)


def _any_layout(node: Node) -> Any:
    """Return what to call: rows may lie apart where one row lay together, which a view cannot bridge."""
    import torch

    return torch.ops.aten.reshape.default if is_view(node) else node.target


def _batch_size(tensor: torch.Tensor) -> int | None:
    axis = batch_axis(tensor)
    return None if axis is None else tensor.shape[axis]


def _same(value: Any) -> Any:
    return value


def _repeat(value: torch.Tensor, wanted: Expanded) -> torch.Tensor:
    size = [-1] * value.dim()
    size[wanted.axis] = PROBE
    return value.expand(size)


def _flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in _flat(part)]
    return [value]

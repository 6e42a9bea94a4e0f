"""Tensors as rows of pieces: slices, concatenations and partial writes in one notation.

Along one dimension, ``slice``, ``cat``, ``stack``, ``roll``, ``split``, ``slice_scatter`` and ``select_scatter`` all
say the same: the result is a sequence of ranges of other tensors. In that notation overwritten writes vanish, reads
go past writes they do not overlap, and a buffer filled part by part is one concatenation.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.fx import Node

from leapp_core.program.passes.editor import argument, value_of

aten = torch.ops.aten

MOST_PIECES = 512


@dataclass(frozen=True)
class Piece:
    """A range of a tensor along the dimension at hand.

    Attributes:
        source: The tensor.
        start: First index.
        stop: Index after the last.
        lifted: The source lacks the dimension and is one entry of it.
    """

    source: Node
    start: int
    stop: int
    lifted: bool = False

    @property
    def size(self) -> int:
        """Number of entries."""
        return self.stop - self.start


@dataclass(frozen=True)
class Row:
    """A tensor as pieces along ``dim``."""

    dim: int
    pieces: tuple[Piece, ...]


def row_of(node: Node) -> Row | None:
    """Return how a call arranges its operands, one level deep, or ``None`` if it does something else."""
    reader = _READERS.get(node.target)
    value = value_of(node)
    if reader is None or value is None or value.dim() == 0:
        return None
    found = reader(node, value)
    if found is None:
        return None
    pieces = tuple(piece for piece in found.pieces if piece.size > 0)
    return Row(found.dim, pieces) if pieces and len(pieces) <= MOST_PIECES else None


def whole(node: Node, dim: int) -> Piece:
    """Return all of a tensor as one piece."""
    return Piece(node, 0, node.meta["val"].shape[dim])


def is_whole(piece: Piece, dim: int) -> bool:
    """Tell whether a piece is all of its source, without lifting."""
    return not piece.lifted and piece.start == 0 and piece.stop == piece.source.meta["val"].shape[dim]


def merged(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Join neighbours that continue each other."""
    result: list[Piece] = []
    for piece in pieces:
        last = result[-1] if result else None
        if last is not None and _continues(piece, last):
            result[-1] = replace(last, stop=piece.stop)
        else:
            result.append(piece)
    return tuple(result)


def _continues(piece: Piece, last: Piece) -> bool:
    plain = not piece.lifted and not last.lifted
    return plain and last.source is piece.source and last.stop == piece.start


def cut(pieces: Iterable[Piece], start: int, stop: int) -> tuple[Piece, ...]:
    """Return the pieces of a sub-range."""
    result: list[Piece] = []
    offset = 0
    for piece in pieces:
        low, high = max(start, offset), min(stop, offset + piece.size)
        if low < high:
            shift = piece.start - offset
            result.append(piece if piece.lifted else replace(piece, start=low + shift, stop=high + shift))
        offset += piece.size
    return tuple(result)


def entry_of(node: Node) -> tuple[Node, int, int] | None:
    """Return tensor, dimension and index when a call takes one entry along a dimension."""
    call, index = node, None
    if node.target is operator.getitem and isinstance(node.args[0], Node) and node.args[0].target is aten.unbind.int:
        call, index = node.args[0], node.args[1]
        dim = argument(call, 1, "dim", 0)
    elif node.target is aten.select.int:
        dim, index = argument(node, 1, "dim"), argument(node, 2, "index")
    source = call.args[0] if call.args else None
    origin = value_of(source)
    if origin is None or not isinstance(source, Node) or not isinstance(index, int):
        return None
    dim %= origin.dim()
    return source, dim, index % origin.shape[dim]


def lifted(source: Node, dim: int) -> Piece:
    """Return a tensor without the dimension as one entry of it; an entry taken from a tensor is that tensor's range."""
    entry = entry_of(source)
    if entry is not None and entry[1] == dim:
        return Piece(entry[0], entry[2], entry[2] + 1)
    return Piece(source, 0, 1, lifted=True)


def slice_range(node: Node, first: int, size: int) -> tuple[int, int, int] | None:
    """Return normalised ``start, stop, step`` of a slice whose dimension argument is at position ``first``."""
    start, stop = argument(node, first + 1, "start"), argument(node, first + 2, "end")
    step = argument(node, first + 3, "step", 1)
    if not all(part is None or isinstance(part, int) for part in (start, stop, step)):
        return None
    low, high, stride = slice(start, stop, step).indices(size)
    return low, max(low, high), stride


def _slice(node: Node, value: torch.Tensor) -> Row | None:
    source = node.args[0]
    origin = value_of(source)
    if origin is None or not isinstance(source, Node):
        return None
    dim = argument(node, 1, "dim", 0) % origin.dim()
    limits = slice_range(node, 1, origin.shape[dim])
    if limits is None or limits[2] != 1:
        return None
    return Row(dim, (Piece(source, limits[0], limits[1]),))


def _slice_scatter(node: Node, value: torch.Tensor) -> Row | None:
    base, source = node.args[0], node.args[1]
    written = value_of(source)
    dim = argument(node, 2, "dim", 0) % value.dim()
    limits = slice_range(node, 2, value.shape[dim])
    if not isinstance(base, Node) or not isinstance(source, Node) or written is None or limits is None:
        return None
    start, stop, step = limits
    sizes = [stop - start if d == dim else size for d, size in enumerate(value.shape)]
    if step != 1 or written.dtype != value.dtype or list(written.shape) != sizes:
        return None
    return Row(dim, (Piece(base, 0, start), Piece(source, 0, stop - start), Piece(base, stop, value.shape[dim])))


def _select_scatter(node: Node, value: torch.Tensor) -> Row | None:
    base, source, index = node.args[0], node.args[1], argument(node, 3, "index")
    written = value_of(source)
    if not isinstance(base, Node) or not isinstance(source, Node) or written is None or not isinstance(index, int):
        return None
    if written.dtype != value.dtype:
        return None
    dim = argument(node, 2, "dim") % value.dim()
    index %= value.shape[dim]
    return Row(dim, (Piece(base, 0, index), lifted(source, dim), Piece(base, index + 1, value.shape[dim])))


def _cat(node: Node, value: torch.Tensor) -> Row | None:
    dim = argument(node, 1, "dim", 0) % value.dim()
    parts = list(argument(node, 0, "tensors"))
    values = [value_of(part) for part in parts]
    if any(v is None or v.dtype != value.dtype or v.dim() != value.dim() for v in values):
        return None
    return Row(dim, tuple(whole(part, dim) for part in parts))


def _stack(node: Node, value: torch.Tensor) -> Row | None:
    dim = argument(node, 1, "dim", 0) % value.dim()
    parts = list(argument(node, 0, "tensors"))
    if any((found := value_of(part)) is None or found.dtype != value.dtype for part in parts):
        return None
    return Row(dim, tuple(lifted(part, dim) for part in parts))


def _unsqueeze(node: Node, value: torch.Tensor) -> Row | None:
    source = node.args[0]
    dim = argument(node, 1, "dim") % value.dim()
    return Row(dim, (lifted(source, dim),)) if isinstance(source, Node) and value_of(source) is not None else None


def _roll(node: Node, value: torch.Tensor) -> Row | None:
    source = node.args[0]
    shifts, dims = argument(node, 1, "shifts"), argument(node, 2, "dims", [])
    shifts = [shifts] if isinstance(shifts, int) else list(shifts)
    dims = [dims] if isinstance(dims, int) else list(dims)
    if not dims and value.dim() == 1:
        dims = [0]
    if len(shifts) != 1 or len(dims) != 1 or not isinstance(source, Node) or value.numel() == 0:
        return None
    dim = dims[0] % value.dim()
    size = value.shape[dim]
    head = (size - shifts[0]) % size
    return Row(dim, (Piece(source, head, size), Piece(source, 0, head)))


def _part_of_split(node: Node, value: torch.Tensor) -> Row | None:
    split, index = node.args
    if not isinstance(split, Node) or split.target not in _SPLITS or not isinstance(index, int):
        return None
    source = split.args[0]
    origin = value_of(source)
    if origin is None or not isinstance(source, Node):
        return None
    dim = argument(split, 2, "dim", 0) % origin.dim()
    sizes = [part.shape[dim] for part in split.meta["val"]]
    start = sum(sizes[:index])
    return Row(dim, (Piece(source, start, start + sizes[index]),))


_SPLITS = (aten.split.Tensor, aten.split_with_sizes.default, aten.split.sizes)
_READERS: dict[Any, Callable[[Node, torch.Tensor], Row | None]] = {
    aten.slice.Tensor: _slice,
    aten.slice_scatter.default: _slice_scatter,
    aten.select_scatter.default: _select_scatter,
    aten.cat.default: _cat,
    aten.stack.default: _stack,
    aten.unsqueeze.default: _unsqueeze,
    aten.roll.default: _roll,
    operator.getitem: _part_of_split,
}

"""Slices, writes into slices and concatenations in their cheapest form."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field, replace

import torch
from torch.fx import Node

from leapp_core.program.passes.editor import Editor, tensors_in
from leapp_core.program.passes.pieces import (
    MOST_PIECES,
    Piece,
    Row,
    cut,
    entry_of,
    is_whole,
    lifted,
    merged,
    row_of,
)

aten = torch.ops.aten

_SIMPLE = (aten.slice.Tensor, aten.unsqueeze.default, operator.getitem)
_WRITES = (aten.slice_scatter.default, aten.select_scatter.default, aten.roll.default)


def simplify_rows(editor: Editor) -> bool:
    """Write every arrangement of pieces as at most one concatenation of slices of tensors that hold them.

    Why: a buffer filled slice by slice is one ``cat``; reads of what was written read the written value; overwritten
    writes, write-backs, rolls, nested concatenations and neighbouring slices need no calls of their own.
    """
    plan = _Plan(editor)
    return plan.apply()


@dataclass
class _Plan:
    """What each arrangement is made of, and which form it takes."""

    editor: Editor
    rows: dict[Node, Row] = field(default_factory=dict)
    flat: dict[Node, tuple[Piece, ...]] = field(default_factory=dict)
    near: dict[Node, tuple[Piece, ...]] = field(default_factory=dict)
    certain: set[Node] = field(default_factory=set)
    replaced: dict[Node, Node] = field(default_factory=dict)
    slices: dict[tuple[Piece, int], Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in self.editor.graph.nodes:
            if node.op == "call_function" and node.name not in self.editor.pinned:
                row = row_of(node)
                if row is not None:
                    self.rows[node] = row
        self.certain = {node for node in self.rows if any(self._reads_all(node, user) for user in node.users)}
        for node, row in self.rows.items():
            self.flat[node] = self._expand(row, self.flat, frozenset())
            self.near[node] = self._expand(row, self.near, self.certain)

    def apply(self) -> bool:
        """Rewrite what can be said more simply; return whether anything was."""
        needed = self._needed()
        changed = False
        for node in list(self.editor.graph.nodes):
            if node in needed and not self._is_as_wanted(node, needed[node]):
                self._rewrite(node, needed[node])
                changed = True
            elif node.op == "call_function" and node.users and node.name not in self.editor.pinned:
                changed |= self._read_past(node)
        return changed

    def _reads_all(self, node: Node, user: Node) -> bool:
        """Tell whether a user needs the tensor itself, not only ranges of it along its dimension."""
        if user.name in self.editor.pinned:
            return True
        row = self.rows.get(user)
        if row is not None:
            return row.dim != self.rows[node].dim or all(piece.source is not node for piece in row.pieces)
        entry = entry_of(user)
        return entry is None or entry[1] != self.rows[node].dim

    def _expand(
        self, row: Row, known: dict[Node, tuple[Piece, ...]], stops: frozenset[Node] | set[Node]
    ) -> tuple[Piece, ...]:
        result: list[Piece] = []
        for piece in map(self._past_copies, row.pieces):
            inner = self.rows.get(piece.source)
            if piece.lifted or inner is None or inner.dim != row.dim or piece.source in stops:
                result.append(piece)
            else:
                result += cut(known[piece.source], piece.start, piece.stop)
        pieces = merged(result)
        return pieces if len(pieces) <= MOST_PIECES else row.pieces

    def _past_copies(self, piece: Piece) -> Piece:
        """Read what was copied: the copy only changed the layout, which does not matter to one that is put together."""
        source = piece.source
        while source.target is aten.clone.default and source.name not in self.editor.pinned:
            source = source.args[0]  # type: ignore[assignment] # a clone copies a node
        return replace(piece, source=source)

    def _needed(self) -> dict[Node, tuple[Piece, ...]]:
        """Return the arrangements that must exist, each with the pieces it is made of, from the last to the first."""
        needed: dict[Node, tuple[Piece, ...]] = {}
        sources: set[Node] = set(self.certain)
        for node in reversed(list(self.editor.graph.nodes)):
            if node in self.rows and node in sources:
                flat, near = self.flat[node], self.near[node]
                dim = self.rows[node].dim
                needed[node] = near if _cost(near, dim) < _cost(flat, dim) else flat
                sources.update(piece.source for piece in needed[node])
        return needed

    def _is_as_wanted(self, node: Node, pieces: tuple[Piece, ...]) -> bool:
        row = self.rows[node]
        if node.target in _WRITES:
            return False
        if node.target in (aten.cat.default, aten.stack.default):
            operands = tensors_in(node.args)
            parts = [self._realised(part, row.dim, node.target is aten.stack.default) for part in operands]
            return tuple(parts) == pieces and len(pieces) > 1
        if node.target is aten.unsqueeze.default:
            return pieces == (Piece(node.args[0], 0, 1, lifted=True),)  # type: ignore[arg-type]
        return pieces == row.pieces and not is_whole(pieces[0], row.dim)

    def _realised(self, part: Node, dim: int, stacked: bool) -> Piece:
        """Return the piece that an operand of a concatenation already is."""
        if stacked:
            return Piece(part, 0, 1, lifted=True) if lifted(part, dim).lifted else lifted(part, dim)
        row = self.rows.get(part)
        if row is not None and row.dim == dim and part.target in _SIMPLE and row.pieces == self.flat[part]:
            return row.pieces[0]
        return Piece(part, 0, part.meta["val"].shape[dim])

    def _rewrite(self, node: Node, pieces: tuple[Piece, ...]) -> None:
        dim = self.rows[node].dim
        parts = [self._part(node, piece, dim) for piece in pieces]
        new = parts[0] if len(parts) == 1 else self.editor.call(node, aten.cat.default, parts, dim)
        self.replaced[node] = new
        self.editor.replace(node, new)

    def _part(self, before: Node, piece: Piece, dim: int) -> Node:
        source = self._latest(piece.source)
        if is_whole(piece, dim):
            return source
        key = (Piece(source, piece.start, piece.stop, piece.lifted), dim)
        if key not in self.slices:
            self.slices[key] = (
                self.editor.call(before, aten.unsqueeze.default, source, dim)
                if piece.lifted
                else self.editor.call(before, aten.slice.Tensor, source, dim, piece.start, piece.stop)
            )
        return self.slices[key]

    def _read_past(self, node: Node) -> bool:
        """Let a read of one entry read the piece that holds it."""
        entry = entry_of(node)
        if entry is None:
            return False
        source, dim, index = entry
        row = self.rows.get(source)
        if row is None or row.dim != dim:
            return False
        (piece,) = cut(self.flat[source], index, index + 1)
        origin = self._latest(piece.source)
        if piece.lifted:
            self.editor.replace(node, origin)
        else:
            self.editor.replace(node, self.editor.call(node, aten.select.int, origin, dim, piece.start))
        return True

    def _latest(self, node: Node) -> Node:
        while node in self.replaced:
            node = self.replaced[node]
        return node


def _cost(pieces: tuple[Piece, ...], dim: int) -> int:
    """Return the calls a form takes."""
    return sum(not is_whole(piece, dim) for piece in pieces) + (len(pieces) > 1)

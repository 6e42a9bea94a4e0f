"""A ring buffer with an index that is a Python number: written and read at an index that is a tensor."""

from __future__ import annotations

import ast

from leapp_core.rewrites.idioms.scope import Visiting, Visitor, expression, statements


class _Ring(Visitor):
    """``self.buffer[self.index] = x`` and ``torch.roll(self.buffer, -self.index, 0)``."""

    title = "a ring buffer with a Python index"

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        self.generic_visit(node)
        target = node.targets[0]
        if not isinstance(target, ast.Subscript) or not isinstance(target.slice, (ast.Name, ast.Attribute)):
            return node
        fact, index = self._scope.fact(target.value), self._scope.fact(target.slice)
        if fact is None or fact.kind != "tensor" or index is None or index.kind != "int" or not index.moves:
            return node
        self.found = True
        at, row = ast.unparse(target.slice), ast.unparse(node.value)
        return statements(f"{ast.unparse(target.value)}.index_copy_(0, {at}.reshape(1), ({row}).unsqueeze(0))")[0]

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if ast.unparse(node.func) != "torch.roll" or len(node.args) < 2 or not self._scope.moves(node.args[1]):
            return node
        axis = node.args[2] if len(node.args) > 2 else next((k.value for k in node.keywords if k.arg == "dims"), None)
        if axis is None:
            return node
        self.found = True
        value, by, dim = (ast.unparse(part) for part in (node.args[0], node.args[1], axis))
        return expression(f"{value}.index_select({dim}, (torch.arange(len({value})) - ({by})) % len({value}))")


RINGS = Visiting(_Ring)

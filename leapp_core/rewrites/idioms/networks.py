"""A network out of a dictionary or list, picked by a number: all are run, and a tensor picks the row."""

from __future__ import annotations

import ast

from leapp_core.rewrites.idioms.scope import Visiting, Visitor, expression


class _Picked(Visitor):
    """``self.skills[int(k)](obs)``."""

    title = "a dictionary or list of networks, picked by a number"

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Subscript) or not self._scope.moves(node.func.slice):
            return node
        fact = self._scope.fact(node.func.value)
        if fact is None or fact.of != "module":
            return node
        self.found = True
        table, key = ast.unparse(node.func.value), node.func.slice
        if isinstance(key, ast.Call) and ast.unparse(key.func) == "int":
            key = key.args[0]
        given = ", ".join(map(ast.unparse, [*node.args, *(k.value for k in node.keywords)]))
        networks = f"{table}.values()" if fact.kind == "dict" else table
        index = f"({ast.unparse(key)}).reshape(1)"
        index += "" if "argm" in index else ".long()"
        return expression(f"torch.stack([network({given}) for network in {networks}]).index_select(0, {index})[0]")


NETWORKS = Visiting(_Picked)

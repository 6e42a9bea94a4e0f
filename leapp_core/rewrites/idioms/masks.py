"""Elements chosen by a mask: computed for all, and chosen with ``where``."""

from __future__ import annotations

import ast

from leapp_core.rewrites.idioms.scope import Visiting, Visitor, expression

_SUMS = frozenset({"sum", "mean"})


class _Masked(Visitor):
    """``x[x > 0] += 1`` and ``x[mask].mean()``."""

    title = "elements chosen by a mask: x[mask] += 1, x[mask].mean()"

    def _mask(self, node: ast.expr) -> tuple[str, str, str] | None:
        """Return the library, the source of what is chosen from, and that of the mask."""
        if not isinstance(node, ast.Subscript):
            return None
        fact = self._scope.fact(node.value)
        mask = self._scope.fact(node.slice)
        is_mask = isinstance(node.slice, ast.Compare) or (mask is not None and mask.dtype in ("torch.bool", "np.bool"))
        if fact is None or fact.kind not in ("tensor", "array") or not is_mask:
            return None
        return "np" if fact.kind == "array" else "torch", ast.unparse(node.value), ast.unparse(node.slice)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        found = self._mask(node.target)
        if found is None:
            return node
        self.found = True
        library, name, mask = found
        new = ast.unparse(ast.BinOp(expression(name), node.op, node.value))
        return ast.parse(f"{name} = {library}.where({mask}, {new}, {name})").body[0]

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        function = node.func
        found = self._mask(function.value) if isinstance(function, ast.Attribute) and not node.args else None
        if found is None or not isinstance(function, ast.Attribute):
            return node
        library, name, mask = found
        if function.attr in _SUMS:
            text = f"{library}.where({mask}, {name}, 0.0).sum()"
            text += f" / ({mask}).sum()" if function.attr == "mean" else ""
        elif function.attr in ("max", "min"):
            text = f"{library}.where({mask}, {name}, {'-' if function.attr == 'max' else ''}{library}.inf)"
            text += f".{function.attr}()"
        else:
            return node
        self.found = True
        return expression(f"({text})")


MASKS = Visiting(_Masked)

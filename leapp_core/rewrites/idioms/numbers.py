"""Python numbers that change from step to step, made tensors: counters, phases, ramps, ``.item()`` in arithmetic."""

from __future__ import annotations

import ast
import copy

from leapp_core.rewrites.idioms.scope import NUMBERS, Scope, expression

_MATH = {
    "atan2": "atan2", "arctan2": "atan2", "atan": "atan", "arctan": "atan", "asin": "asin", "arcsin": "asin",
    "acos": "acos", "arccos": "acos", "fabs": "abs", "pow": "pow", "power": "pow", "fmod": "fmod", "hypot": "hypot",
    **{n: n for n in ("sin", "cos", "tan", "sqrt", "exp", "log", "tanh", "floor", "ceil", "abs", "sign", "square")},
}  # fmt: skip
_MAKING = frozenset({"torch.tensor", "torch.as_tensor", "torch.FloatTensor"})
_OF_TWO = frozenset({"atan2", "pow", "fmod", "hypot"})
_SCALARS = frozenset({"max", "min", "norm", "argmax", "argmin", "sum", "mean", "dot", "any", "all"})


class Numbers:
    """Numbers that a step reads, computes with and keeps."""

    title = "a Python number that changes: a counter, a phase, a ramp, an .item()"

    def rewrite(self, function: ast.FunctionDef, scope: Scope) -> bool:
        """See :class:`~leapp_core.rewrites.idioms.scope.Rewriter`."""
        before = ast.dump(function)
        job = _Tensors(scope)
        function.body = [job.visit(statement) for statement in function.body]
        for name in sorted(_kept(function, scope)):
            fact = scope.fact(name)
            if fact is not None and fact.kind in NUMBERS and fact.moves:
                scope.begins.setdefault(name, f"torch.tensor({{}}{_dtype(fact.kind)})")
        return ast.dump(function) != before or bool(scope.begins)


def _dtype(kind: str) -> str:
    return ", dtype=torch.float64" if kind == "float" else ""


def _kept(function: ast.FunctionDef, scope: Scope) -> set[str]:
    """Return the attributes and outer names that a function assigns."""
    outer = {n for node in ast.walk(function) if isinstance(node, (ast.Nonlocal, ast.Global)) for n in node.names}
    stores = (
        n for n in ast.walk(function) if isinstance(n, (ast.Attribute, ast.Name)) and isinstance(n.ctx, ast.Store)
    )
    names = {ast.unparse(node) for node in stores}
    return {name for name in names if name.startswith("self.") or name in outer or f"{name}@loop" in scope.begins}


class _Tensors(ast.NodeTransformer):
    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def _number(self, node: ast.expr) -> bool:
        fact = self._scope.fact(node)
        return fact is not None and fact.kind in NUMBERS and fact.moves

    def _is_tensor(self, node: ast.expr) -> bool:
        fact = self._scope.fact(node)
        return fact is not None and fact.kind == "tensor"

    # -- statements ------------------------------------------------------------------------------------------------

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        number = self._number(node.target)
        self.generic_visit(node)
        if not number:
            return node
        read = copy.deepcopy(node.target)
        read.ctx = ast.Load()
        return ast.Assign([node.target], ast.BinOp(read, node.op, node.value), lineno=node.lineno)

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        target = node.targets[0]
        if isinstance(target, ast.Tuple) and _method(node.value) == "tolist":
            node.value = ast.Call(ast.Attribute(_owner(node.value), "unbind", ast.Load()), [], [])
            return node
        self.generic_visit(node)
        return node

    # -- expressions -----------------------------------------------------------------------------------------------

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        moves = self._scope.moves(node.test)
        self.generic_visit(node)
        return _call("torch.where", node.test, node.body, node.orelse) if moves else node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        moves = self._scope.moves(node)
        self.generic_visit(node)
        if not moves:
            return node
        out = node.values[0]
        for value in node.values[1:]:
            out = ast.BinOp(out, ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr(), value)
        return out

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        moves = isinstance(node.op, ast.Not) and self._scope.moves(node.operand)
        self.generic_visit(node)
        return _call("torch.logical_not", node.operand) if moves else node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        moves = self._scope.moves(node)
        self.generic_visit(node)
        if not moves or len(node.ops) == 1:
            return node
        sides = [node.left, *node.comparators]
        out: ast.expr = ast.Compare(sides[0], [node.ops[0]], [sides[1]])
        for at, op in enumerate(node.ops[1:], start=1):
            out = ast.BinOp(out, ast.BitAnd(), ast.Compare(sides[at], [op], [sides[at + 1]]))
        return out

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        moves = self._scope.moves(node.slice) and isinstance(node.ctx, ast.Load)
        base = self._scope.fact(node.value)
        self.generic_visit(node)
        if not moves or base is None:
            return node
        if isinstance(node.slice, ast.Slice):
            return _window(node)
        table = node.value
        if base.kind == "list":
            table = _call("torch.stack" if base.of == "tensor" else "torch.tensor", table)
        elif base.kind != "tensor":
            return node
        if not isinstance(node.slice, (ast.Name, ast.Attribute, ast.BinOp, ast.Call)):
            return node
        index = _call_method(node.slice, "reshape", ast.Constant(1))
        row = _call_method(table, "index_select", ast.Constant(0), index)
        return ast.Subscript(row, ast.Constant(0), ast.Load())

    def visit_Call(self, node: ast.Call) -> ast.expr:
        moves = any(self._scope.moves(a) for a in node.args) or _method(node) == "item"
        name = _name(node.func)
        if name in _MAKING and moves and isinstance(node.args[0], ast.ListComp):
            node.args[0].elt = self.visit(node.args[0].elt)
            return _float(_call("torch.stack", node.args[0]), node)
        self.generic_visit(node)
        if not moves:
            return node
        if _method(node) == "item" and not node.args:
            return _scalar(_owner(node))
        if name in ("float", "int", "bool") and len(node.args) == 1:
            return self._converted(name, node.args[0])
        return self._function(name, node)

    def _function(self, name: str, node: ast.Call) -> ast.expr:
        """Return the call of a function of numbers as one of tensors."""
        if name in ("min", "max") and len(node.args) == 2:
            return self._bounded(name, *node.args)
        if name in ("np.clip", "numpy.clip"):
            return _call("torch.clamp", *node.args)
        if name in _MAKING and isinstance(node.args[0], (ast.List, ast.Tuple)):
            return self._stacked(node)
        if name == "torch.full" and len(node.args) == 2:
            ones = _call("torch.ones", node.args[0])
            return _call_method(ast.BinOp(ones, ast.Mult(), node.args[1]), "float")
        library, _, function = name.rpartition(".")
        new = _MATH.get(function) if library in ("math", "np", "numpy") else None
        if new is None:
            return node
        given = [a if self._scope.moves(a) or new not in _OF_TWO else _call("torch.tensor", a) for a in node.args]
        return _call(f"torch.{new}", *given)

    def _converted(self, name: str, value: ast.expr) -> ast.expr:
        if name == "int":
            if _method(value) in ("argmax", "argmin") or _name(value) in ("torch.argmax", "torch.argmin"):
                return value
            return _call_method(_scalar(value), "long")
        return _scalar(value)

    def _bounded(self, name: str, left: ast.expr, right: ast.expr) -> ast.expr:
        moving = [self._scope.moves(left), self._scope.moves(right)]
        if all(moving):
            return _call("torch.minimum" if name == "min" else "torch.maximum", left, right)
        value, bound = (left, right) if moving[0] else (right, left)
        limit = ast.keyword("max" if name == "min" else "min", bound)
        return ast.Call(expression("torch.clamp"), [value], [limit])

    def _stacked(self, node: ast.Call) -> ast.expr:
        given = node.args[0].elts  # type: ignore[attr-defined]
        parts = [e if self._scope.moves(e) else _call("torch.tensor", e) for e in given]
        return _float(_call("torch.stack", ast.List(parts, ast.Load())), node)


def _float(stacked: ast.expr, node: ast.Call) -> ast.expr:
    dtype = next((k.value for k in node.keywords if k.arg == "dtype"), None)
    return _call_method(stacked, "float") if dtype is None else _call_method(stacked, "to", dtype)


def _window(node: ast.Subscript) -> ast.expr:
    """Return ``m[i : i + 2]`` as a selection of rows."""
    part = node.slice
    if not isinstance(part, ast.Slice) or part.lower is None or part.upper is None or part.step is not None:
        return node
    upper = part.upper
    if isinstance(upper, ast.BinOp) and isinstance(upper.op, ast.Add) and ast.dump(upper.left) == ast.dump(part.lower):
        rows = ast.BinOp(part.lower, ast.Add(), _call("torch.arange", upper.right))
        return _call_method(node.value, "index_select", ast.Constant(0), rows)
    return node


def _scalar(value: ast.expr) -> ast.expr:
    """Return a tensor of one element without axes."""
    if isinstance(value, ast.Subscript) and not isinstance(value.slice, ast.Slice):
        return value
    if isinstance(value, (ast.BinOp, ast.Compare, ast.Constant, ast.UnaryOp)) or _method(value) in _SCALARS:
        return value
    if isinstance(value, ast.Call) and _name(value.func).startswith("torch."):
        return value
    return _call_method(value, "reshape", ast.Tuple([], ast.Load()))


def _name(node: ast.expr) -> str:
    return ast.unparse(node) if isinstance(node, (ast.Name, ast.Attribute)) else ""


def _method(node: ast.expr) -> str:
    return node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""


def _owner(node: ast.expr) -> ast.expr:
    """Return what a method is called of."""
    function = node.func if isinstance(node, ast.Call) else node
    return function.value if isinstance(function, ast.Attribute) else node


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(expression(name), list(arguments), [])


def _call_method(value: ast.expr, name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(value, name, ast.Load()), list(arguments), [])

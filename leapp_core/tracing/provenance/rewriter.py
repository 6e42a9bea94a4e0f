"""Copies of the user's functions in which arithmetic, calls and attributes go through hooks.

A whole file is rewritten and compiled as it is. Rewriting replaces expressions by calls and never adds or removes a
scope, so the code objects of both versions correspond one to one, with the same free variables and the same lines.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import Any

HOOKS = "\0leapp.hooks"
"""Constant in rewritten code that stands for the session's hooks; see :func:`bound_to`."""

# What these do depends on the frame that calls them, or on what is asked of the value and not on the value.
_UNTOUCHED = frozenset({"super", "locals", "globals", "vars", "dir", "eval", "exec", "isinstance", "hasattr", "id"})


@lru_cache(maxsize=256)
def rewritten(file: str) -> dict[CodeType, CodeType]:
    """Return the code objects of a file's functions and their rewritten copies; empty without source."""
    source = "".join(linecache.getlines(file))
    try:
        tree = ast.parse(source, file)
        original = compile(source, file, "exec", dont_inherit=True)
        copied = ast.fix_missing_locations(_Rewriter(_stored(tree)).visit(tree))
        copy = compile(copied, file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    pairs = list(zip(_codes(original), _codes(copy), strict=True))
    if any(_shape(one) != _shape(other) for one, other in pairs):
        return {}
    return dict(pairs[1:])


def bound_to(code: CodeType, hooks: Any) -> CodeType:
    """Return rewritten code whose hooks are ``hooks``."""
    constants = tuple(
        hooks if c == HOOKS and isinstance(c, str) else bound_to(c, hooks) if isinstance(c, CodeType) else c
        for c in code.co_consts
    )
    return code.replace(co_consts=constants)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _shape(code: CodeType) -> tuple[Any, ...]:
    return code.co_name, code.co_firstlineno, code.co_freevars, set(code.co_cellvars), code.co_argcount, code.co_flags


def _stored(tree: ast.AST) -> frozenset[str]:
    """Return the attributes that a function other than a constructor assigns: only these change from step to step."""
    found: set[str] = set()
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and function.name != "__init__":
            nodes = ast.walk(function)
            found |= {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    return frozenset(found)


class _Rewriter(ast.NodeTransformer):
    """Puts hooks into the bodies of functions.

    Args:
        stored: Attributes whose numbers are followed.
    """

    def __init__(self, stored: frozenset[str]) -> None:
        self._stored = stored
        self._inside = False

    # -- scopes ----------------------------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._scope(node, True)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._scope(node, False)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        before, self._inside = self._inside, True
        node.body = self._hook(node.body, "returned", [self.visit(node.body)])
        self._inside = before
        return node

    def _scope(self, node: Any, inside: bool) -> ast.AST:
        before, self._inside = self._inside, inside
        node.body = [self.visit(statement) for statement in node.body]
        self._inside = before
        return node  # type: ignore[no-any-return]

    # -- statements ------------------------------------------------------------------------------------------------

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if node.value is not None:
            node.value = self._hook(node.value, "returned", [self.visit(node.value)])
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if not self._inside:
            return self.generic_visit(node)
        value, target = self.visit(node.value), node.targets[0]
        if len(node.targets) == 1 and isinstance(target, ast.Subscript):
            key = self._key(target.slice)
            call = self._hook(node, "set_item", [value, self.visit(target.value), key])
            return ast.copy_location(ast.Expr(call), node)
        node.value = self._given(node.targets, value)
        node.targets = [self.visit(t) for t in node.targets]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if self._inside and node.value is not None:
            node.value = self._given([node.target], self.visit(node.value))
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        if not self._inside:
            return node
        value, target = self.visit(node.value), node.target
        again = _again(target)
        if again is None:
            node.value = self._hook(node, "plain", [value])
            return node
        if isinstance(target, ast.Subscript):
            assert isinstance(again, ast.Subscript)
            base, key = self.visit(again.value), self._key(again.slice)
            read = self._hook(node, "get_item", [base, key])
            made = self._hook(node, "in_place", [_text(type(node.op).__name__), read, value])
            again = _again(target)
            assert isinstance(again, ast.Subscript)
            call = self._hook(node, "set_item", [made, self.visit(again.value), self._key(again.slice)])
            return ast.copy_location(ast.Expr(call), node)
        made = self._hook(node, "in_place", [_text(type(node.op).__name__), self.visit(again), value])
        return ast.copy_location(ast.Assign([target], self._given([target], made)), node)

    def visit_For(self, node: ast.For) -> ast.AST:
        if self._inside and not isinstance(node.target, (ast.Name, ast.Tuple)):
            return node
        return self.generic_visit(node)

    def _given(self, targets: list[ast.expr], value: ast.expr) -> ast.expr:
        """Return the value that is assigned: numbers kept by an attribute leave their origin with its place."""
        if all(_is_local(target) for target in targets):
            return value
        target = targets[0]
        if len(targets) == 1 and isinstance(target, ast.Attribute):
            owner = _again(target.value)
            if owner is not None and target.attr in self._stored:
                return self._hook(value, "kept", [owner, _text(target.attr), value])
        if len(targets) == 1 and isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            paired = len(target.elts) == len(value.elts)
            if paired and not any(isinstance(e, ast.Starred) for e in (*target.elts, *value.elts)):
                value.elts = [self._given([t], v) for t, v in zip(target.elts, value.elts, strict=True)]
                return value
        return self._hook(value, "plain", [value])

    # -- expressions -----------------------------------------------------------------------------------------------

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not self._inside:
            return node
        return self._hook(node, "binary", [_text(type(node.op).__name__), node.left, node.right])

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if not self._inside or isinstance(node.op, ast.Not) or isinstance(node.operand, ast.Constant):
            return node
        return self._hook(node, "unary", [_text(type(node.op).__name__), node.operand])

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if self._inside and not isinstance(node.ops[0], (ast.Is, ast.IsNot)):
            node.left = self._hook(node.left, "plain", [node.left])
            node.comparators = [self._hook(c, "plain", [c]) for c in node.comparators]
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in _UNTOUCHED:
            return node
        self.generic_visit(node)
        if not self._inside:
            return node
        return ast.copy_location(ast.Call(self._method("call"), [node.func, *node.args], node.keywords), node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if not self._inside or not isinstance(node.ctx, ast.Load) or node.attr not in self._stored:
            return node
        return self._hook(node, "attribute", [node.value, _text(node.attr)])

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if not self._inside or not isinstance(node.ctx, ast.Load):
            return self.generic_visit(node)
        return self._hook(node, "get_item", [self.visit(node.value), self._key(node.slice)])

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        self.generic_visit(node)
        if node.value is not None:
            node.value = self._hook(node.value, "plain", [node.value])
        return node

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        self.generic_visit(node)
        if self._inside:
            node.elt = self._hook(node.elt, "plain", [node.elt])
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node  # text asks a number for its own format

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        return node  # default values were computed when the function was made

    def visit_Match(self, node: ast.Match) -> ast.AST:
        node.subject = self._hook(node.subject, "plain", [self.visit(node.subject)])
        node.cases = [self.visit(case) for case in node.cases]
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def _key(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Slice):
            parts = [_none() if p is None else self.visit(p) for p in (node.lower, node.upper, node.step)]
            return self._hook(node, "part", parts)
        if isinstance(node, ast.Tuple):
            return ast.copy_location(ast.Tuple([self._key(e) for e in node.elts], ast.Load()), node)
        return self.visit(node)  # type: ignore[no-any-return]

    def _method(self, name: str) -> ast.expr:
        return ast.Attribute(ast.Constant(HOOKS), name, ast.Load())

    def _hook(self, at: ast.AST, name: str, arguments: list[ast.expr]) -> ast.expr:
        return ast.copy_location(ast.Call(self._method(name), arguments, []), at)


def _is_local(target: ast.expr) -> bool:
    if isinstance(target, (ast.Tuple, ast.List)):
        return all(map(_is_local, target.elts))
    return isinstance(target, ast.Name) or (isinstance(target, ast.Starred) and _is_local(target.value))


def _again(node: ast.expr) -> ast.expr | None:
    """Return an expression that reads what a target names, if evaluating it a second time does nothing more."""
    if isinstance(node, ast.Name):
        return ast.copy_location(ast.Name(node.id, ast.Load()), node)
    if isinstance(node, ast.Constant):
        return node
    if isinstance(node, ast.Attribute):
        owner = _again(node.value)
        return None if owner is None else ast.copy_location(ast.Attribute(owner, node.attr, ast.Load()), node)
    if isinstance(node, ast.Subscript):
        base, key = _again(node.value), _again_key(node.slice)
        return None if base is None or key is None else ast.copy_location(ast.Subscript(base, key, ast.Load()), node)
    return None


def _again_key(node: ast.expr) -> ast.expr | None:
    if isinstance(node, ast.Slice):
        given = node.lower, node.upper, node.step
        parts = [None if p is None else _again(p) for p in given]
        if any(new is None and old is not None for new, old in zip(parts, given, strict=True)):
            return None
        return ast.copy_location(ast.Slice(*parts), node)
    if isinstance(node, ast.Tuple):
        keys = [_again_key(e) for e in node.elts]
        return None if None in keys else ast.copy_location(ast.Tuple([k for k in keys if k], ast.Load()), node)
    if isinstance(node, ast.UnaryOp):
        operand = _again(node.operand)
        return None if operand is None else ast.copy_location(ast.UnaryOp(node.op, operand), node)
    return _again(node)


def _text(value: str) -> ast.expr:
    return ast.Constant(value)


def _none() -> ast.expr:
    return ast.Constant(None)

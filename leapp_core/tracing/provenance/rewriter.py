"""Copies of the user's functions in which arithmetic, calls and attributes go through hooks.

A whole file is rewritten and compiled as it is. Rewriting replaces expressions by calls and never adds or removes a
scope, so the code objects of both versions correspond one to one, with the same free variables and the same lines.
"""

from __future__ import annotations

import ast
import linecache
import warnings
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import Any

from leapp_core.tracing.provenance.expressions import HOOKS, ExpressionRewriter, number
from leapp_core.tracing.provenance.operators import BINARY_CODES
from leapp_core.tracing.provenance.scopes import (
    again,
    again_key,
    declared_elsewhere,
    is_written_out,
    leaves_alone,
    mangled,
)

_LONGEST = 20_000  # lines


@lru_cache(maxsize=512)
def stored_attributes(file: str) -> frozenset[str]:
    """Return the attributes that a function other than a constructor assigns: only these change from step to step."""
    tree = _tree(file)
    found: set[str] = set()
    for function in ast.walk(tree) if tree is not None else ():
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and function.name != "__init__":
            nodes = ast.walk(function)
            found |= {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    return frozenset(name for name in found if not (name.startswith("__") and name.endswith("__")))


@lru_cache(maxsize=512)
def properties(file: str) -> frozenset[str]:
    """Return the attributes that classes of a file compute when they are read."""
    tree = _tree(file)
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)) if tree is not None else ()
    return frozenset(
        f.name for f in functions if any(isinstance(d, ast.Name) and d.id == "property" for d in f.decorator_list)
    )


@lru_cache(maxsize=512)
def rewritten(file: str, stored: frozenset[str], computed: frozenset[str] = frozenset()) -> dict[CodeType, CodeType]:
    """Return the code objects of a file's functions and their rewritten copies; empty if that cannot be.

    Args:
        file: Its path, as code objects name it.
        stored: Attributes whose numbers are followed.
        computed: Attributes that classes compute.
    """
    tree = _tree(file)
    if tree is None:
        return {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # told when the user's file was compiled
            original = compile("".join(linecache.getlines(file)), file, "exec", dont_inherit=True)
            rewriter = Rewriter(file, stored, computed)
            copy = compile(ast.fix_missing_locations(rewriter.visit(tree)), file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    pairs = list(zip(_codes(original), _codes(copy), strict=False))
    if len(list(_codes(original))) != len(list(_codes(copy))):
        return {}
    if any(_shape(one) != _shape(other) for one, other in pairs):
        return {}
    alone = {(name, line) for name, line in rewriter.left_alone}
    return {a: b for a, b in pairs[1:] if (a.co_name, a.co_firstlineno) not in alone}


def bound_to(code: CodeType, hooks: Any, original: CodeType) -> CodeType:
    """Return rewritten code whose hooks are ``hooks``; it names all that the original names, for those who look."""
    inner = iter([c for c in original.co_consts if isinstance(c, CodeType)])
    constants = tuple(
        hooks
        if isinstance(c, str) and c == HOOKS
        else bound_to(c, hooks, next(inner))
        if isinstance(c, CodeType)
        else c
        for c in code.co_consts
    )
    names = code.co_names + tuple(n for n in original.co_names if n not in code.co_names)
    return code.replace(co_consts=constants, co_names=names)


def _tree(file: str) -> ast.Module | None:
    lines = linecache.getlines(file)
    if not lines or len(lines) > _LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse("".join(lines), file)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _shape(code: CodeType) -> tuple[Any, ...]:
    arguments = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    inside = sum(isinstance(c, CodeType) for c in code.co_consts)
    names = code.co_name, code.co_firstlineno, code.co_freevars, frozenset(code.co_cellvars), set(code.co_varnames)
    return names, arguments, inside


class Rewriter(ExpressionRewriter):
    """Puts hooks into the bodies of functions.

    Args:
        file: Path of the file.
        stored: Attributes whose numbers are followed.
        computed: Attributes that classes compute.

    Attributes:
        left_alone: Name and first line of the functions that stay as they are.
    """

    def __init__(self, file: str, stored: frozenset[str], computed: frozenset[str]) -> None:
        super().__init__(file, stored, computed)
        self.left_alone: list[tuple[str, int]] = []

    # -- scopes ----------------------------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Rewrite a function, unless it looks at its own names."""
        if self._inside:
            node.args.defaults = [self._plain(d) for d in node.args.defaults]
            node.args.kw_defaults = [None if d is None else self._plain(d) for d in node.args.kw_defaults]
            node.decorator_list = [self._plain(d) for d in node.decorator_list]
        if leaves_alone(node):
            self._leave_alone(node)
            return node
        before = self._elsewhere
        self._elsewhere = declared_elsewhere(node)
        self._scope(node, inside=True)
        self._elsewhere = before
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """Leave coroutines alone."""
        self._leave_alone(node)
        return node

    def _leave_alone(self, node: ast.AST) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self.left_alone.append((inner.name, min([inner.lineno, *(d.lineno for d in inner.decorator_list)])))
            elif isinstance(inner, ast.Lambda):
                self.left_alone.append(("<lambda>", inner.lineno))

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Rewrite the methods of a class."""
        before, self._class = self._class, node.name
        self._scope(node, inside=False)
        self._class = before
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """Rewrite the expression of a ``lambda``."""
        if self._inside:
            node.args.defaults = [self._plain(d) for d in node.args.defaults]
            node.args.kw_defaults = [None if d is None else self._plain(d) for d in node.args.kw_defaults]
        before, self._inside = self._inside, True
        node.body = self._hook(node.body, "hook_returned", [self.visit(node.body)])
        self._inside = before
        return node

    def _scope(self, node: Any, *, inside: bool) -> None:
        before, self._inside = self._inside, inside
        node.body = [self.visit(statement) for statement in node.body]
        self._inside = before

    # -- statements ------------------------------------------------------------------------------------------------

    def visit_Return(self, node: ast.Return) -> ast.AST:
        """Give numbers with an origin to rewritten code only."""
        if node.value is not None:
            node.value = self._hook(node.value, "hook_returned", [self.visit(node.value)])
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """Note what attributes and items are given."""
        if not self._inside:
            return self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) == 1 and isinstance(target, ast.Subscript):
            call = self._hook(target, "hook_set_item", [self.visit(node.value), self.visit(target.value)])
            call.args.append(self._key(target.slice))  # type: ignore[attr-defined]
            return ast.copy_location(ast.Expr(call), node)
        if len(node.targets) == 1 and isinstance(target, ast.Attribute) and target.attr in self._stored:
            return self._store(node, target, self.visit(node.value), constant=is_written_out(node.value))
        value = self.visit(node.value)
        node.value = value if all(map(self._is_local, node.targets)) else self._hook(value, "hook_plain", [value])
        node.targets = [self._target(t) for t in node.targets]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Note what an attribute with a type is given."""
        if not self._inside or node.value is None:
            return node
        target = node.target
        if isinstance(target, ast.Attribute) and target.attr in self._stored:
            return self._store(node, target, self.visit(node.value), constant=is_written_out(node.value))
        value = self.visit(node.value)
        node.value = value if self._is_local(target) else self._hook(value, "hook_plain", [value])
        node.target = self._target(target)  # type: ignore[assignment]
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """Compute ``a += b`` by hooks where evaluating ``a`` twice does nothing more."""
        if not self._inside:
            return node
        target, code = node.target, number(BINARY_CODES[type(node.op).__name__])
        simple = isinstance(target, ast.Name) or not any(isinstance(n, ast.Call) for n in ast.walk(node.value))
        if isinstance(target, ast.Name):
            value = self.visit(node.value)
            if target.id in self._elsewhere:
                node.value = self._hook(node.value, "hook_plain", [value])
                return node
            made = self._hook(node, "hook_in_place", [code, again(target), value])  # type: ignore[list-item]
            return ast.copy_location(ast.Assign([target], made), node)
        if isinstance(target, ast.Attribute):
            owner = again(target.value)
            own = isinstance(target.value, ast.Name)
            if owner is not None and target.attr in self._stored and (own or simple):
                read = self.visit(ast.copy_location(ast.Attribute(owner, target.attr, ast.Load()), target))
                made = self._hook(node, "hook_in_place", [code, read, self.visit(node.value)])
                return self._store(node, target, made, constant=False)
        if isinstance(target, ast.Subscript) and simple:
            base, key = again(target.value), again_key(target.slice)
            if base is not None and key is not None:
                read = self._hook(target, "hook_get_item", [self.visit(base), self._key(key)])
                made = self._hook(node, "hook_in_place", [code, read, self.visit(node.value)])
                call = self._hook(target, "hook_set_item", [made, self.visit(target.value), self._key(target.slice)])
                return ast.copy_location(ast.Expr(call), node)
        node.value = self._plain(node.value)
        node.target = self._target(target)  # type: ignore[assignment]
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        """Iterate as before; what attributes and items are given has no origin."""
        if not self._inside:
            return self.generic_visit(node)
        local = self._is_local(node.target)
        node.iter = self.visit(node.iter) if local else self._plain(node.iter)
        node.target = self._target(node.target)
        node.body = [self.visit(s) for s in node.body]
        node.orelse = [self.visit(s) for s in node.orelse]
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        """Test a plain value."""
        return self._tested(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        """Test a plain value."""
        return self._tested(node)

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        """Test a plain value."""
        return self._tested(node)

    def visit_Delete(self, node: ast.Delete) -> ast.AST:
        """Delete as before."""
        if self._inside:
            node.targets = [self._target(t) for t in node.targets]
        return node

    def visit_With(self, node: ast.With) -> ast.AST:
        """Enter as before."""
        if not self._inside:
            return self.generic_visit(node)
        for item in node.items:
            item.context_expr = self.visit(item.context_expr)
            if item.optional_vars is not None:
                item.optional_vars = self._target(item.optional_vars)
        node.body = [self.visit(s) for s in node.body]
        return node

    def visit_Match(self, node: ast.Match) -> ast.AST:
        """Match a plain value."""
        if not self._inside:
            return self.generic_visit(node)
        node.subject = self._plain(node.subject)
        for case in node.cases:
            case.guard = None if case.guard is None else self._plain(case.guard)
            case.body = [self.visit(statement) for statement in case.body]
        return node

    def _store(self, node: ast.stmt, target: ast.Attribute, value: ast.expr, *, constant: bool) -> ast.AST:
        place = ast.Constant((mangled(target.attr, self._class), constant))  # type: ignore[arg-type]
        call = self._hook(target, "hook_store", [value, self.visit(target.value), place])
        return ast.copy_location(ast.Expr(call), node)

    def _target(self, target: ast.expr) -> ast.expr:
        """Return what is assigned to, its owners and keys rewritten."""
        if isinstance(target, (ast.Tuple, ast.List)):
            target.elts = [self._target(t) for t in target.elts]
        elif isinstance(target, ast.Starred):
            target.value = self._target(target.value)
        elif isinstance(target, ast.Attribute):
            target.value = self.visit(target.value)
        elif isinstance(target, ast.Subscript):
            target.value = self.visit(target.value)
            target.slice = self._hook(target, "hook_plain", [self._key(target.slice)])
        return target

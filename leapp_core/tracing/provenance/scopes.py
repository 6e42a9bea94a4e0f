"""Questions about syntax that rewriting asks."""

from __future__ import annotations

import ast
from collections import Counter
from typing import Any

# Functions that show a function its own names, or run text among them.
_LOOKING = frozenset({"locals", "vars", "dir", "eval", "exec"})
# Decorators that compile a function from its byte code or its source, perhaps when it is first called.
_COMPILING = frozenset(
    {"jit", "njit", "vectorize", "guvectorize", "cfunc", "stencil", "kernel", "func", "script", "compile"}
)
_COMPUTING = frozenset({"abs", "bool", "float", "int", "len", "max", "min", "round", "sum"})
"""Functions of numbers, by the names that nobody gives to others."""


def leaves_alone(function: ast.FunctionDef) -> bool:
    """Return whether a function looks at its own names, where what is rewritten may be too, or is compiled."""
    if any(last_name(decorator) in _COMPILING for decorator in function.decorator_list):
        return True
    return any(isinstance(n, ast.Name) and n.id in _LOOKING for n in ast.walk(function))


def classes_in(node: ast.AST) -> list[ast.ClassDef]:
    """Return the classes that are defined in a function, without those that are defined in them."""
    found: list[ast.ClassDef] = []
    for child in ast.iter_child_nodes(node):
        found += [child] if isinstance(child, ast.ClassDef) else classes_in(child)
    return found


def last_name(named: ast.expr) -> str:
    """Return the last part of a dotted name, or of what is called by one; empty if it is neither."""
    called = named.func if isinstance(named, ast.Call) else named
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def first_name(named: ast.expr) -> str:
    """Return the name that a dotted name begins with; empty if it begins with something else."""
    while isinstance(named, ast.Attribute):
        named = named.value
    return named.id if isinstance(named, ast.Name) else ""


def modules_of(module: ast.Module) -> frozenset[str]:
    """Return the names under which a file imports modules."""
    imports = (n for n in ast.walk(module) if isinstance(n, ast.Import))
    return frozenset((a.asname or a.name).partition(".")[0] for n in imports for a in n.names)


GLOBALS = ".globals"
"""Local name of the module whose names a function assigns; no name of the user's begins with a dot."""


def globals_of(module: ast.Module) -> frozenset[str]:
    """Return the names that functions of a file declare as ``global`` and assign.

    None of a file that asks whether a name is there: a module without an attribute raises another error.
    """
    found: set[str] = set()
    if any(isinstance(n, ast.Name) and n.id == "NameError" for n in ast.walk(module)):
        return frozenset()
    for function in ast.walk(module):
        if isinstance(function, ast.FunctionDef):
            declared = {name for n in ast.walk(function) if isinstance(n, ast.Global) for name in n.names}
            assigned = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
            found |= declared & assigned
    return frozenset(found)


class OfOneFunction(ast.NodeTransformer):
    """Changes what is a function's own: functions and classes within it are left alone."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Leave functions to themselves."""
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """Leave functions to themselves."""
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Leave classes to themselves."""
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """Leave functions to themselves."""
        return node


class AsAttributes(OfOneFunction):
    """Writes names of a module as attributes of it.

    Args:
        names: The names.

    Attributes:
        used: Whether there was one.
    """

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self.used = False

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Write one name."""
        if node.id not in self._names:
            return node
        self.used = True
        module = ast.copy_location(ast.Name(GLOBALS, ast.Load()), node)
        return ast.copy_location(ast.Attribute(module, node.id, node.ctx), node)


def is_local(target: ast.expr, elsewhere: frozenset[str] = frozenset()) -> bool:
    """Return whether only names are assigned, and none of some that are not local."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return all(is_local(t, elsewhere) for t in target.elts)
    if isinstance(target, ast.Starred):
        return is_local(target.value, elsewhere)
    return isinstance(target, ast.Name) and target.id not in elsewhere


def declared_elsewhere(function: ast.FunctionDef) -> frozenset[str]:
    """Return the names that a function, or one within it, declares as ``global`` or ``nonlocal``."""
    found = (n.names for n in ast.walk(function) if isinstance(n, (ast.Global, ast.Nonlocal)))
    return frozenset(name for names in found for name in names)


def calls(node: ast.AST) -> bool:
    """Return whether an expression calls what may change what others hold: not only what computes with numbers."""
    return any(isinstance(n, ast.Call) and not _computes(n.func) for n in ast.walk(node))


def _computes(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id in _COMPUTING
    if not isinstance(function, ast.Attribute):
        return False
    module = function.value.id if isinstance(function.value, ast.Name) else ""
    return function.attr == "item" or module in ("math", "torch", "np")


def is_written_out(node: ast.expr, names: frozenset[str] = frozenset()) -> bool:
    """Return whether an expression is a number written out in the source, or one of some names for such a number."""
    if isinstance(node, ast.UnaryOp):
        return is_written_out(node.operand, names)
    if isinstance(node, ast.BinOp):
        return is_written_out(node.left, names) and is_written_out(node.right, names)
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id in names)


def constants_of(module: ast.Module) -> frozenset[str]:
    """Return the names that a module assigns once, a number written out, and that no function assigns."""
    stored = Counter(n.id for n in ast.walk(module) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load))
    declared = {name for n in ast.walk(module) if isinstance(n, ast.Global) for name in n.names}
    made = (s for s in module.body if isinstance(s, ast.Assign) and len(s.targets) == 1 and is_written_out(s.value))
    named = {s.targets[0].id for s in made if isinstance(s.targets[0], ast.Name)}
    return frozenset(name for name in named - declared if stored[name] == 1)


def local_names(function: ast.FunctionDef) -> frozenset[str]:
    """Return the names that a function, or one within it, assigns or takes."""
    nodes = list(ast.walk(function))
    patterns = (n for n in nodes if isinstance(n, (ast.MatchAs, ast.MatchStar)))
    return frozenset(
        [n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)]
        + [n.arg for n in nodes if isinstance(n, ast.arg)]
        + [n.name for n in nodes if isinstance(n, (ast.ExceptHandler, ast.FunctionDef, ast.ClassDef)) and n.name]
        + [n.name for n in patterns if n.name]
        + [n.rest for n in nodes if isinstance(n, ast.MatchMapping) and n.rest]
        + [(n.asname or n.name).partition(".")[0] for n in nodes if isinstance(n, ast.alias)]
    )


def mangled(name: str, cls: str) -> str:
    """Return what Python makes of a private attribute's name in a class."""
    cls = cls.lstrip("_")
    private = name.startswith("__") and not name.endswith("__") and bool(cls)
    return f"_{cls}{name}" if private else name


def again(node: ast.expr) -> ast.expr | None:
    """Return an expression that reads what a target names, if evaluating it a second time does nothing more."""
    if isinstance(node, ast.Name):
        return ast.copy_location(ast.Name(node.id, ast.Load()), node)
    if isinstance(node, ast.Constant):
        return node
    if isinstance(node, ast.Attribute):
        owner = again(node.value)
        return None if owner is None else ast.copy_location(ast.Attribute(owner, node.attr, ast.Load()), node)
    return None


def again_key(node: ast.expr) -> Any:
    """Return a key that may be evaluated a second time."""
    if isinstance(node, ast.Slice):
        given = node.lower, node.upper, node.step
        parts = [None if p is None else again(p) for p in given]
        if any(new is None and old is not None for new, old in zip(parts, given, strict=True)):
            return None
        return ast.copy_location(ast.Slice(*parts), node)
    if isinstance(node, ast.Tuple):
        keys = [again_key(e) for e in node.elts]
        return None if None in keys else ast.copy_location(ast.Tuple([k for k in keys if k], ast.Load()), node)
    if isinstance(node, ast.UnaryOp):
        operand = again(node.operand)
        return None if operand is None else ast.copy_location(ast.UnaryOp(node.op, operand), node)
    return again(node)

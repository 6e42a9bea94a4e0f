"""What the local names of functions hold, where the source or the session tells."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from leapp_core.tracing.source.book import FUNCTIONS, SourceFile, dotted
from leapp_core.tracing.source.callsite import FunctionKey
from leapp_core.tracing.source.heap import ClassKey
from leapp_core.tracing.source.living import LivingObjects


class LocalTypes:
    """Types of local names that are bound but once.

    Args:
        living: What objects hold.
        driving: Types of the local names of the function that runs the steps, by its key.
    """

    def __init__(self, living: LivingObjects, driving: Mapping[FunctionKey, Mapping[str, type]]) -> None:
        self._living, self._driving = living, driving
        self._known: dict[tuple[ast.AST, str, str], frozenset[ClassKey] | None] = {}

    def of(self, file: SourceFile, scope: ast.AST, name: str, names: list[str]) -> frozenset[ClassKey] | None:
        """Return the types of a local name that is bound but once: to a new object, or where the steps are run."""
        key = scope, name, ".".join(names)
        if key not in self._known:
            self._known[key] = self._find(file, scope, name, names)
        return self._known[key]

    def _find(self, file: SourceFile, scope: ast.AST, name: str, names: list[str]) -> frozenset[ClassKey] | None:
        known = self._driving.get(file.key_of(scope), {}) if isinstance(scope, FUNCTIONS) else {}
        inside = list(ast.walk(scope))
        stores = [n for n in inside if isinstance(n, ast.Name) and n.id == name and not isinstance(n.ctx, ast.Load)]
        given = [n for n in inside if isinstance(n, ast.arg) and n.arg == name]
        shared = any(isinstance(n, (ast.Global, ast.Nonlocal)) and name in n.names for n in inside)
        if shared or len(stores) + len(given) > 1:
            return None
        for store in stores:
            made_at = file.parents[store]
            value = made_at.value if isinstance(made_at, ast.Assign) else None
            called = _of_module(file, value.func if isinstance(value, ast.Call) else value)
            if called and isinstance(value, ast.Call):
                made = self._living.class_in_module(file.path, called)
                if made is not None:
                    return self._living.types_under_class(made, names)
            elif called:  # another name of something of the module
                return self._living.types_in_module(file.path, [*called, *names])
        loops = (ast.For, ast.AsyncFor, ast.While, ast.comprehension)
        if name not in known or any(isinstance(n, loops) for s in stores for n in file.above(s)):
            return None
        return self._living.types_seen({known[name]}, names)


def _of_module(file: SourceFile, node: ast.expr | None) -> list[str]:
    """Return the names of ``a.b`` if ``a`` is one of the module; none of anything else."""
    at, names = dotted(node)
    if not isinstance(at, ast.Name):
        return []
    local = any(isinstance(n, (*FUNCTIONS, ast.Lambda)) and at.id in file.names_of(n)[0] for n in file.above(at))
    return [] if local else [at.id, *names]


def is_global(file: SourceFile, name: ast.Name) -> bool:
    """Return whether a name in a function is one of the module: declared so, or bound in no function around."""
    for scope in file.above(name):
        if isinstance(scope, (*FUNCTIONS, ast.Lambda)):
            bound, declared = file.names_of(scope)
            if name.id in bound:
                return name.id in declared
    return True


def is_shadowed(file: SourceFile, load: ast.AST, name: str, given: ast.AST | None = None) -> bool:
    """Return whether a name that is read is one of a function of its own, not that of the code around.

    Args:
        file: Its file.
        load: Where it is read.
        name: The name.
        given: Where it is assigned; the module if not given.
    """
    around = set(file.above(given)) if given is not None else set()
    for scope in file.above(load):
        if scope in around:
            return False
        if isinstance(scope, (*FUNCTIONS, ast.Lambda)) and name in file.names_of(scope)[0]:
            outer = (n for n in ast.walk(scope) if isinstance(n, (ast.Global, ast.Nonlocal)))
            return not any(name in n.names for n in outer)
    return False

"""Attributes that are calls: properties, descriptors, and what ``__getattr__`` gives."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from leapp_core.tracing.source.book import Function, SourceBook, SourceFile, called_name
from leapp_core.tracing.source.owners import Owners, related

_PROPERTIES = frozenset({"property", "cached_property"})


def attributes_given(
    owners: Owners, book: SourceBook, file: SourceFile, function: Function
) -> Iterator[tuple[SourceFile, ast.expr]]:
    """Yield the reads of attributes that run a function and are what it returns.

    Args:
        owners: Whose attribute is whose.
        book: The user's source.
        file: File of the function.
        function: Any function.
    """
    if any(_name(decorator) in _PROPERTIES for decorator in function.decorator_list):
        mine = owners.selves(file, function)
        for other, load in book.reads(function.name):
            if related(mine, owners.of(other, load)):
                yield other, load
    elif function.name == "__get__":
        for name in _held_by_classes(book, file, function):
            yield from book.reads(name)
    elif function.name in ("__getattr__", "__getattribute__"):
        yield from _made_up(owners, book, file, function)


def _held_by_classes(book: SourceBook, file: SourceFile, function: Function) -> Iterator[str]:
    """Yield the names under which classes hold a descriptor of the class around a function."""
    descriptor = file.class_of(function)
    for cls in (c for f in book.files for c in f.classes if descriptor is not None):
        for statement in cls.body:
            value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign)) else None
            if isinstance(value, ast.Call) and descriptor is not None and called_name(value) == descriptor.name:
                targets = statement.targets if isinstance(statement, ast.Assign) else []
                yield from (target.id for target in targets if isinstance(target, ast.Name))


def _made_up(
    owners: Owners, book: SourceBook, file: SourceFile, function: Function
) -> Iterator[tuple[SourceFile, ast.expr]]:
    """Yield the reads of attributes that nothing else gives, on objects of the class around ``__getattr__``."""
    mine = owners.selves(file, function)
    known = {name for f in book.files for name in (*f.stores, *(g.name for g in f.functions))}
    for other in book.files:
        for name, loads in other.loads.items():
            if name.startswith(".") and name[1:] not in known:
                yield from (
                    (other, n) for n in loads if isinstance(n, ast.Attribute) and _is_of(owners, other, n, mine)
                )


def _is_of(owners: Owners, file: SourceFile, load: ast.Attribute, mine: frozenset[tuple[str, str]] | None) -> bool:
    theirs = owners.selves(file, load) if isinstance(load.value, ast.Name) and load.value.id == "self" else None
    return mine is not None and theirs is not None and bool(mine & theirs)


def _name(decorator: ast.expr) -> str:
    return decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")

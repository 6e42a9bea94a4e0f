"""Where the source reads or writes attributes other than as ``object.name``: by name in text, or all at once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from leapp_core.tracing.source.book import SourceBook, SourceFile, called_name
from leapp_core.tracing.source.owners import Owners, Types, related

_DICTIONARIES = ("vars", "globals", ".__dict__")
# Calls that read every attribute of an object, whatever it is called.
_OF_ALL = frozenset({"vars", "asdict", "astuple"})
# Calls that do so with an object that has attributes; others they are given have none.
_OF_OBJECTS = frozenset({"copy", "deepcopy", "replace", "repr", "str", "format", "hash", "dumps", "dump"})


_READING_KEYS = frozenset({"get", "setdefault", "pop", "__getitem__"})
"""Methods of dictionaries that give what is under the key given first."""


def named_in_text(book: SourceBook, name: str) -> Iterator[tuple[SourceFile, ast.expr]]:
    """Yield what reads an attribute by its name in text: ``vars(thing)``, ``thing.__dict__``, ``getattr``."""
    for file in book.files:
        for load in (n for names in _DICTIONARIES for n in file.loads.get(names, ())):
            given = called(file, load)
            if key_read(file, given) == name:
                yield file, given
        for load in file.loads.get("getattr", ()):
            call = file.parents[load]
            if isinstance(call, ast.Call) and len(call.args) > 1 and ast.unparse(call.args[1]) == repr(name):
                yield file, call
        for load in (*file.loads.get("attrgetter", ()), *file.loads.get(".attrgetter", ())):
            call = called(file, load)
            if isinstance(call, ast.Call) and any(ast.unparse(a) == repr(name) for a in call.args):
                yield file, call
    yield from evaluated(book, name)


def evaluated(book: SourceBook, name: str) -> Iterator[tuple[SourceFile, ast.expr]]:
    """Yield what evaluates text that names a value, or that is not written out."""
    for file in book.files:
        for load in (*file.loads.get("eval", ()), *file.loads.get("exec", ())):
            call = file.parents[load]
            if isinstance(call, ast.Call) and call.func is load and call.args:
                text = call.args[0].value if isinstance(call.args[0], ast.Constant) else name
                if re.search(rf"\b{re.escape(name)}\b", str(text)):
                    yield file, call


def of_whole_objects(book: SourceBook, owners: Owners, holders: Types) -> Iterator[tuple[SourceFile, ast.expr]]:
    """Yield what reads all attributes of an object at once: copies, dictionaries and texts of it, comparisons.

    Args:
        book: The user's source.
        owners: Whose attribute is whose.
        holders: What the object may be. Nothing is said of objects of which that is not known.
    """
    if holders is None:
        return
    for file in book.files:
        for node in file.looking:
            for thing, surely in _things(file, node):
                types = _types(owners, file, thing)
                if (surely or types is not None) and related(types, holders):
                    yield file, node


def _things(file: SourceFile, node: ast.expr) -> Iterator[tuple[ast.expr, bool]]:
    """Yield the objects that an expression may look at as a whole; also whether it does so whatever they are."""
    if isinstance(node, ast.Call):
        yield from _given(file, node)
    elif isinstance(node, ast.Attribute) and node.attr == "__dict__" and isinstance(node.ctx, ast.Load):
        if key_read(file, node) is None and not _is_written_to(file, node):
            yield node.value, True
    elif isinstance(node, ast.Compare):
        if not all(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops):
            yield from ((part, False) for part in (node.left, *node.comparators))
    elif isinstance(node, ast.FormattedValue):
        yield node.value, False
    else:
        parent = file.parents.get(node)
        if isinstance(parent, ast.Match) and node is parent.subject:
            yield node, False


def _given(file: SourceFile, call: ast.Call) -> Iterator[tuple[ast.expr, bool]]:
    name = called_name(call) if call.args else ""
    if name == "getattr" and len(call.args) > 1 and not isinstance(call.args[1], ast.Constant):
        yield call.args[0], False
    elif name in _OF_ALL and (name != "vars" or key_read(file, call) is None):
        yield call.args[0], True
    elif name in _OF_OBJECTS:
        yield call.args[0], False


def _is_written_to(file: SourceFile, dictionary: ast.Attribute) -> bool:
    parent = file.parents.get(dictionary)
    if isinstance(parent, ast.Subscript):
        return not isinstance(parent.ctx, ast.Load)
    if not isinstance(parent, ast.Attribute) or parent.attr not in ("update", "setdefault", "pop"):
        return False
    call = file.parents.get(parent)  # ``vars(self).setdefault("late", [0])`` gives what it finds
    return isinstance(call, ast.Call) and isinstance(file.parents.get(call), ast.Expr)


def _types(owners: Owners, file: SourceFile, thing: ast.expr) -> Types:
    if isinstance(thing, ast.Name) and thing.id == "self":
        return owners.selves(file, thing)
    return owners.holds(file, thing)


def set_by_name(call: ast.Call) -> ast.Attribute | None:
    """Return the attribute that ``setattr`` or ``__setattr__`` assigns, if its name is written out."""
    name = called_name(call)
    if name not in ("setattr", "__setattr__"):
        return None
    given = call.args if len(call.args) > 2 else [ast.Name("self", ast.Load()), *call.args]
    if len(given) < 3 or not isinstance(given[1], ast.Constant):
        return None
    return ast.Attribute(given[0], str(given[1].value), ast.Store())


def written_in_dictionary(target: ast.expr, key: object) -> ast.Attribute | None:
    """Return the attribute that ``thing.__dict__[key]`` or ``vars(thing)[key]`` is."""
    if not isinstance(key, str):
        return None
    if isinstance(target, ast.Attribute) and target.attr == "__dict__":
        return ast.Attribute(target.value, key, ast.Store())
    if isinstance(target, ast.Call) and called_name(target) == "vars" and target.args:
        return ast.Attribute(target.args[0], key, ast.Store())
    return None


def called(file: SourceFile, load: ast.expr) -> ast.expr:
    """Return the call of what is read, if it is called."""
    parent = file.parents[load]
    return parent if isinstance(parent, ast.Call) and parent.func is load else load


def key_read(file: SourceFile, load: ast.expr) -> Any:
    """Return the written-out key by which a container is read here; ``None`` if it is read otherwise."""
    parent = file.parents.get(load)
    if isinstance(parent, ast.Subscript) and parent.value is load and isinstance(parent.ctx, ast.Load):
        return parent.slice.value if isinstance(parent.slice, ast.Constant) else None
    if isinstance(parent, ast.Attribute) and parent.attr in _READING_KEYS:
        call = file.parents.get(parent)
        if isinstance(call, ast.Call) and call.func is parent and call.args:
            return call.args[0].value if isinstance(call.args[0], ast.Constant) else None
    return None

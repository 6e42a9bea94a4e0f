"""Where the user's source reads Python values that were seen to change between captured steps."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import CodeType, FunctionType
from typing import Any

import torch

from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.objects.names import Element
from leapp_core.tracing.source.book import FUNCTIONS, SourceFile
from leapp_core.tracing.source.callsite import is_library
from leapp_core.tracing.source.local import is_shadowed
from leapp_core.tracing.source.owners import Types, related
from leapp_core.tracing.source.reflection import called, key_read, named_in_text
from leapp_core.tracing.values.relevance import Relevance

_NAMED = frozenset({"attr", "name", "global", "local", "member"})
_UNSEEN = frozenset({"index", "advanced", "script"})
_RESUMED = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
_OPERATORS = frozenset(
    {
        "__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__bool__", "__float__", "__int__", "__len__", "__getitem__",
        "__add__", "__mul__", "__rmul__", "__radd__", "__mod__", "__next__", "__iter__",
    }
)  # fmt: skip


@dataclass(frozen=True)
class VaryingRead:
    """One expression that reads a value which changes.

    Attributes:
        file: Its file.
        node: The expression.
        kind: ``value`` as it is; ``decided`` if what is read may be the same in some steps and differ later.
        growing: It is a number.
        name: The attribute that changes, if it is one.
        owners: Whose attribute.
    """

    file: SourceFile
    node: ast.expr
    kind: str
    growing: bool
    name: str = ""
    owners: Types = None


class Changes:
    """Finds the reads of values that changed.

    Args:
        slicer: Slicer of the record, which has what Python objects held.
        relevance: What takes part in the program.
    """

    def __init__(self, slicer: Slicer, relevance: Relevance) -> None:
        self._relevance, self._book = relevance, relevance.book
        self._outside = slicer.outside
        self.all = slicer.recorder.python.changed(slicer.recorder.addresses())
        self.full_queues = slicer.recorder.python.full_queues()
        self._groups: dict[Element, list[tuple[tuple[Element, ...], Any]]] = {}
        for path, _, value in self.all:
            self._add(path, value)

    def reads(self) -> Iterator[VaryingRead]:
        """Yield the reads, in functions only."""
        for element, rests in self._groups.items():
            keys = {rest[0][1] for rest, _ in rests if rest and rest[0][0] == "key"}
            kind = _kind({rest[0][0] if rest else "" for rest, _ in rests})
            compared = all(rest and rest[0] == ("compared",) for rest, _ in rests)
            growing = all(_is_number(rest, value) for rest, value in rests)
            by_key = all(rest and rest[0][0] in ("key", "length", "order") for rest, _ in rests)
            is_attribute = element[0] == "attr" and all(not rest for rest, _ in rests)
            name = element[1] if is_attribute else ""
            owners = self._relevance.owners.living.having(element[2], name) if is_attribute else None
            for file, load in self._loads(element, keys):
                around = next((n for n in file.above(load) if isinstance(n, (*FUNCTIONS, ast.Lambda))), None)
                if self._outside.has(file.path) or (is_attribute and file.calls_it(load)):  # a number is not called
                    continue
                if compared and not isinstance(file.parents.get(load), ast.Compare):
                    continue
                if self._relevance.steps(file, load, around) and not (by_key and _reads_another_key(file, load, keys)):
                    yield VaryingRead(file, load, kind, growing, name, owners)

    def _add(self, path: tuple[Element, ...], value: Any) -> None:
        named = [i for i, element in enumerate(path) if element[0] in _NAMED]
        while named:
            at = named.pop()
            self._groups.setdefault(path[at], []).append((path[at + 1 :], value))
            through = self._read_through(path[at])
            if not (named and through):
                return
            path = (*path[:at], (through,))

    def _read_through(self, element: Element) -> str:
        """Return how what holds a value is read instead: a generator, a tuple, an object with operators."""
        if element[0] == "name":
            return "advanced" if element[2].co_flags & _RESUMED else ""
        if element[0] != "attr":
            return ""
        if issubclass(element[2], torch.Tensor):
            return ""
        if issubclass(element[2], tuple):
            return "advanced"
        if any(map(_is_written, map(vars(element[2]).get, _OPERATORS))):
            return "operated"
        return "compared" if "__dataclass_fields__" in vars(element[2]) else ""

    def _loads(self, element: Element, keys: set[Any]) -> Iterator[tuple[SourceFile, ast.expr]]:
        kind, name = element[:2]
        if not name.startswith("__"):  # those are Python's own, of functions and classes
            yield from self._by_name(kind, name, element[2])
            if kind != "local":
                yield from named_in_text(self._book, name)
        for file in self._book.files if any(isinstance(k, str) for k in keys) else ():
            for loads in file.loads.values():  # a dictionary may be passed on under another name
                for load in loads:
                    if isinstance(load, ast.Name) and key_read(file, load) in keys:
                        yield file, load

    def _by_name(self, kind: str, name: str, place: Any) -> Iterator[tuple[SourceFile, ast.expr]]:
        if kind == "attr":
            yield from self._attribute(name, place)
        elif kind == "member":
            holder = frozenset({("<module>", place)})
            reads = [*self._book.reads(name), *(self._book.reads("getenv") if name == "environ" else ())]
            for file, load in reads:
                if related(holder, self._relevance.owners.of(file, load)):
                    yield file, called(file, load)
        elif kind == "global":
            file = self._book.file(place)
            yield from ((file, load) for load in file.loads.get(name, ()) if not is_shadowed(file, load, name))
        elif kind == "local":
            yield from self._local(name, place)
        elif kind == "name":
            file = self._book.file(place.co_filename)
            yield from ((file, n) for n in file.loads.get(name, ()) if _is_within(file, n, place.co_name))

    def _local(self, name: str, place: CodeType) -> Iterator[tuple[SourceFile, ast.expr]]:
        file = self._book.file(place.co_filename)
        for n in file.loads.get(name, ()):
            # The names of a script are the globals of its functions.
            own = place.co_name != "<module>" and _is_within(file, n, place.co_name)
            reached = place.co_name == "<module>" or self._relevance.drives(file, n)
            if own or (reached and not is_shadowed(file, n, name)):
                yield file, n

    def _attribute(self, name: str, cls: type) -> Iterator[tuple[SourceFile, ast.expr]]:
        owners = self._relevance.owners.living.having(cls, name)
        for base in cls.__mro__:
            path = getattr(sys.modules.get(base.__module__), "__file__", None)
            if base is not object and path is not None and path.endswith(".py") and not is_library(path):
                self._book.file(path)
        reads = self._book.reads(name)
        yield from ((file, load) for file, load in reads if related(owners, self._relevance.owners.of(file, load)))


def _is_written(operator: Any) -> bool:
    """Return whether somebody wrote an operator, as opposed to what dataclasses have."""
    return isinstance(operator, FunctionType) and operator.__code__.co_filename != "<string>"


def _kind(ways: set[str]) -> str:
    """Return how a change is followed, by how the values below the name are reached."""
    if ways == {"operated"}:
        return "object"
    return "decided" if ways & {"index", "order", "advanced", "script", "operated"} else "value"


def _is_number(rest: tuple[Element, ...], value: Any) -> bool:
    if rest:
        return bool(rest[0][0] == "length")
    return bool(isinstance(value, tuple) and value[0] in (int, float))


def _is_within(file: SourceFile, node: ast.AST, function: str) -> bool:
    kinds = (ast.Lambda,) if function == "<lambda>" else FUNCTIONS
    return any(isinstance(n, kinds) and str(getattr(n, "name", function)) == function for n in file.above(node))


def _reads_another_key(file: SourceFile, load: ast.expr, keys: set[Any]) -> bool:
    key = key_read(file, load)
    return isinstance(key, str) and key not in keys

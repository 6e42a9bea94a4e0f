"""Which objects an attribute belongs to, by their classes: attributes of one name of other classes are others."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cached_property

import torch

from leapp_core.tracing.source.book import FUNCTIONS, Function, SourceBook, SourceFile
from leapp_core.tracing.source.heap import ClassKey
from leapp_core.tracing.source.living import DELEGATING, LivingObjects
from leapp_core.tracing.source.local import LocalTypes, binds

Types = frozenset[ClassKey] | None
"""Classes that an object may be of; ``None`` if that is not known."""


def related(a: Types, b: Types) -> bool:
    """Return whether two expressions may mean the same object."""
    return a is None or b is None or bool(common(a, b))


def common(a: Types, b: Types) -> Types:
    """Return the types that fit both."""
    if a is None or b is None:
        return b if a is None else a
    unknown = {name for file, name in a | b if not file}  # of a file that is not known: the name decides
    return (a & b) | ({k for k in a | b if k[1] in unknown} if unknown & _names(a) & _names(b) else frozenset())


def _names(types: frozenset[ClassKey]) -> set[str]:
    return {name for _, name in types}


class Owners:
    """Types of the objects whose attributes and methods the user's source names.

    Args:
        book: The user's source.
        ran: Functions that made recorded calls: file, first line, name.
        living: What objects hold.
        local: What local names hold.
    """

    def __init__(
        self,
        book: SourceBook,
        ran: Collection[tuple[str, int, str]],
        living: LivingObjects,
        local: LocalTypes,
    ) -> None:
        self._book = book
        self._ran = ran
        self.living = living
        self._locals = local
        self._alive: dict[ClassKey, bool] = {}
        self._concrete: dict[ClassKey, frozenset[ClassKey]] = {}
        self._known: dict[ast.Attribute, Types] = {}
        self._around: dict[ast.Attribute, ast.ClassDef | None] = {}
        self._chains: dict[tuple[ClassKey, tuple[str, ...]], Types] = {}

    def of(self, file: SourceFile, attribute: ast.Attribute, selves: Types = None) -> Types:
        """Return the types of the object that has an attribute.

        Args:
            file: File of the expression.
            attribute: ``self.a.b``, ``module.a``, or any other.
            selves: What ``self`` may be there, if more is known than the class around it.
        """
        cls = self._class_of_self(file, attribute)
        if cls is not None:
            return None if self._delegates(file, cls) else common(self.concrete(file, cls), selves)
        if attribute not in self._known:
            self._known[attribute] = self._of_chain(file, attribute)
        return self._known[attribute]

    def _class_of_self(self, file: SourceFile, attribute: ast.Attribute) -> ast.ClassDef | None:
        """Return the class around ``self.x``; ``None`` for attributes of other things."""
        if not isinstance(attribute.value, ast.Name) or attribute.value.id not in ("self", "cls"):
            return None
        if attribute not in self._around:
            self._around[attribute] = file.class_of(attribute)
        return self._around[attribute]

    def _of_chain(self, file: SourceFile, attribute: ast.Attribute) -> Types:
        names: list[str] = []
        base = attribute.value
        while isinstance(base, ast.Attribute):
            names.insert(0, base.attr)
            base = base.value
        if not isinstance(base, ast.Name):
            return None
        if base.id not in ("self", "cls"):
            return self._of_global(file, base, names)
        cls = file.class_of(attribute)
        if cls is None or not names:
            return None
        key = file.class_key(cls), tuple(names)
        if key not in self._chains:
            self._chains[key] = self.living.types_under(*key)
        return self._chains[key]

    def selves(self, file: SourceFile, node: ast.AST, known: Types = None) -> Types:
        """Return what ``self`` may be at a place; ``None`` outside classes."""
        cls = file.class_of(node)
        return None if cls is None else common(self.concrete(file, cls), known)

    def concrete(self, file: SourceFile, cls: ast.ClassDef) -> frozenset[ClassKey]:
        """Return a class and those below it."""
        key = file.class_key(cls)
        found = self._concrete.get(key)
        if found is None:
            written = frozenset() if self.living.is_known(key) else frozenset(self._written_below[key])
            found = self._concrete[key] = written | self.living.below(key)
        return found

    @cached_property
    def _written_below(self) -> dict[ClassKey, set[ClassKey]]:
        """For each class of the source those that derive from it, as far as the source tells."""
        found: dict[ClassKey, set[ClassKey]] = defaultdict(set)
        for file, cls in ((f, c) for f in self._book.files for c in f.classes):
            for key in self._written_above(file, cls):
                found[key].add(file.class_key(cls))
        return found

    def _written_above(self, file: SourceFile, cls: ast.ClassDef) -> set[ClassKey]:
        found: set[ClassKey] = set()
        waiting = [(file, cls)]
        while waiting:
            file, cls = waiting.pop()
            if file.class_key(cls) not in found:
                found.add(file.class_key(cls))
                waiting += self._book.bases(file, cls)
        return found

    def takes_part(self, file: SourceFile, node: ast.AST) -> bool:
        """Return whether a place may belong to the program: not a method of a class without any object.

        Objects may have gone since. So that is only said of classes that the source at hand makes no objects of, and
        while the program itself still lives.
        """
        cls = file.class_of(node)
        if cls is None or file.class_key(cls) in self._running or not _is_in_method(file, node, cls):
            return True
        return self._may_live(file.class_key(cls)) or not self._program_lives

    @cached_property
    def _running(self) -> frozenset[ClassKey]:
        """The classes whose methods made recorded calls."""
        inside = ((f.class_of(function), f, function) for f in self._book.files for function in f.functions)
        return frozenset(
            f.class_key(c) for c, f, function in inside if c is not None and f.key_of(function) in self._ran
        )

    @cached_property
    def _program_lives(self) -> bool:
        return all(map(self._may_live, self._running))

    def _may_live(self, key: ClassKey) -> bool:
        """Return whether a class has objects, or the source of functions that ran makes some by its name."""
        found = self._alive.get(key)
        if found is None:
            made = self.everything.calls(key[1].rpartition(".")[2])
            found = self._alive[key] = self.living.is_alive(key) or bool(made)
        return found

    @cached_property
    def everything(self) -> SourceBook:
        """The source of all functions that ran."""
        return self._book.beside(sorted({path for path, _, _ in self._ran}))

    def loads(
        self,
        file: SourceFile,
        target: ast.Attribute,
        selves: Types = None,
        among: Iterable[tuple[SourceFile, ast.expr]] | None = None,
    ) -> list[tuple[SourceFile, ast.Attribute, Types]]:
        """Return the places that may read an attribute, each with what ``self`` is there if that is the same object.

        Args:
            file: File of the expression.
            target: What is assigned.
            selves: What ``self`` may be there, if more is known than the class around it.
            among: Reads of attributes of that name to look at; all of the source if not given.
        """
        if among is None:
            among = ((other, load) for other in self._book.files for load in other.loads.get("." + target.attr, ()))
        mine = self.of(file, target, selves)
        found = []
        for other, load in among:
            assert isinstance(load, ast.Attribute)
            theirs = self.of(other, load)
            if theirs is None and _is_method_of_tensors(other, load):
                continue
            if related(mine, theirs) and self.takes_part(other, load):
                found.append((other, load, common(mine, theirs) if _is_self(load.value) else None))
        return found

    def called(
        self, file: SourceFile, call: ast.Call, selves: Types = None
    ) -> list[tuple[SourceFile, Function, Types]]:
        """Return the functions that a call may run, each with what ``self`` is in it."""
        name, receiver = call.func, None
        if isinstance(name, ast.Attribute):
            receiver = self._receiver(file, name, selves)
            name = ast.Name(name.attr)
        if not isinstance(name, ast.Name):
            return []
        found = []
        for other, function in self._book.functions(name.id):
            inside = self.selves(other, function)
            if related(receiver, inside) and self.takes_part(other, function):
                found.append((other, function, None if inside is None else common(inside, receiver)))
        return found

    def callers(
        self, file: SourceFile, function: Function, selves: Types = None
    ) -> list[tuple[SourceFile, ast.Call, Types]]:
        """Return the calls that may run a function, each with what ``self`` is there if that is the same object."""
        mine = self.selves(file, function, selves)
        found = []
        for other, call in self._book.calls(function.name):
            theirs = self._receiver(other, call.func) if isinstance(call.func, ast.Attribute) else None
            if related(mine, theirs) and self.takes_part(other, call):
                same = isinstance(call.func, ast.Attribute) and _is_self(call.func.value)
                found.append((other, call, common(mine, theirs) if same else None))
        return found

    def _receiver(self, file: SourceFile, method: ast.Attribute, selves: Types = None) -> Types:
        if isinstance(method.value, ast.Call):  # super()
            return self.selves(file, method, selves) if _is_self(method.value) else None
        return self.of(file, method, selves)

    def _delegates(self, file: SourceFile, cls: ast.ClassDef) -> bool:
        """Return whether ``self.x`` may be an attribute of another object."""
        return bool(self._delegating) and bool(self._delegating & self._written_above(file, cls))

    @cached_property
    def _delegating(self) -> set[ClassKey]:
        classes = ((f, c) for f in self._book.files for c in f.classes)
        return {f.class_key(c) for f, c in classes if any(getattr(n, "name", "") in DELEGATING for n in c.body)}

    def _of_global(self, file: SourceFile, name: ast.Name, names: list[str]) -> Types:
        for scope in (n for n in file.above(name) if isinstance(n, (*FUNCTIONS, ast.Lambda))):
            if binds(scope, name.id):
                return self._locals.of(file, scope, name.id, names)
        return self.living.types_in_module(file.path, [name.id, *names])


def _is_self(node: ast.expr) -> bool:
    """Return whether an expression is the object whose method this is, or ``super()``."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "super"
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def _is_in_method(file: SourceFile, node: ast.AST, cls: ast.ClassDef) -> bool:
    """Return whether a node is, or lies in, a function of a class that is run on an object of it."""
    method = next((n for n in (node, *file.above(node)) if file.parents.get(n) is cls), None)
    return isinstance(method, FUNCTIONS) and [a.arg for a in method.args.args][:1] == ["self"]


def _is_method_of_tensors(file: SourceFile, load: ast.Attribute) -> bool:
    """Return whether ``x.mean`` is called as tensors have it."""
    return file.calls_it(load) and hasattr(torch.Tensor, load.attr)

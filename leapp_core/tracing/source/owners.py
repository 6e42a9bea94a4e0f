"""Which objects an attribute belongs to, by their classes: attributes of one name of other classes are others."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from leapp_core.tracing.source.book import FUNCTIONS, Function, SourceBook, SourceFile, dotted
from leapp_core.tracing.source.callsite import FunctionKey
from leapp_core.tracing.source.heap import ClassKey
from leapp_core.tracing.source.living import ANEW, DELEGATING, LivingObjects
from leapp_core.tracing.source.local import LocalTypes
from leapp_core.tracing.source.places import is_in_method, is_method_of_tensors, is_self

Types = frozenset[ClassKey] | None
"""Classes that an object may be of; ``None`` if that is not known."""

Candidate = tuple[SourceFile, Function, Types]
"""A function that a call may run, and what ``self`` is in it."""

Leads = Mapping[tuple[str, int], Collection[FunctionKey]]
"""Functions by file and line of their calls."""


_CONTAINERS = frozenset({"list", "dict", "set", "deque", "OrderedDict", "defaultdict", "Counter", "bytearray", "array"})


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
        ran: Functions that made recorded calls.
        living: What objects hold.
        local: What local names hold.
        leads: Functions that were seen to be called, by the line of the call.
    """

    def __init__(
        self,
        book: SourceBook,
        ran: Collection[FunctionKey],
        living: LivingObjects,
        local: LocalTypes,
        leads: Leads,
    ) -> None:
        self._book = book
        self._ran = ran
        self.living = living
        self._locals, self._leads = local, leads
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
            self._known[attribute] = self.holds(file, attribute.value)
        return self._known[attribute]

    def _class_of_self(self, file: SourceFile, attribute: ast.Attribute) -> ast.ClassDef | None:
        """Return the class around ``self.x``; ``None`` for attributes of other things."""
        if not isinstance(attribute.value, ast.Name) or attribute.value.id not in ("self", "cls"):
            return None
        if attribute not in self._around:
            self._around[attribute] = file.class_of(attribute)
        return self._around[attribute]

    def holds(self, file: SourceFile, node: ast.expr) -> Types:
        """Return the types of what an expression holds: ``self.a.b``, ``module.a``, a name; else ``None``."""
        base, names = dotted(node)
        if not isinstance(base, ast.Name):
            return None
        if base.id not in ("self", "cls"):
            return self._of_global(file, base, names)
        cls = file.class_of(node)
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
        if cls is None or file.class_key(cls) in self._running or not is_in_method(file, node, cls):
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
        among: Iterable[tuple[SourceFile, ast.Attribute]] | None = None,
    ) -> list[tuple[SourceFile, ast.Attribute, Types]]:
        """Return the places that may read an attribute, each with what ``self`` is there if that is the same object.

        Args:
            file: File of the expression.
            target: What is assigned.
            selves: What ``self`` may be there, if more is known than the class around it.
            among: Reads of attributes of that name to look at; all of the source if not given.
        """
        mine = self.of(file, target, selves)
        found = []
        for other, load in self._book.reads(target.attr) if among is None else among:
            theirs = self.of(other, load)
            if theirs is None and is_method_of_tensors(other, load):
                continue
            if related(mine, theirs) and self.takes_part(other, load):
                found.append((other, load, common(mine, theirs) if is_self(load.value) else None))
        return found

    def draws(self, file: SourceFile, call: ast.Call) -> bool:
        """Return whether a call runs a clock, or draws a random number, under whatever name it is kept."""
        if ANEW in (self.holds(file, call.func) or ()):
            return True
        base, names = dotted(call.func)  # what a function imports for itself
        module, name = file.imported.get(getattr(base, "id", ""), ("", ""))
        return ANEW in (self.living.types_in_package(module, [name, *names] if name else names) or ())

    def is_library_setting(self, file: SourceFile, target: ast.expr) -> bool:
        """Return whether an attribute is assigned that code of a library reads by itself: of a module of PyTorch's."""
        base = target.value if isinstance(target, ast.Attribute) else None
        while isinstance(base, ast.Subscript):
            base = base.value
        if base is None or not isinstance(target, ast.Attribute):
            return False
        own = isinstance(base, ast.Name) and base.id == "self"
        types = self.selves(file, base) if own else self.holds(file, base)
        return self.living.is_setting(types or (), target.attr)

    def is_container(self, file: SourceFile, call: ast.Call) -> bool:
        """Return whether a method may be one of a builtin container: what it is called on is one, or is not known."""
        if not isinstance(call.func, ast.Attribute):
            return False
        types = self.of(file, call.func)
        return types is None or any(name in _CONTAINERS for _, name in types)

    def is_kept(self, file: SourceFile, call: ast.Call) -> bool:
        """Return whether what is called is a value that an object or a local name holds: a callback, say."""
        if isinstance(call.func, ast.Name):
            return call.func.id not in file.imported and _is_bound_around(file, call, call.func.id)
        cls = file.class_of(call) if isinstance(call.func, ast.Attribute) and is_self(call.func.value) else None
        if cls is None or not isinstance(call.func, ast.Attribute):
            return False
        return bool(self.living.types_under(file.class_key(cls), [call.func.attr]))

    def may_be_another(self, file: SourceFile, call: ast.Call) -> bool:
        """Return whether a call of a value by its name may run none of the functions of that name.

        A parameter ``policy`` is whatever the caller gave, even where the file has a function of that name.
        """
        if not self.is_kept(file, call):
            return False
        return not (isinstance(call.func, ast.Name) and self._seen_at(file, call, call.func.id))

    def called(self, file: SourceFile, call: ast.Call, selves: Types = None) -> list[Candidate]:
        """Return the functions that a call may run, each with what ``self`` is in it."""
        name, receiver = call.func, None
        if isinstance(name, ast.Attribute):
            receiver = self._receiver(file, name, selves)
            name = ast.Name(name.attr)
        if not isinstance(name, ast.Name):
            return []
        found = []
        for other, function in self.seen_called(file, call, self._book.functions(name.id)):
            inside = self.selves(other, function)
            if related(receiver, inside) and self.takes_part(other, function):
                found.append((other, function, None if inside is None else common(inside, receiver)))
        return found

    def seen_called(
        self, file: SourceFile, node: ast.AST, named: list[tuple[SourceFile, Function]]
    ) -> list[tuple[SourceFile, Function]]:
        """Return which of the functions of a name an expression may mean.

        Where calls were seen to lead to some of that name, others are left out unless the steps could reach an object
        that has them: a call that computes no tensor is not seen.
        """
        if not named:
            return []
        seen = self._seen_at(file, node, named[0][1].name)
        return [(f, n) for f, n in named if not seen or f.key_of(n) in seen or self.in_reach(f, n)]

    def _seen_at(self, file: SourceFile, node: ast.AST, name: str) -> set[FunctionKey]:
        lines = range(getattr(node, "lineno", 0), (getattr(node, "end_lineno", None) or 0) + 1)
        return {key for line in lines for key in self._leads.get((file.path, line), ()) if key[2] == name}

    def in_reach(self, file: SourceFile, function: Function) -> bool:
        """Return whether a function is a method, and the steps could reach an object that has it, or make one."""
        cls = file.class_of(function)
        if cls is None or self.living.was_in_reach(file.class_key(cls)):
            return cls is not None
        return any(f.function_of(call) is not None for f, call in self.everything.calls(cls.name))

    def callers(
        self, file: SourceFile, function: Function, selves: Types = None
    ) -> list[tuple[SourceFile, ast.Call, Types]]:
        """Return the calls that may run a function, each with what ``self`` is there if that is the same object."""
        mine = self.selves(file, function, selves)
        found = []
        for other, call in self._book.calls(function.name):
            theirs = self._receiver(other, call.func) if isinstance(call.func, ast.Attribute) else None
            meant = bool(self.seen_called(other, call, [(file, function)]))
            if meant and related(mine, theirs) and self.takes_part(other, call):
                same = isinstance(call.func, ast.Attribute) and is_self(call.func.value)
                found.append((other, call, common(mine, theirs) if same else None))
        return found

    def _receiver(self, file: SourceFile, method: ast.Attribute, selves: Types = None) -> Types:
        if isinstance(method.value, ast.Call):  # super()
            return self.selves(file, method, selves) if is_self(method.value) else None
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
            if name.id in file.names_of(scope)[0]:
                return self._locals.of(file, scope, name.id, names)
        return self.living.types_in_module(file.path, [name.id, *names])


def _is_bound_around(file: SourceFile, node: ast.AST, name: str) -> bool:
    """Return whether a function around gives a name a value: as a parameter, or by assigning it."""
    for scope in (n for n in file.above(node) if isinstance(n, (*FUNCTIONS, ast.Lambda))):
        if name in file.names_of(scope)[1]:
            return False
        if name in file.names_of(scope)[0] and any(
            file.scope_of(n) is scope
            for n in ast.walk(scope)
            if (isinstance(n, ast.arg) and n.arg == name)
            or (isinstance(n, ast.Name) and n.id == name and not isinstance(n.ctx, ast.Load))
        ):
            return True
    return False

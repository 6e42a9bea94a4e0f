"""The live objects of classes written in Python, looked for once per compilation, and what their classes are called."""

from __future__ import annotations

import gc
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import compress
from types import FunctionType, ModuleType
from typing import TypeVar

import torch

from leapp_core.tracing.source.callsite import is_standard
from leapp_core.tracing.source.static import (
    class_dict,
    class_module,
    derives,
    dict_of,
    is_a,
    is_plain_class,
    module_text,
    qualified_name,
)

ClassKey = tuple[str, str]
"""A class: the file it was written in, as code objects name it, and its qualified name. The file is empty where it is
not known (classes without functions that were typed into a notebook)."""

T = TypeVar("T")

_NO_HOLDERS = ("leapp_core.", "torch._", "torch.distributed", "inspect", "_frozen_importlib", "dataclasses")
_FLAGS = type.__dict__["__flags__"].__get__
_HEAP_TYPE = 1 << 9  # ``Py_TPFLAGS_HEAPTYPE``: made by a ``class`` statement


class Heap:
    """Objects of classes written in Python, by class. No code of theirs is run."""

    def __init__(self) -> None:
        self._keys: dict[type, ClassKey] = {}
        self._closures: list[FunctionType] = []

    @cached_property
    def by_type(self) -> dict[type, list[object]]:
        """The objects, looked for at first use."""
        return self._look()[0]

    def hold(self) -> list[FunctionType]:
        """Look now, and hold what lives until it is released: what closes over values, too.

        Returns:
            All functions that live: who ends a session needs them, and looking again would take as long again.
        """
        self.by_type, functions = self._look()
        return functions

    def _look(self) -> tuple[dict[type, list[object]], list[FunctionType]]:
        everything, types = live()
        functions = functions_of(everything, types)
        self._closures = [f for f in functions if f.__closure__ is not None]
        numbers = list(map(id, types))  # not every type can be a key: metaclasses may have operators of their own
        kinds = {number for number, k in dict(zip(numbers, types, strict=True)).items() if _is_looked_at(k)}
        found: dict[type, list[object]] = defaultdict(list)
        for thing in compress(everything, map(kinds.__contains__, numbers)):
            found[type(thing)].append(thing)
        return found, functions

    def release(self) -> None:
        """Let go of the objects: who keeps an error keeps its frames, but not everything that lived then."""
        for found in ("by_type", "_modules", "_classes"):
            self.__dict__.pop(found, None)
        self._closures = []

    @cached_property
    def _modules(self) -> dict[str, list[ModuleType]]:
        found: dict[str, list[ModuleType]] = defaultdict(list)
        for module in self.kinds_of(ModuleType):
            found[module_text(module, "__file__")].append(module)
        return found

    @cached_property
    def _classes(self) -> dict[str, list[type]]:
        """Classes by qualified name."""
        found: dict[str, list[type]] = defaultdict(list)
        for cls in filter(is_plain_class, self.kinds_of(type)):
            found[qualified_name(cls)].append(cls)
        return found

    def kinds_of(self, cls: type[T]) -> list[T]:
        """Return the objects of a class and of those that derive from it."""
        return [thing for kind, things in self.by_type.items() if derives(kind, cls) for thing in things]  # type: ignore[misc]

    def modules(self, path: str) -> list[ModuleType]:
        """Return the modules of a file."""
        return self._modules.get(path, [])

    def holders(self, wanted: Collection[int]) -> dict[int, str]:
        """Return the attributes under which objects hold things, by ``id`` of the thing."""
        found: dict[int, str] = {}
        for kind, things in self.by_type.items():
            if derives(kind, type, ModuleType) or class_module(kind).startswith(_NO_HOLDERS):
                continue
            for thing in things:
                for name, value in dict_of(thing).items():
                    if id(value) in wanted and type(name) is str and name.strip("_"):
                        found[id(value)] = name.strip("_")
        return found

    def key(self, cls: type) -> ClassKey:
        """Return what a class is known by."""
        found = self._keys.get(cls)
        if found is None:
            found = self._keys[cls] = class_key(cls)
        return found

    def classes(self, key: ClassKey) -> list[type]:
        """Return the classes of a key: several where one was defined again."""
        return [cls for cls in self._classes.get(key[1], ()) if self.key(cls)[0] in (key[0], "")]

    def with_derived(self, classes: Iterable[type]) -> set[type]:
        """Return classes and all those that derive from them."""
        found: set[type] = set()
        waiting = list(classes)
        while waiting:
            cls = waiting.pop()
            if is_plain_class(cls) and cls not in found:
                found.add(cls)
                waiting += type.__subclasses__(cls)
        return found

    def objects(self, key: ClassKey) -> Iterator[object]:
        """Yield the objects of a class and of those that derive from it."""
        for cls in self.with_derived(self.classes(key)):
            yield from self.by_type.get(cls, ())


@contextmanager
def nothing_frozen() -> Iterator[None]:
    """Let ``gc`` find what :func:`gc.freeze` hides, then hide it again: control loops do, to be spared collections."""
    frozen = gc.get_freeze_count() > 0
    gc.unfreeze()
    try:
        yield
    finally:
        if frozen:
            gc.freeze()


def live() -> tuple[list[object], list[type]]:
    """Return all objects that live, those that are hidden, too, and the type of each.

    Types are asked once each: visiting so many objects is what takes the time.
    """
    with nothing_frozen():
        everything = gc.get_objects()
    return everything, list(map(type, everything))


def functions_of(everything: Iterable[object], types: Iterable[type]) -> list[FunctionType]:
    """Return the functions among objects; types are compared, not hashed: a class may have no hash."""
    return list(compress(everything, [kind is FunctionType for kind in types]))  # type: ignore[arg-type]


def _is_looked_at(kind: type) -> bool:
    """Return whether objects of a type are; not tensors, since who else refers to them may decide."""
    if derives(kind, torch.Tensor) or not is_plain_class(kind):
        return False
    return bool(_FLAGS(kind) & _HEAP_TYPE) or derives(kind, type, ModuleType)


def class_key(cls: type) -> ClassKey:
    """Return the file and the qualified name of a class.

    A class may say that it is of another module (packages that export it do so), and functions may be made by
    libraries (of a named tuple, of a dataclass): the file is where its own functions were written, if they tell.
    """
    name = qualified_name(cls)
    module = sys.modules.get(class_module(cls))
    at = module_text(module, "__file__") if type(module) is ModuleType else ""
    files = list(_files(cls, name + "."))
    written = [f for f in files if not (f.startswith("<") or is_standard(f))]
    if written and at not in files:
        return written[0], name
    known = module is not None and class_module(cls) != "__main__"
    return at or (files[0] if files else f"<module {class_module(cls)}>" if known else ""), name


def _files(cls: type, prefix: str) -> Iterator[str]:
    """Yield the files of the functions that a class defines."""
    for member in class_dict(cls).values():
        function = member
        if is_a(member, property):
            function = class_dict(property)["fget"].__get__(member)
        elif is_a(member, classmethod, staticmethod):
            base = classmethod if is_a(member, classmethod) else staticmethod
            function = class_dict(base)["__func__"].__get__(member)
        while type(function) is FunctionType:
            if function.__qualname__.startswith(prefix):
                yield function.__code__.co_filename
            function = dict_of(function).get("__wrapped__")

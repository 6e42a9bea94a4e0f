"""Whether an object keeps its contract: each attribute with its type, each method with the arguments it is given."""

from __future__ import annotations

import inspect
import numbers
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from leapp_core.errors import PluginError


def check_contract(item: object, contract: type, what: str) -> None:
    """Refuse what listings and exports would stumble over later.

    Args:
        item: What a plugin registered or returned.
        contract: The class it has to be an instance of.
        what: What it is, for messages: ``backend``.

    Raises:
        PluginError: the item is a class, no instance of its contract, lacks an attribute, has one of another type, or
            overrides a method so that it cannot be called as the contract says.
    """
    kind = item if isinstance(item, type) else type(item)
    base = f"{contract.__module__}.{contract.__qualname__}"
    if isinstance(item, type):
        raise PluginError(
            f"{what} {kind.__qualname__} was registered as a class",
            expected=f"an instance: registry.add({kind.__qualname__}())",
            code="P002",
        )
    if not isinstance(item, contract):
        raise PluginError(f"{what} {kind.__qualname__} is no {base}", fix=f"derive it from {base}", code="P002")
    absent = [name for name in _hints(contract) if not hasattr(item, name)]
    if absent:
        raise PluginError(
            f"{what} {kind.__qualname__} has no {', '.join(repr(name) for name in absent)}",
            expected=f"the attributes that {base} names",
            code="P002",
        )
    wrong = [*_wrong_attributes(item, contract), *_wrong_methods(kind, contract)]
    if wrong:
        raise PluginError(f"{what} {kind.__qualname__}: {'; '.join(wrong)}", expected=f"what {base} says", code="P002")


def _hints(contract: type) -> dict[str, Any]:
    """Return the annotated attributes of a contract; those that only type checkers can resolve come as text."""
    found: dict[str, Any] = {}
    for base in reversed(contract.__mro__):
        try:
            own = typing.get_type_hints(base, include_extras=False)
        except NameError:
            own = dict(inspect.get_annotations(base))
        found.update({name: hint for name, hint in own.items() if not name.startswith("_")})
    return found


def _wrong_attributes(item: object, contract: type) -> Iterator[str]:
    for name, hint in _hints(contract).items():
        value = getattr(item, name)
        if not _is(value, hint):
            yield f"{name!r} is {value!r}, expected {_words(hint)}"
    called = getattr(item, "name", None)
    if isinstance(called, str) and (not called or called != called.strip()):
        yield f"'name' is {called!r}, expected what users can type"


def _is(value: Any, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.ClassVar:
        return _is(value, arguments[0])
    if origin in (typing.Union, types.UnionType):
        return any(_is(value, argument) for argument in arguments)
    if origin is tuple:
        inner = arguments[0] if arguments and arguments[-1] is Ellipsis else Any
        return isinstance(value, tuple) and all(_is(element, inner) for element in value)
    if origin is not None:
        origin = Mapping if origin is dict else origin
        return isinstance(value, origin) if isinstance(origin, type) else True
    if hint is None or hint is type(None):
        return value is None
    if hint in (int, float):  # NumPy's numbers are numbers, too
        return isinstance(value, numbers.Integral if hint is int else numbers.Real) and not isinstance(value, bool)
    return isinstance(value, hint) if isinstance(hint, type) else True


def _words(hint: Any) -> str:
    if typing.get_origin(hint) is typing.ClassVar:
        hint = typing.get_args(hint)[0]
    return hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint).replace("typing.", "")


def _wrong_methods(kind: type, contract: type) -> Iterator[str]:
    for name, promised in inspect.getmembers(contract, inspect.isfunction):
        own = inspect.getattr_static(kind, name)
        if own is promised or name.startswith("_") or not inspect.isfunction(own):
            continue
        given = [p for p in list(inspect.signature(promised).parameters.values())[1:]]
        positional = [p.name for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        named = {p.name: p.name for p in given if p.kind is p.KEYWORD_ONLY}
        try:
            inspect.signature(own).bind("self", *positional, **named)
        except TypeError as error:
            yield f"method {name!r} cannot be called as {name}({', '.join([*positional, *named])}): {error}"

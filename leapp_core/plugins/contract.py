"""Whether an object keeps its contract: each attribute with its type, each method with the arguments it is given."""

from __future__ import annotations

import dataclasses
import inspect
import numbers
import types
import typing
from collections.abc import Callable, Collection, Iterator, Mapping
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
            has something in the place of a method that cannot be called as the contract says.
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
        raise PluginError(
            f"{what} {kind.__qualname__} is not a subclass of {base}", fix=f"derive it from {base}", code="P002"
        )
    absent = [name for name in _hints(contract) if not hasattr(item, name)]
    if absent:
        raise PluginError(
            f"{what} {kind.__qualname__} has no {', '.join(repr(name) for name in absent)}",
            expected=f"the attributes that {base} names",
            code="P002",
        )
    wrong = [*_wrong_attributes(item, contract), *wrong_methods(item, contract)]
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
        if not fits(value, hint):
            yield f"{name!r} is {value!r}, expected {in_words(hint)}"
        elif _plain(hint) is type and not dataclasses.is_dataclass(value):
            yield f"{name!r} is {value!r}, expected a dataclass"  # classes that contracts ask for hold options
    called = getattr(item, "name", None)
    if isinstance(called, str) and (not called or called != called.strip()):
        yield f"'name' is {called!r}, expected what users can type"


def fits(value: Any, hint: Any) -> bool:
    """Return whether a value is what a type says, as far as values tell; containers are looked into."""
    hint = _plain(hint)
    if hint is Any:
        return True
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, argument) for argument in arguments)
    if origin is typing.Literal:
        return value in arguments
    if origin is not None:
        return not isinstance(origin, type) or _holds(value, origin, arguments)
    if hint is None:
        return value is None
    if hint in (int, float):  # NumPy's numbers are numbers, too
        return isinstance(value, numbers.Integral if hint is int else numbers.Real) and not isinstance(value, bool)
    if getattr(hint, "_is_protocol", False):
        return not [*wrong_methods(value, hint)]
    return isinstance(value, hint) if isinstance(hint, type) else True


def _holds(value: Any, origin: type[Any], arguments: tuple[Any, ...]) -> bool:
    if not isinstance(value, Mapping if origin is dict else origin):
        return False
    if origin is tuple and arguments[-1:] != (Ellipsis,):
        return len(value) == len(arguments) and all(fits(v, a) for v, a in zip(value, arguments, strict=True))
    if issubclass(origin, Mapping):
        return all(fits(key, arguments[0]) and fits(inner, arguments[1]) for key, inner in value.items())
    if issubclass(origin, Collection) and arguments and hasattr(value, "__iter__") and origin.__module__ != "numpy":
        return all(fits(element, arguments[0]) for element in value)
    return True


def _plain(hint: Any) -> Any:
    return typing.get_args(hint)[0] if typing.get_origin(hint) is typing.ClassVar else hint


def in_words(hint: Any) -> str:
    """Return a type as it is written."""
    hint = _plain(hint)
    if hint is None or hint is type(None):
        return "None"
    return hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint).replace("typing.", "")


def wrong_methods(item: object, contract: type) -> Iterator[str]:
    """Yield what stands in the place of a method and cannot be called as the contract, or a protocol, says."""
    for name, promised in inspect.getmembers(contract, inspect.isfunction):
        own = getattr(item, name, None)
        if name.startswith("_") or getattr(own, "__func__", None) is promised:
            continue
        if callable(own):
            yield from _wrong_call(name, own, promised)
        else:
            yield f"{name!r} is {own!r}, expected a method {name}({', '.join(_given(promised))})"


def _given(promised: Callable[..., Any], *, all_of_them: bool = True) -> list[str]:
    """Return the arguments that a method is given, without ``self``: all, or those that are always given."""
    parameters = list(inspect.signature(promised).parameters.values())[1:]
    named = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    return [p.name for p in named if all_of_them or p.default is p.empty]


def _wrong_call(name: str, own: Callable[..., Any], promised: Callable[..., Any]) -> Iterator[str]:
    function = inspect.unwrap(getattr(own, "__func__", own))
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        yield f"method {name!r} is async, expected a plain one: nothing awaits it"
    result = str(inspect.signature(promised).return_annotation)
    if inspect.isgeneratorfunction(function) and "Iter" not in result:
        yield f"method {name!r} is a generator, expected one that returns {result}"
    try:
        signature = inspect.signature(own)
    except (TypeError, ValueError):  # functions of C need not tell
        return
    keywords = {p.name for p in inspect.signature(promised).parameters.values() if p.kind is p.KEYWORD_ONLY}
    for all_of_them in (True, False):
        given = _given(promised, all_of_them=all_of_them)
        try:
            signature.bind(*(n for n in given if n not in keywords), **{n: n for n in given if n in keywords})
        except TypeError as error:
            yield f"method {name!r} cannot be called as {name}({', '.join(given)}): {error}"
            return

"""Typed options of plugins: a frozen dataclass says which there are; values come from Python or from the shell."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from leapp_core.errors import UsageError
from leapp_core.suggest import suggest

T = TypeVar("T")

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclasses.dataclass(frozen=True)
class NoOptions:
    """Options of something that has none."""


def parse_options(options_type: type[T], given: Mapping[str, Any], owner: str) -> T:
    """Build ``options_type`` from ``given``; strings are read as the field's type.

    Supported field types: ``bool int float str``, ``Literal[...]``, and any of them ``| None``.

    Raises:
        UsageError: an unknown name (the nearest is suggested), a wrong type or value, or what the dataclass's own
            ``__post_init__`` refuses with a ``ValueError``.
    """
    hints = typing.get_type_hints(options_type)
    fields = {f.name: f for f in dataclasses.fields(options_type)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for raw, value in given.items():
        name = raw.replace("-", "_")
        if name not in fields:
            raise UsageError(f"{owner} has no option {raw!r}", expected=suggest(name, fields), code="U001")
        values[name] = _convert(value, hints[name], f"option {raw!r} of {owner}")
    try:
        return options_type(**values)
    except ValueError as error:
        given_names = ", ".join(given) or "what is installed"
        raise UsageError(
            f"options of {owner}: {error}", fix=f"change {given_names}, or take the default", code="U003"
        ) from error


def describe_options(options_type: type) -> tuple[tuple[str, str, Any, str], ...]:
    """Return ``(name, type, default, help)`` of each option, for listings."""
    hints = typing.get_type_hints(options_type)
    return tuple(
        (f.name, _type_name(hints[f.name]), f.default, str(f.metadata.get("help", "")))
        for f in dataclasses.fields(options_type)
    )


def _type_name(hint: Any) -> str:
    if typing.get_origin(hint) is typing.Literal:
        return "|".join(str(a) for a in typing.get_args(hint))
    return hint.__name__ if isinstance(hint, type) else str(hint)


def _kind_of_value(hint: Any) -> str:
    """Return what a value has to be in words, as :mod:`leapp_core.cli.numbers` has them."""
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    return words.get(hint) or f"a value of type {_type_name(hint)}"


def _convert(value: Any, hint: Any, what: str) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        if value is None or (isinstance(value, str) and value.lower() == "none"):
            return None
        hint = next(a for a in typing.get_args(hint) if a is not type(None))
    if typing.get_origin(hint) is typing.Literal:
        allowed = {str(a): a for a in typing.get_args(hint)}
        if str(value) not in allowed:
            raise UsageError(f"{what} is {value!r}", expected=suggest(str(value), allowed), code="U003")
        return allowed[str(value)]
    try:
        return _plain(value, hint)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{what} is {value!r}", expected=_kind_of_value(hint), code="U003") from error


def _plain(value: Any, hint: type) -> Any:
    if hint is bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
            return value.lower() in _TRUE
        raise ValueError
    if isinstance(value, str) or hint is str:
        return hint(value) if isinstance(value, str) else _refuse()
    if isinstance(value, bool) or not isinstance(value, (int, float)) or (hint is int and not isinstance(value, int)):
        raise TypeError
    return hint(value)


def _refuse() -> typing.NoReturn:
    raise TypeError

"""Limits from a YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from leapp_core.errors import UsageError
from leapp_core.runtime.limits import Limit, Limits
from leapp_core.spec.yaml_nodes import MAX_BYTES, parse_yaml
from leapp_core.suggest import suggest

_SIDES = ("inputs", "outputs", "state")
_KEYS = (*_SIDES, "on_violation", "safe", "latch", "max_age")


def read_limits(path: str | Path) -> Limits:
    """Return the limits that a file states, by the names of :class:`~leapp_core.runtime.limits.Limits`.

    Raises:
        UsageError: it cannot be read, or something in it is no limit.
        BundleError: it is no YAML.
    """
    place = Path(path)
    try:
        with place.open("rb") as stream:
            found = parse_yaml(stream.read(MAX_BYTES + 1), place.name).plain()
    except OSError as error:
        raise UsageError(f"cannot read the limits: {error.strerror}", where=str(path), code="U005") from error
    values = _mapping(found, place.name, _KEYS, place)
    sides: dict[str, Any] = {side: _limits(values.pop(side, None), side, place) for side in _SIDES}
    latch, age = values.pop("latch", True), values.pop("max_age", None)
    if not isinstance(latch, bool):
        raise _wrong(f"latch is {latch!r}", "true or false", place)
    if age is not None and (not isinstance(age, (int, float)) or isinstance(age, bool)):
        raise _wrong(f"max_age is {age!r}", "a number of seconds", place)
    safe = _mapping(values.pop("safe", None), "safe", None, place)
    return Limits(**sides, latch=latch, max_age=age, safe=safe, **values)


def _limits(entries: Any, side: str, place: Path) -> dict[str, Limit]:
    bounds = tuple(item.name for item in fields(Limit))
    made = {}
    for name, entry in _mapping(entries, side, None, place).items():
        given = _mapping(entry, f"{side}.{name}", bounds, place)
        wrong = [f"{side}.{name}.{key} is {value!r}" for key, value in given.items() if not _numbers(value)]
        if wrong:
            raise _wrong(wrong[0], "a number, or a list of numbers", place)
        made[name] = Limit(**given)
    return made


def _numbers(value: Any) -> bool:
    items = value if isinstance(value, list) and value else [value]
    return all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in items)


def _mapping(value: Any, what: str, keys: tuple[str, ...] | None, place: Path) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _wrong(f"{what} is {type(value).__name__}", "a mapping", place)
    for key in value:
        if keys is not None and key not in keys:
            raise _wrong(f"{what} has the unknown key {str(key)!r}", suggest(str(key), keys), place)
    return {str(key): entry for key, entry in value.items()}


def _wrong(message: str, expected: str, place: Path) -> UsageError:
    return UsageError(f"limits: {message}", where=str(place), expected=expected, code="R013")

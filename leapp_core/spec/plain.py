"""Values that a bundle's text can hold exactly: numbers, text, booleans, null, and lists and mappings of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from leapp_core.errors import UsageError

_MAX_DEPTH = 32


def check_plain(value: Any, what: str, depth: int = 0) -> Any:
    """Return ``value`` with tuples as lists and mappings as dicts if a YAML file can hold it.

    Raises:
        UsageError: it holds something else (an array, an object), a non-finite number, or is nested too deep.
    """
    if depth > _MAX_DEPTH:
        raise UsageError(f"{what} is nested more than {_MAX_DEPTH} levels deep", code="D004")
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"{what} is {value}", expected="a finite number", code="D004")
    # Exact types: an enum member or NumPy scalar that subclasses str or float would be written as something else.
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, Mapping):
        for key in value:
            if type(key) is not str:
                raise UsageError(
                    f"{what} has the key {key!r} of type {type(key).__name__}", expected="text keys", code="D004"
                )
        return {key: check_plain(item, f"{what}.{key}", depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [check_plain(item, f"{what}[{i}]", depth + 1) for i, item in enumerate(value)]
    raise UsageError(
        f"{what} is a {type(value).__name__}",
        expected="numbers, text, booleans, None, and lists and dicts of them",
        fix="convert it first, for example with float() or .tolist()",
        code="D004",
    )

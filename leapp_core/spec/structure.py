"""Check a YAML document against a JSON Schema, with the line of each problem.

Knows the keywords that :mod:`leapp_core.spec.schema` uses, so that the published schema is the one that is enforced.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from leapp_core.spec.problems import Path, Problem
from leapp_core.spec.yaml_nodes import Node
from leapp_core.suggest import suggest

Schema = Mapping[str, Any]


def check_structure(node: Node, schema: Schema, path: Path = ()) -> Iterator[Problem]:
    """Yield where a document does not fit a schema."""
    types = schema.get("type", ())
    allowed = (types,) if isinstance(types, str) else tuple(types)
    kind = next((name for name in allowed if _is(node, name)), None)
    if allowed and kind is None:
        yield Problem(f"is {_describe(node)}, expected {' or '.join(allowed)}", path, node.line)
        return
    check = {"object": _object, "array": _array, "string": _string, "integer": _number, "number": _number}.get(
        kind or ""
    )
    if check is not None:
        yield from check(node, schema, path)


def _is(node: Node, kind: str) -> bool:
    value = node.value
    if kind == "string":
        # A plain scalar such as 1.3 or 12 is text where text is meant.
        return node.text is not None and value is not None and not isinstance(value, bool)
    if kind in ("integer", "number"):
        numeric = int if kind == "integer" else (int, float)
        return isinstance(value, numeric) and not isinstance(value, bool) and math.isfinite(value)
    return {"object": isinstance(value, dict), "array": isinstance(value, list), "null": value is None}[kind]


def _describe(node: Node) -> str:
    if isinstance(node.value, (dict, list)):
        return "a mapping" if isinstance(node.value, dict) else "a list"
    return "empty" if node.value is None else repr(node.value)[:80]


def _object(node: Node, schema: Schema, path: Path) -> Iterator[Problem]:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    for key in schema.get("required", ()):
        if key not in node.value:
            yield Problem(f"has no key {key!r}", path, node.line)
    if len(node.value) < schema.get("minProperties", 0):
        yield Problem("is empty", path, node.line)
    if len(node.value) > schema.get("maxProperties", math.inf):
        yield Problem(f"has more than {schema['maxProperties']} entries", path, node.line)
        return
    for key, item in node.value.items():
        if "propertyNames" in schema:
            yield from check_structure(Node(key, item.line, key), schema["propertyNames"], (*path, key))
        inner = properties.get(key, schema.get("additionalProperties"))
        if inner is not None:
            yield from check_structure(item, inner, (*path, key))


def _array(node: Node, schema: Schema, path: Path) -> Iterator[Problem]:
    if len(node.value) < schema.get("minItems", 0):
        yield Problem("is empty", path, node.line)
    if len(node.value) > schema.get("maxItems", math.inf):
        yield Problem(f"has {len(node.value)} items, more than {schema['maxItems']}", path, node.line)
        return
    if "items" in schema:
        for index, item in enumerate(node.value):
            yield from check_structure(item, schema["items"], (*path, index))


def _string(node: Node, schema: Schema, path: Path) -> Iterator[Problem]:
    text = node.text or ""
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", math.inf):
        yield Problem(f"has {len(text)} characters", path, node.line)
    elif "enum" in schema and text not in schema["enum"]:
        yield Problem(f"is {text[:80]!r}; {suggest(text[:80], schema['enum'])}", path, node.line)
    elif "pattern" in schema and not re.search(schema["pattern"], text):
        yield Problem(f"is {text[:80]!r}, expected {schema.get('description', schema['pattern'])}", path, node.line)


def _number(node: Node, schema: Schema, path: Path) -> Iterator[Problem]:
    if node.value < schema.get("minimum", -math.inf) or node.value <= schema.get("exclusiveMinimum", -math.inf):
        yield Problem(f"is {node.value}, which is too small", path, node.line)

"""Write plain values as YAML text that every reader takes the same way: YAML 1.1 and 1.2 parsers, also in C++.

The text depends on the values alone, not on the version of a YAML library, so that equal bundles have equal bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./+-]*( [A-Za-z0-9_./+-]+)*")
_PLAIN_BLOCK = re.compile(r"[A-Za-z_][A-Za-z0-9_./+-]*([ :][A-Za-z0-9_./+-]+)*")
# Words that some YAML version reads as null, a truth value or a number ('.inf' and the like do not match _PLAIN).
_WORDS = frozenset(["null", "true", "false", "yes", "no", "on", "off", "y", "n", "none", "nan", "inf"])
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


def dump(document: Mapping[str, Any]) -> str:
    """Return the text of a bundle document: top-level sections apart, ports as blocks, short things on one line."""
    return "\n".join("".join(f"{line}\n" for line in _entry(key, value, 0)) for key, value in document.items())


def _entry(key: str, value: Any, indent: int) -> list[str]:
    pad = "  " * indent
    head = f"{pad}{_text(key)}:"
    if isinstance(value, Mapping) and value and indent < 3:
        return [head, *(line for k, v in value.items() for line in _entry(k, v, indent + 1))]
    if isinstance(value, list) and value and all(isinstance(item, Mapping) and item for item in value):
        return [head, *(line for item in value for line in _item(item, pad))]
    return [f"{head} {_block(value)}"]


def _item(item: Mapping[str, Any], pad: str) -> list[str]:
    lines = [f"{pad}  {_text(key)}: {_block(value)}" for key, value in item.items()]
    return [f"{pad}- {lines[0].lstrip()}", *lines[1:]]


def _block(value: Any) -> str:
    """Return a value outside brackets, where a colon within a word is an ordinary character."""
    plain = isinstance(value, str) and _PLAIN_BLOCK.fullmatch(value) and value.lower() not in _WORDS
    return value if plain else _flow(value)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, float):
        return _float(value)
    return str(value) if isinstance(value, int) else _text(value)


def _float(value: float) -> str:
    """Return the shortest text that reads back exactly; YAML 1.1 takes ``1e-05`` for text, so a dot goes in."""
    text = repr(value)
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa}.0e{exponent}" if mark and "." not in mantissa else text


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if _CONTROL.search(text):
        quoted = json.dumps(text, ensure_ascii=False)
        return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)
    return "'" + text.replace("'", "''") + "'"

"""Names that may be used in TorchScript source."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping

# Read by the generated source, or taken by TorchScript itself.
_RESERVED = frozenset(
    {"torch", "self", "float", "int", "bool", "str", "len", "print", "range", "input", "forward", "ops"}
)
_NOT_IDENTIFIER = re.compile(r"[^0-9A-Za-z_]")


def script_names(names: Iterable[str]) -> Mapping[str, str]:
    """Return each name with an identifier for it; identifiers are distinct and most are the name itself."""
    made: dict[str, str] = {}
    taken: set[str] = set(_RESERVED)
    for name in names:
        base = _NOT_IDENTIFIER.sub("_", name) or "_"
        if base[0].isdigit() or keyword.iskeyword(base):
            base = f"_{base}"
        candidate, count = base, 1
        while candidate in taken:
            count += 1
            candidate = f"{base}_{count}"
        taken.add(candidate)
        made[name] = candidate
    return made

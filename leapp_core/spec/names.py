"""Names of nodes and ports: the only reader of ``node/port`` and the only writer of file names from them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from leapp_core.errors import UsageError

_SAFE = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, order=True)
class PortRef:
    """One port of one node, written ``node/port`` in a bundle.

    Attributes:
        node: Name of the node.
        port: Name of the port, unique among the node's inputs or outputs.
    """

    node: str
    port: str

    def __str__(self) -> str:
        return f"{self.node}/{self.port}"


def check_name(name: str, what: str) -> str:
    r"""Return ``name`` if it can name a node, port or graph.

    Spaces, dots and any letters are fine. A slash separates node and port in a bundle, so node and port names with
    one would be read back as something else by existing readers.

    Raises:
        UsageError: the name is empty, holds ``/``, ``\`` or control characters, or has white space at its ends.
    """
    if not isinstance(name, str) or not name or name != name.strip():
        raise UsageError(
            f"{what} name {name!r} is empty or begins or ends with white space", expected="a plain name", code="D002"
        )
    if not name.isprintable() or "/" in name or "\\" in name or name in {".", ".."}:
        bad = sorted({c for c in name if c in "/\\" or not c.isprintable()})
        raise UsageError(
            f"{what} name {name!r} holds {', '.join(repr(c) for c in bad) or 'only dots'}",
            expected="any printable characters but '/' and '\\'",
            fix=f"rename it, for example to {re.sub(_SAFE, '_', name).strip('.') or what!r}",
            code="D002",
        )
    return name


def file_stem(name: str) -> str:
    """Return a file name that is safe on every file system; unchanged for plain names, hashed suffix otherwise."""
    safe = _SAFE.sub("_", name).strip(".") or "node"
    if safe == name:
        return name
    return f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"

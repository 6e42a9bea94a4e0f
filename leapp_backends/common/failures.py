"""How a backend says that it cannot express a program: one error with operator, node, place and remedy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leapp_backends.common.functional import op_name
from leapp_core.errors import ExportError
from leapp_core.plugins.exporters import line_of

if TYPE_CHECKING:
    from torch.fx import Node

_FRAME = re.compile(r'File "([^"]+)", line (\d+)')


def unsupported(form: str, node: Node, reason: str, fix: str | None = None) -> ExportError:
    """Return the error for a call that a format cannot express.

    Args:
        form: The format, ``ONNX``.
        node: The call.
        reason: What the limit is.
        fix: What to do; by default to write it with other operators or take another backend.
    """
    return ExportError(
        f"cannot write {op_name(node)} to {form}: {reason}",
        where=where(node),
        fix=fix
        or "write it with other operators, or use a backend that keeps it: --backend pt2 or --backend jit-trace",
        code="X001",
    )


def where(node: Node) -> str:
    """Return ``file:line`` of the user's call if it is known, and the node's name in the program."""
    place = line_of(node)
    return f"{place} (node {node.name!r} of the program)" if place else f"node {node.name!r} of the program"


def last_frame(trace: str) -> str:
    """Return ``file:line`` of the last frame of a stack trace; nothing if it has none."""
    frames = _FRAME.findall(trace)
    return ":".join(frames[-1]) if frames else ""


def root_cause(error: BaseException) -> str:
    """Return the first line of the innermost exception, which names the actual trouble."""
    while True:
        inner = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if inner is None:
            break
        error = inner
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__

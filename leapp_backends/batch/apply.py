"""Entry of the dynamic batch option."""

from __future__ import annotations

from leapp_core.plugins.exporters import NodeProgram


def apply_batch(program: NodeProgram, wanted: bool) -> NodeProgram:
    """Return the program, with a symbolic batch axis if ``wanted``."""
    return program

"""Clean-up of a node's program: same results, bit for bit, as small as hand-written functional code."""

from __future__ import annotations

from leapp_core.program.passes.driver import clean_program

__all__ = ["clean_program"]

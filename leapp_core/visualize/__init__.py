"""Pictures of a pipeline. Needs pydot and either a system ``dot`` or the wheel ``graphviz-pure``; no torch."""

from __future__ import annotations

from leapp_core.visualize.render import render

__all__ = ["render"]

"""LEAPP: export a trained policy with everything around it as a self-contained, validated bundle.

``import leapp_core`` loads no torch; each public name is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leapp_core.errors import LeappError
    from leapp_core.plugins.markers import hookimpl
    from leapp_core.spec.pipeline import GraphConfigs
    from leapp_core.spec.semantics import InputKind, OutputKind, TemporalAxis, TensorSemantics
    from leapp_core.tracing.session import CaptureSession, capture
    from leapp_core.tracing.step import capture_step

_HOMES = {
    "CaptureSession": "leapp_core.tracing.session",
    "GraphConfigs": "leapp_core.spec.pipeline",
    "InputKind": "leapp_core.spec.semantics",
    "LeappError": "leapp_core.errors",
    "OutputKind": "leapp_core.spec.semantics",
    "TemporalAxis": "leapp_core.spec.semantics",
    "TensorSemantics": "leapp_core.spec.semantics",
    "capture": "leapp_core.tracing.session",
    "capture_step": "leapp_core.tracing.step",
    "hookimpl": "leapp_core.plugins.markers",
}

__all__ = [
    "CaptureSession",
    "GraphConfigs",
    "InputKind",
    "LeappError",
    "OutputKind",
    "TemporalAxis",
    "TensorSemantics",
    "capture",
    "capture_step",
    "hookimpl",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home."""
    if name not in _HOMES:
        raise AttributeError(f"module 'leapp_core' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

"""How the page calls ports."""

from __future__ import annotations

from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import PipelineSpec


def short_name(ref: PortRef, pipeline: PipelineSpec) -> str:
    """Return a port's name, with its node where there are several nodes."""
    return str(ref) if len(pipeline.nodes) > 1 else ref.port

"""Run bundles: NumPy in, NumPy out, no PyTorch for ONNX bundles.

``load(path)`` gives a :class:`PolicyRuntime`; its ``step`` is one control step. Importing this package loads nothing
heavy; names are resolved when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leapp_core.runtime.benchmark import LatencyReport, measure_bundle, run_realtime
    from leapp_core.runtime.control.adapter import Adapter, FunctionAdapter, Reading
    from leapp_core.runtime.control.link import Link, LinkAdapter
    from leapp_core.runtime.control.loop import Controller, ControlReport
    from leapp_core.runtime.control.ring import Ring, read_ring
    from leapp_core.runtime.control.udp import UdpTransport
    from leapp_core.runtime.control.wire import Layout
    from leapp_core.runtime.limits import Fault, Limit, Limits
    from leapp_core.runtime.loading import load, open_document
    from leapp_core.runtime.mock import mock_inputs
    from leapp_core.runtime.policy import PolicyRuntime
    from leapp_core.runtime.rate import RateKeeper, RateReport
    from leapp_core.runtime.recording import RecordedStep, Recording, RecordingRuntime
    from leapp_core.runtime.replaying import ReplayReport, replay, stored_inputs

__all__ = [
    "load",
    "open_document",
    "PolicyRuntime",
    "Limit",
    "Limits",
    "Fault",
    "RateKeeper",
    "RateReport",
    "Controller",
    "ControlReport",
    "Adapter",
    "Reading",
    "FunctionAdapter",
    "LinkAdapter",
    "Link",
    "Layout",
    "UdpTransport",
    "Ring",
    "read_ring",
    "Recording",
    "RecordingRuntime",
    "RecordedStep",
    "ReplayReport",
    "replay",
    "stored_inputs",
    "mock_inputs",
    "LatencyReport",
    "measure_bundle",
    "run_realtime",
]

_HOMES = {
    "load": "loading",
    "open_document": "loading",
    "PolicyRuntime": "policy",
    "Limit": "limits",
    "Limits": "limits",
    "Fault": "limits",
    "RateKeeper": "rate",
    "RateReport": "rate",
    "Controller": "control.loop",
    "ControlReport": "control.loop",
    "Adapter": "control.adapter",
    "Reading": "control.adapter",
    "FunctionAdapter": "control.adapter",
    "LinkAdapter": "control.link",
    "Link": "control.link",
    "Layout": "control.wire",
    "UdpTransport": "control.udp",
    "Ring": "control.ring",
    "read_ring": "control.ring",
    "Recording": "recording",
    "RecordingRuntime": "recording",
    "RecordedStep": "recording",
    "ReplayReport": "replaying",
    "replay": "replaying",
    "stored_inputs": "replaying",
    "mock_inputs": "mock",
    "LatencyReport": "benchmark",
    "measure_bundle": "benchmark",
    "run_realtime": "benchmark",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)

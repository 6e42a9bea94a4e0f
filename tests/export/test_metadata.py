"""What is written into an artifact about first values of state."""

from __future__ import annotations

import json
from dataclasses import replace

import torch

from leapp_core.export.metadata import artifact_metadata
from leapp_core.plugins.exporters import NodeProgram
from leapp_core.spec.names import PortRef
from leapp_core.tracing.result import CapturedPipeline


def test_first_values_too_many_for_metadata_are_told_where_one_number_does(
    captured: dict[str, CapturedPipeline],
) -> None:
    values = {
        PortRef("policy", "cache"): torch.full((1, 5000), 0.5),
        PortRef("policy", "count"): torch.tensor([7]),
        PortRef("policy", "ramp"): torch.arange(3.0),
    }
    pipeline = replace(captured["mlp"], initial_values=values)
    program = NodeProgram(pipeline.spec.nodes[0], None, ())
    long = artifact_metadata(pipeline, program)
    assert json.loads(long["leapp.initial_fill"]) == {"cache": 0.5, "count": 7}
    assert "leapp.initial_values" not in long
    del values[PortRef("policy", "cache")]
    short = artifact_metadata(pipeline, program)
    assert json.loads(short["leapp.initial_values"]) == {"count": [7], "ramp": [0.0, 1.0, 2.0]}
    assert "leapp.initial_fill" not in short

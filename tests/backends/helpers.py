"""Exporting and running in the backend tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

from leapp_core.plugins.exporters import ExportRequest, NodeProgram, WrittenArtifact
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.runners import RunnerSettings
from leapp_core.testing.policies import Function
from leapp_core.testing.programs import make_program
from leapp_core.testing.subject import compare, run

PLUGINS = PluginManager()
BACKENDS = ("onnx-dynamo", "onnx-torchscript", "jit-script", "jit-trace", "pt2")
ONNX = BACKENDS[:2]


def program(target: nn.Module | Callable[..., Any], *inputs: torch.Tensor, **options: Any) -> NodeProgram:
    """Return a program whose ports are called ``x0``, ``x1``, … and ``y0``, ``y1``, … unless named."""
    module = target if isinstance(target, nn.Module) else Function(target)
    names = options.pop("inputs", None) or [f"x{at}" for at in range(len(inputs))]
    with torch.no_grad():
        result = module.eval()(*(tensor.clone() for tensor in inputs))
    count = len(result) if isinstance(result, (tuple, list)) else 1
    outputs = options.pop("outputs", None) or [f"y{at}" for at in range(count)]
    return make_program(module, dict(zip(names, inputs, strict=True)), outputs, **options)


def export(backend: str, made: NodeProgram, folder: Path, **options: Any) -> WrittenArtifact:
    """Check and export."""
    exporter = PLUGINS.exporters.get(backend)
    parsed = exporter.parse_options(options)
    exporter.check(made, parsed)
    metadata: Mapping[str, str] = {"leapp.fact": "kept"}
    return exporter.export(ExportRequest(made, folder / f"node{exporter.suffix}", parsed, metadata))


def check_samples(backend: str, made: NodeProgram, written: WrittenArtifact) -> None:
    """Run an artifact on the captured steps and compare."""
    runner = PLUGINS.runners.get(PLUGINS.exporters.get(backend).format)
    session = runner.open(written.path, written.spec or made.spec, RunnerSettings())
    for step, sample in enumerate(made.samples):
        compare(made.spec, sample.outputs, run(session, sample.inputs), f"{backend}, step {step}")


def operators(path: Path) -> list[str]:
    """Return the operators of an ONNX file in order, constants left out."""
    return [node.op_type for node in onnx.load(path).graph.node if node.op_type != "Constant"]


def names(values: Sequence[Any]) -> list[str]:
    """Return the names of ONNX inputs or outputs."""
    return [value.name for value in values]

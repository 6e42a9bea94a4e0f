"""PyTorch artifacts, exported on the CPU, on a CUDA device."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from leapp_core.errors import UsageError
from leapp_core.plugins.runners import RunnerSettings
from leapp_core.testing import policies
from leapp_core.testing.subject import run, to_array
from tests.backends.helpers import PLUGINS, export, program

BACKENDS = ("jit-script", "jit-trace", "pt2")


def _made_inside(x: torch.Tensor) -> torch.Tensor:
    buffer = torch.zeros(1, 8)
    buffer[:, 1:7] = x
    return torch.cat([buffer, torch.arange(3).expand(1, 3) * x[:, :3], torch.full((1, 2), 0.5)], 1)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("target", [policies.mlp(6, 3), policies.Recurrent(nn.GRU), _made_inside])
def test_results_on_the_device_are_those_of_the_cpu(backend, target, tmp_path):
    recurrent = isinstance(target, policies.Recurrent)
    made = program(target, torch.randn(1, 6), *([torch.zeros(1, 1, 8)] if recurrent else []))
    written = export(backend, made, tmp_path)
    runner = PLUGINS.runners.get(PLUGINS.exporters.get(backend).format)
    session = runner.open(written.path, made.spec, RunnerSettings(provider="cuda"))
    for sample in made.samples:
        found = run(session, sample.inputs)
        for name, expected in sample.outputs.items():
            assert abs(found[name] - to_array(expected)).max() < 1e-4


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_missing_device_is_said_and_not_replaced(backend, tmp_path):
    made = program(policies.mlp(6, 3), torch.randn(1, 6))
    written = export(backend, made, tmp_path)
    runner = PLUGINS.runners.get(PLUGINS.exporters.get(backend).format)
    with pytest.raises(UsageError, match="PyTorch finds no CUDA device"):
        runner.open(written.path, made.spec, RunnerSettings(provider="cuda"))

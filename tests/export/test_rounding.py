"""What rounding alone may change."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

import leapp_core
from leapp_core.export.rounding import nudge
from leapp_core.export.run import export_pipeline
from leapp_core.plugins.manager import PluginManager
from leapp_core.program.pipeline import run_with_rounding


def program(module: nn.Module, *inputs: torch.Tensor):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.export.export(module.eval(), inputs, strict=False).run_decompositions({}).module()


def test_inputs_change_in_the_last_place_only() -> None:
    rng = np.random.default_rng(0)
    value = np.array([0.0, 1.0, -1000.0], np.float32)
    change = np.abs(nudge(value, 2.0, rng) - value)
    assert (change > 0).all()
    assert (change <= 1e-6 * np.array([2.0, 1.0, 1000.0])).all()
    whole = np.array([3], np.int64)
    assert nudge(whole, 3.0, rng) is whole


def test_every_value_in_between_changes_but_whole_ones() -> None:
    class Mixed(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return (x - 1000.0) / 1e-2, torch.floor(x * 3.0), (x > 0.5).to(torch.int64), torch.relu(-x)

    x = torch.tensor([[0.25, 0.75]])
    module = program(Mixed(), x)
    exact = module(x)
    changed = run_with_rounding(module, [x], torch.Generator().manual_seed(0))
    assert 0.0 < (changed[0] - exact[0]).abs().max() < 1.0
    for before, after in zip(exact[1:], changed[1:], strict=True):
        torch.testing.assert_close(after, before, rtol=0, atol=0)


def test_a_badly_conditioned_policy_raises_no_alarm(tmp_path: Path) -> None:
    """A normalizer with tiny deviations amplifies what is lost in the last place, also where inputs are zero."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(48, 256), nn.ELU(), nn.Linear(256, 12)).eval()
    mean, deviation = torch.randn(48), torch.rand(48) * 0.02 + 1e-3
    with leapp_core.capture("stiff", save_path=tmp_path) as session:
        for _ in range(5):
            x = session.input_tensors("policy", {"x": torch.randn(1, 48)})
            session.output_tensors("policy", {"y": 3.0 * net((x - mean) / deviation)})
    report = export_pipeline(
        session.compile(), save_path=tmp_path, plugins=PluginManager(), visualize=False, strict=False
    )
    assert report.ok, [str(mismatch) for mismatch in report.validation.mismatches]

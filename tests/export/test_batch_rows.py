"""Bundles of any batch size: each row is what the bundle for one robot gives, resets of some rows included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from leapp_core.export.run import export_pipeline
from leapp_core.plugins.manager import PluginManager
from leapp_core.runtime import PolicyRuntime, load
from tests.export.pipelines import PIPELINES, STEPS, capture_pipeline, targets

BACKENDS = ["onnx-dynamo", "onnx-torchscript", "jit-script", "jit-trace", "pt2"]


def camera(session: Any, random: torch.Generator) -> None:
    """An image through convolutions, masked where it is dark, and a running mean of features as state of each robot."""
    eye = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2), nn.ELU(), nn.Flatten(), nn.Linear(36, 8)).eval()
    head = nn.Linear(8, 3).eval()
    mean = torch.zeros(1, 8)
    for _ in range(STEPS):
        image = session.input_tensors("policy", {"image": torch.rand(1, 1, 8, 8, generator=random)})
        lit = torch.where(image > 0.3, image, torch.zeros_like(image))
        mean = 0.9 * mean + 0.1 * eye((lit - 0.5) / 0.25)
        targets(session, "policy", head(mean).clamp(-1.0, 1.0))


CASES = [(name, backend) for name in ("mlp", "gru", "lstm", "history", "camera") for backend in BACKENDS]


def draw(runtime: PolicyRuntime, rows: int, rng: np.random.Generator) -> dict[str, Any]:
    inputs = {}
    for name, port in runtime.inputs.items():
        shape = tuple(rows if isinstance(size, str) else size for size in port.shape)
        values = rng.standard_normal(shape)
        inputs[name] = values.astype(port.dtype)
    return inputs


@pytest.mark.slow
@pytest.mark.parametrize(("name", "backend"), CASES)
def test_rows_are_what_one_robot_gets(tmp_path: Path, plugins: PluginManager, name: str, backend: str) -> None:
    captured = capture_pipeline({**PIPELINES, "camera": camera}[name])
    alone, many = (
        load(
            export_pipeline(
                captured,
                save_path=tmp_path / str(dynamic),
                plugins=plugins,
                backend=backend,
                options={"dynamic_batch": dynamic},
                visualize=False,
            ).bundle,
            trust=True,
            plugins=plugins,
        )
        for dynamic in (False, True)
    )
    for rows in (1, 2, 7, 4096):
        compare(alone, many, rows)


def compare(alone: PolicyRuntime, many: PolicyRuntime, rows: int) -> None:
    rng = np.random.default_rng(rows)
    steps = [draw(many, rows, rng) for _ in range(4)]
    mask = rng.random(rows) < 0.5
    many.reset()
    found = []
    for number, inputs in enumerate(steps):
        if number == 2:
            many.reset(mask)
        found.append(many.step(inputs))
    for row in sorted({0, 1, rows // 2, rows - 1} & set(range(rows))):
        alone.reset()
        for number, inputs in enumerate(steps):
            if number == 2 and mask[row]:
                alone.reset()
            expected = alone.step({key: value[row : row + 1] for key, value in inputs.items()})
            for key, value in expected.items():
                np.testing.assert_allclose(found[number][key][row], value[0], rtol=1e-5, atol=1e-6)

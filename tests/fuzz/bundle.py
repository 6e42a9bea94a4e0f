"""A small healthy bundle to damage: two ONNX nodes with state."""

from __future__ import annotations

from pathlib import Path

import torch

import leapp_core
from leapp_core import TensorSemantics
from leapp_core.export.run import export_pipeline
from leapp_core.plugins.manager import PluginManager


def make_bundle(folder: Path) -> Path:
    """Export it; returns the bundle's folder."""
    torch.manual_seed(0)
    net = torch.nn.Linear(4, 2).eval()
    action = torch.zeros(1, 2)
    with leapp_core.capture("walk", save_path=folder) as session:
        for _ in range(3):
            pos = session.input_tensors("observe", TensorSemantics("pos", torch.randn(1, 2), element_names=["a", "b"]))
            obs = pos * 2.0
            session.output_tensors("observe", {"obs": obs})
            session.input_tensors("decide", {"obs": obs})
            action = net(torch.cat([obs, action], dim=-1))
            session.output_tensors("decide", {"action": action})
    report = export_pipeline(session.compile(), save_path=folder, plugins=PluginManager(), visualize=False)
    return report.bundle

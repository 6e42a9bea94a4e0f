"""Bundles whose pages are looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import leapp_core  # noqa: E402


def export(folder: Path, name: str, nodes: int = 2) -> Path:
    """Export a chain of nodes, the last with state and element names; return the bundle's folder."""
    torch.manual_seed(0)
    layers = [torch.nn.Linear(3, 3) for _ in range(nodes)]
    last = torch.zeros(1, 3)
    with leapp_core.capture(name, save_path=folder) as session, torch.no_grad():
        for step in range(5):
            value = torch.full((1, 3), 0.1 * step)
            value = session.input_tensors("n0", {"joint_pos": value})
            for number, layer in enumerate(layers):
                if number:
                    value = session.input_tensors(f"n{number}", {"latent": value})
                value = torch.tanh(layer(value))
                if number == nodes - 1:
                    value = value + 0.5 * last
                    last = value
                value = session.output_tensors(f"n{number}", {"action" if number == nodes - 1 else "latent": value})
    return session.export().bundle


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("report"), "walker")

"""Packages that an environment plugin names as its simulators decide nothing: they compute outside PyTorch."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

import leapp_core
from leapp_core.errors import CaptureError

PHYSICS = """
import torch


class Body:
    def __init__(self):
        self.time, self.stamp = 0.0, -1.0
        self.memory = torch.full((1, 3), 0.5)
        self.position = None

    def read(self):
        if self.stamp < self.time:
            self.position = self.memory
            self.stamp = self.time
        return self.position

    def advance(self):
        self.time += 0.02
"""
PLUGIN = """
from leapp_core.plugins.environments import EnvironmentProvider
from leapp_core.plugins.markers import hookimpl


class Named(EnvironmentProvider):
    name = "named"
    simulators = ("named_physics",)

    def tasks(self):
        return ()

    def make(self, request):
        return None

    def deploy(self, request, document):
        return None


@hookimpl
def leapp_register_environments(registry):
    registry.add(Named())
"""


@pytest.fixture
def physics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    package = tmp_path / "named_physics"
    package.mkdir()
    (package / "__init__.py").write_text(PHYSICS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("named_physics")
    for name in ("named_physics", "named_plugin"):
        sys.modules.pop(name, None)


def add_plugin(folder: Path) -> None:
    (folder / "named_plugin.py").write_text(PLUGIN, encoding="utf-8")
    facts = folder / "named_plugin-0.1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: named-plugin\nVersion: 0.1\n", encoding="utf-8")
    (facts / "entry_points.txt").write_text("[leapp]\nnamed = named_plugin\n", encoding="utf-8")
    importlib.invalidate_caches()


def act(net: torch.nn.Linear, body: Any, x: torch.Tensor) -> torch.Tensor:
    return net(x) + body.read()


def captured(physics: ModuleType, *, follow: bool = True) -> leapp_core.CaptureSession:
    body, net = physics.Body(), torch.nn.Linear(3, 3)
    with torch.no_grad(), leapp_core.capture("policy", follow=follow) as session:
        for _ in range(5):
            x = session.input_tensors("policy", {"x": torch.rand(1, 3)})
            body.advance()
            session.output_tensors("policy", {"y": act(net, body, x)})
    return session


def test_time_stamps_of_other_packages_decide(physics: ModuleType) -> None:
    with pytest.raises(CaptureError, match=r"self\.(time|stamp) changes from step to step"):
        captured(physics, follow=False).compile()


def test_time_stamps_of_a_named_simulator_do_not(physics: ModuleType, tmp_path: Path) -> None:
    add_plugin(tmp_path)
    assert [port.name for port in captured(physics).compile().spec.nodes[0].inputs] == ["x"]

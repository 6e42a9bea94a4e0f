"""What looking at the user's source may cost: long files with many names alike."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch

import leapp_core
from tests.loading import module_of

POLICY = """
import torch

class Policy:
    def __init__(self):
        self.count, self.value, self.total = 0, torch.zeros(1, 3), 0.0

    def step(self, x):
        self.count += 1
        if self.count % 100 == 0:
            print(self.count)
        self.total += x.norm().item()
        self.value = self.value * 0.9 + x
        return self.value
"""
OTHER = """
class Other{0}:
    def __init__(self):
        self.count = 0
        self.value = 0.0

    def run(self, data):
        self.count += 1
        for key, item in data.items():
            if item > self.value:
                self.value = self.value * 0.5 + item
        return self.value + self.count
"""


def seconds_to_compile(policy: object) -> float:
    with torch.no_grad(), leapp_core.capture("policy") as session:
        for _ in range(4):
            x = session.input_tensors("policy", {"x": torch.rand(1, 3)})
            session.output_tensors("policy", {"y": policy.step(x)})  # type: ignore[attr-defined]
    begin = time.process_time()
    session.compile()
    return time.process_time() - begin


def test_a_long_file_costs_seconds_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five thousand lines, in which every class counts and keeps values under the same names."""
    short = module_of(tmp_path / "short_policy.py", POLICY, monkeypatch)
    seconds_to_compile(short.Policy())  # what is imported at first use
    longer = module_of(tmp_path / "long_policy.py", POLICY + "".join(map(OTHER.format, range(450))), monkeypatch)
    assert seconds_to_compile(longer.Policy()) < seconds_to_compile(short.Policy()) + 5

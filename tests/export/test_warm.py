"""A recording that begins on a running program is told, with the state that shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

import leapp_core
from leapp_core.export.warm import is_round

NET = torch.nn.Linear(4, 2)


class Counting:
    """A phase that counts, and a filter."""

    def __init__(self) -> None:
        self.count = torch.zeros(1, dtype=torch.long)
        self.mean = torch.zeros(1, 3)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        """Return an action."""
        phase = torch.sin(self.count * 0.025)[None]
        self.mean = 0.9 * self.mean + 0.1 * x
        self.count += 1
        return NET(torch.cat([self.mean, phase], 1))


def notes(before: int, folder: Path) -> tuple[str, ...]:
    policy, generator = Counting(), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for _ in range(before):
            policy.step(torch.randn(1, 3, generator=generator))
        with leapp_core.capture("counting", save_path=folder) as session:
            for _ in range(5):
                x = torch.randn(1, 3, generator=generator)
                session.input_tensors("policy", {"x": x})
                session.output_tensors("policy", {"action": policy.step(x)})
    return session.export("pt2", visualize=False).notes


def test_state_of_a_running_program_is_told_with_its_value(tmp_path: Path) -> None:
    said = notes(10, tmp_path)
    begins = [re.search(r"state '\w+' of node 'policy' begins with (.*), as the recording;", note) for note in said]
    values = sorted(found.group(1) for found in begins if found)
    assert len(values) == 2
    assert values[1] == "10" or values[0] == "10"


def test_a_recording_right_after_a_reset_gets_no_note(tmp_path: Path) -> None:
    assert notes(0, tmp_path) == ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (torch.zeros(2, 3), True),
        (torch.tensor([[1.0, 0.0, 0.0, 0.0]]), True),
        (torch.tensor([-1]), True),
        (torch.tensor(True), True),
        (torch.full((3,), 0.25), True),
        (torch.zeros(0), True),
        (torch.tensor([10]), False),
        (torch.tensor([0.1, 0.2]), False),
        (torch.full((3,), 0.1234), False),
    ],
)
def test_round_first_values(value: torch.Tensor, expected: bool) -> None:
    assert is_round(value) is expected

"""Refusals speak of what the user wrote: no call that capture made by itself, no reading where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import leapp_core
from leapp_core.errors import CaptureError


class Noted:
    """Notes a choice in a list, from some step on: the way that is not taken cannot be put back then."""

    def __init__(self) -> None:
        self.noted: list[str] = []
        self.notes = False

    def step(self, x: torch.Tensor) -> torch.Tensor:
        y = x * 2.0
        if x[0, 0] > 0:
            y = torch.tanh(y)
            if self.notes:
                self.noted.append("up")
        return y


class Smoothed:
    """Begins with its first reading."""

    def __init__(self) -> None:
        self.value: torch.Tensor | None = None

    def step(self, x: torch.Tensor) -> torch.Tensor:
        if self.value is None:
            self.value = x.clone()
        else:
            self.value = 0.8 * self.value + 0.2 * x
        return self.value


class Written:
    """Writes a number that changes into a tensor."""

    def __init__(self) -> None:
        self.seen, self.time = torch.zeros(3), 0.0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.seen[1] = self.time
        self.time += 0.1
        return x + self.seen


def refused(policy: Any, folder: Path, **options: bool) -> CaptureError:
    """Return what capture says of six steps."""
    generator = torch.Generator().manual_seed(0)
    with leapp_core.capture("walker", folder, **options) as session:
        for number in range(6):
            x = torch.randn(1, 3, generator=generator)
            policy.notes = number >= 3
            session.input_tensors("policy", {"x": x})
            session.output_tensors("policy", {"y": policy.step(x)})
    with pytest.raises(CaptureError, match="node 'policy'") as refusal:
        session.compile()
    return refusal.value


def test_a_decision_that_was_followed_in_some_steps_names_the_if_and_no_call_of_captures_own(tmp_path: Path) -> None:
    error = refused(Noted(), tmp_path, follow=True)
    assert "both ways of this decision are computed" in error.message
    assert "if x[0, 0] > 0:" in str(error.where)
    assert "list that grows" in str(error.expected)


@pytest.mark.parametrize(("policy", "says"), [(Written(), "a Python value given to an assignment changes")])
def test_calls_are_named_as_they_are_written(policy: Any, says: str, tmp_path: Path) -> None:
    assert says in refused(policy, tmp_path, follow=False).message


def test_what_the_first_step_made_is_not_called_a_reading(tmp_path: Path) -> None:
    error = refused(Smoothed(), tmp_path, follow=False)
    assert error.code == "LEAPP-C009"
    assert "input_tensors" not in str(error.fix)
    assert "self.value = x.clone(), in the first step" in str(error.where)
    assert "before the session" in str(error.fix)

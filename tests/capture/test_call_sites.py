"""A call is the same call in each step, however often the interpreter came by before and made it faster."""

from __future__ import annotations

import types

import numpy as np
import pytest
import torch

import leapp_core


def reward(x: torch.Tensor) -> torch.Tensor:
    return sum(t * 2 for t in (x, x + 1))  # the builtin runs the generator: its frames lie above the call of ``sum``


@pytest.mark.parametrize("before", range(0, 14, 2))
def test_calls_by_builtins_are_the_same_in_every_step(before: int) -> None:
    step = types.FunctionType(reward.__code__.replace(), globals())  # code that nothing has run
    for _ in range(before):
        step(torch.ones(3))
    with leapp_core.capture("policy") as session, torch.no_grad():
        for _ in range(5):
            x = session.input_tensors("policy", {"x": torch.rand(3)})
            session.output_tensors("policy", {"y": step(x)})
    captured = session.compile()
    program = captured.programs["policy"].exported.module()
    x = torch.rand(3)
    assert torch.equal(program(x)[0], reward(x))


def test_numpy_that_begins_between_steps_changes_no_call() -> None:
    """From then on our own handler of calls takes another way."""
    net = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.ELU()).eval()
    frames = []
    with leapp_core.capture("policy") as session, torch.no_grad():
        for step in range(6):
            x = session.input_tensors("policy", {"x": torch.rand(1, 3)})
            session.output_tensors("policy", {"y": net(x)})
            if step == 2:
                frames.append(np.zeros((2, 2), np.uint8))
    assert [port.name for port in session.compile().spec.nodes[0].inputs] == ["x"]

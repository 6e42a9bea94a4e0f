"""A call is the same call in each step, however often the interpreter came by before and made it faster."""

from __future__ import annotations

import types

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

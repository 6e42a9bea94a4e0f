"""User code runs as deep, and is compiled by others as ever, while its functions are rewritten."""

from __future__ import annotations

import functools
import sys
from types import CodeType
from typing import Any

import pytest
import torch

import leapp_core
from tests.provenance.attacks import Counting


def deep(x: torch.Tensor, depth: int) -> torch.Tensor:
    return x if depth == 0 else deep(x, depth - 1)


class CallsItselfOften(Counting):
    def step(self, x):
        self.k += 1
        return deep(x, 700) * self.k


def njit(function: Any) -> Any:
    """Stands in for compilers that take a function's byte code when it is first called."""
    compiled: list[CodeType] = []

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        compiled.append(function.__code__)
        assert all(type(c) in (int, float, str, type(None)) for c in function.__code__.co_consts)
        return function(*args)

    return call


@njit
def compiled_later(x: torch.Tensor) -> torch.Tensor:
    return x * 2 + 1


class CallsWhatIsCompiled(Counting):
    def step(self, x):
        self.k += 1
        return compiled_later(x) * self.k


def captured(program: Any) -> leapp_core.CaptureSession:
    with torch.no_grad(), leapp_core.capture("p", follow_numbers=True) as session:
        for _ in range(3):
            x = torch.ones(2)
            session.input_tensors("p", {"x": x})
            session.output_tensors("p", {"y": program.step(x)})
    return session


@pytest.mark.slow
def test_code_that_calls_itself_runs_as_deep() -> None:
    before = sys.getrecursionlimit()
    pipeline = captured(CallsItselfOften()).compile()
    assert [str(ref) for ref in pipeline.initial_values] == ["p/k_in"]
    assert sys.getrecursionlimit() == before


def test_functions_that_others_compile_stay_as_they_are() -> None:
    captured(CallsWhatIsCompiled()).compile()

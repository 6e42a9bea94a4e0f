"""Programs made from plain functions, as capture makes them from recordings."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.export import ExportedProgram

from leapp_core.program.passes import clean_program


class _Function(torch.nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *tensors: torch.Tensor) -> Any:
        result = self.function(*(tensor.clone() for tensor in tensors))
        results = result if isinstance(result, tuple) else (result,)
        return tuple(value.clone() for value in results)


def export(program: Callable[..., Any], *inputs: torch.Tensor) -> ExportedProgram:
    """Functionalise a function whose inputs and outputs are copied, or a module as it is."""
    module = program if isinstance(program, torch.nn.Module) else _Function(program)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.export.export(module, inputs, strict=False).run_decompositions({})


def calls(program: ExportedProgram) -> list[str]:
    """Return the names of the calls of a program."""
    return [
        node.target._schema.name.removeprefix("aten::") if hasattr(node.target, "_schema") else node.target.__name__
        for node in program.graph.nodes
        if node.op == "call_function"
    ]


def run(program: ExportedProgram, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Run a program on copies."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tuple(program.module()(*(value.clone() for value in inputs)))


@pytest.fixture
def cleaned() -> Callable[..., list[str]]:
    """Clean a function's program, prove it unchanged bit for bit, and return its calls."""

    def clean(function: Callable[..., Any], *inputs: torch.Tensor) -> list[str]:
        torch.manual_seed(0)
        before = export(function, *inputs)
        after = clean_program(before)
        after.validate()
        for _ in range(3):
            given = [torch.randn_like(v) if v.is_floating_point() else v for v in inputs]
            for wanted, got in zip(run(before, *given), run(after, *given), strict=True):
                assert torch.equal(wanted, got)
        return calls(after)

    return clean

"""What is captured from code that writes in place is as small as the same computation written functionally."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from torch import nn

from leapp_core import capture
from tests.capture.pairs import PAIRS, Pair
from tests.tiers import spread


class Functional(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *tensors: torch.Tensor) -> Any:
        """Call it."""
        return self.function(*tensors)


def captured(pair: Pair, folder: Path) -> list[str]:
    program = pair.make()
    names = [f"input_{k}" for k in range(len(pair.inputs))]
    with torch.no_grad(), capture("size", folder) as session:
        for _ in range(4):
            drawn = [torch.randn(shape) for shape in pair.inputs]
            session.input_tensors("policy", dict(zip(names, drawn, strict=True)))
            session.output_tensors("policy", {"action": program.step(*drawn)})
    report = session.export("onnx-dynamo", visualize=False)
    return operators(report.bundle / "policy.onnx")


def bare(pair: Pair, folder: Path) -> list[str]:
    inputs = (*(torch.randn(shape) for shape in pair.inputs), *pair.states)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(Functional(pair.functional), inputs, folder / "bare.onnx", dynamo=True, verbose=False)
    return operators(folder / "bare.onnx")


def operators(path: Path) -> list[str]:
    return [node.op_type for node in onnx.load(path).graph.node if node.op_type != "Constant"]


@pytest.mark.parametrize("name", spread(PAIRS, 4))
def test_no_more_operators_than_functional_code(name: str, tmp_path: Path) -> None:
    assert len(captured(PAIRS[name], tmp_path)) <= len(bare(PAIRS[name], tmp_path))

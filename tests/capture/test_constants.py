"""What users are told of the constants of a program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from leapp_core import capture
from leapp_core.runtime import load
from leapp_core.tracing.result import ConstantRecord

Step = Callable[[torch.Tensor], torch.Tensor]


def constants(step: Step, before: Callable[[], object] = lambda: None) -> list[ConstantRecord]:
    """Return the constants of a program of one input of shape [1, 4]."""
    with torch.no_grad(), capture("constants") as session:
        before()
        for _ in range(4):
            x = torch.randn(1, 4)
            session.input_tensors("policy", {"x": x})
            session.output_tensors("policy", {"y": step(x)})
    return list(session.compile().constants)


def test_a_buffer_that_is_filled_in_part_is_a_constant_in_the_rest() -> None:
    buffer = torch.full((1, 6), 7.0)

    def step(x: torch.Tensor) -> torch.Tensor:
        buffer[:, :4] = x
        return buffer * 2

    (constant,) = constants(step)
    assert (constant.shape, constant.elements) == ((1, 6), 2)
    assert (constant.minimum, constant.maximum) == (7.0, 7.0)
    assert constant.warning is None
    assert constant.call == "mul"
    assert constant.where.endswith("return buffer * 2")


def test_every_element_of_a_plain_constant_is_read() -> None:
    offset = torch.arange(4.0)
    (constant,) = constants(lambda x: x + offset)
    assert (constant.elements, constant.minimum, constant.maximum, constant.warning) == (4, 0.0, 3.0, None)


def test_a_buffer_that_the_first_step_fills_is_not_written_by_others() -> None:
    scale = torch.zeros(4)
    filled: list[bool] = []

    def step(x: torch.Tensor) -> torch.Tensor:
        if not filled:
            scale.fill_(3.0)
            filled.append(True)
        return x * scale

    (constant,) = constants(step)
    assert (constant.minimum, constant.maximum, constant.warning) == (3.0, 3.0, None)


def test_memory_that_was_written_before_the_first_step_is_flagged() -> None:
    pose = torch.zeros(4)
    (constant,) = constants(lambda x: x - pose, before=lambda: pose.copy_(torch.ones(4) * 5))
    assert (constant.minimum, constant.maximum) == (5.0, 5.0)
    assert constant.warning == "other code wrote this memory during the session"


@pytest.mark.parametrize("column", [0, 5])
def test_only_what_is_read_counts_as_written_by_others(column: int) -> None:
    buffer = torch.zeros(1, 6)

    def step(x: torch.Tensor) -> torch.Tensor:
        buffer[:, :4] = x
        return buffer * 2

    (constant,) = constants(step, before=lambda: buffer[:, column].fill_(1.0))
    assert (constant.warning is not None) == (column == 5)


class Robot:
    """Holds what its step reads."""

    def __init__(self) -> None:
        self.default_pose = torch.ones(4)
        self._limits = torch.full((2, 4), 3.0)
        self.x = torch.full((4,), 2.0)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        """Read a constant, a row of one, and one that is called like the input."""
        return (x * self.x - self.default_pose).clamp(max=self._limits[1])


@pytest.mark.parametrize("backend", ["onnx-dynamo", "jit-script"])
def test_constants_are_called_as_their_holder_calls_them(tmp_path: Path, backend: str) -> None:
    robot = Robot()
    with torch.no_grad(), capture("robot", tmp_path) as session:
        for _ in range(3):
            x = torch.randn(1, 4)
            session.input_tensors("policy", {"x": x})
            session.output_tensors("policy", {"y": robot.step(x)})
    report = session.export(backend)
    assert {constant.name for constant in report.constants} == {"default_pose", "limits", "x"}
    y = load(report.bundle).step({"x": np.full((1, 4), 1.5, np.float32)})["y"]
    np.testing.assert_array_equal(y, np.full((1, 4), 2.0, np.float32))

"""A tensor whose memory is handed to a simulator's kernel, as Warp takes it, is not looked at by Python."""

from __future__ import annotations

import ctypes

import pytest
import torch

import leapp_core
from leapp_core.errors import CaptureError


class Kernel:
    """Software outside PyTorch that reads memory by its address."""

    def __init__(self) -> None:
        self.target = 0.0

    def launch(self, value: torch.Tensor) -> float:
        interface = value.__array__().__array_interface__
        self.target = ctypes.cast(interface["data"][0], ctypes.POINTER(ctypes.c_float)).contents.value
        return 1.0


class Peek:
    """Software that looks at the values, and tells what is to be done."""

    def launch(self, value: torch.Tensor) -> float:
        values = value.__array__()
        return 2.0 if values.max() > 5.0 else 1.0


def record(kernel: Kernel | Peek) -> leapp_core.CaptureSession:
    """Record a gripper: its target depends on the input, and is the same in every captured step."""
    with leapp_core.capture("grip") as session:
        for step in range(4):
            x = torch.full((1, 1), 1.0 + step)
            session.input_tensors("grip", {"x": x})
            target = torch.where(x > 0, 0.04, 0.0)
            session.output_tensors("grip", {"target": target * kernel.launch(target)})
    return session


def test_a_constant_target_that_a_kernel_read_is_no_decision() -> None:
    kernel = Kernel()
    session = record(kernel)
    assert kernel.target == pytest.approx(0.04)
    (node,) = session.compile().spec.nodes
    assert [port.name for port in node.inputs] == ["x"]


def test_a_constant_target_that_python_looked_at_is_refused() -> None:
    with pytest.raises(CaptureError, match=r"is used in Python"):
        record(Peek()).compile()

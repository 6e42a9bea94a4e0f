"""A refusal of a backend names the line of the user's code, whichever way the call came into the program."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import leapp_core
from leapp_core.errors import ExportError
from leapp_core.export.run import export_pipeline
from leapp_core.plugins.manager import PluginManager
from leapp_core.tracing.result import CapturedPipeline

Step = Callable[[torch.Tensor], torch.Tensor]


def average(x: torch.Tensor) -> torch.Tensor:
    scaled = x * 2.0
    return scaled - scaled.mean(0)  # here


def first_row(x: torch.Tensor) -> torch.Tensor:
    row = x[0]  # here
    shifted = row + 1.0
    return shifted.unsqueeze(0)


def written_in_place(x: torch.Tensor) -> torch.Tensor:
    buffer = torch.zeros(1, 6)
    buffer[:, 1:5] = x[:, 1:5].softmax(0)  # here
    return buffer * 3.0


def helper(x: torch.Tensor) -> torch.Tensor:
    return x.cumsum(0) + x.flip(0)  # here


def in_a_helper(x: torch.Tensor) -> torch.Tensor:
    y = helper(x)
    return y.clamp(-1.0, 1.0)


def in_torch(x: torch.Tensor) -> torch.Tensor:
    z = torch.nn.functional.normalize(x, dim=0)  # here
    return z * 2.0


def flat(x: torch.Tensor) -> torch.Tensor:
    y = x * 2.0
    return y.view(-1)  # here


CASES = [
    (average, average),
    (first_row, first_row),
    (written_in_place, written_in_place),
    (in_a_helper, helper),
    (in_torch, in_torch),
    (flat, flat),
]


def capture(step: Step) -> CapturedPipeline:
    random = torch.Generator().manual_seed(0)
    with leapp_core.capture("policy", save_path=Path("unused")) as session:
        for _ in range(3):
            x = session.input_tensors("policy", {"x": torch.randn(1, 6, generator=random)})
            session.output_tensors("policy", {"y": step(x)})
    return session.compile()


def line_of(function: Step) -> int:
    lines, first = inspect.getsourcelines(function)
    return first + next(number for number, line in enumerate(lines) if "# here" in line)


@pytest.mark.parametrize(("step", "place"), CASES, ids=[step.__name__ for step, _ in CASES])
def test_a_refused_batch_names_file_and_line(tmp_path: Path, plugins: PluginManager, step: Step, place: Step) -> None:
    with pytest.raises(ExportError, match="batch size cannot be made dynamic") as caught:
        export_pipeline(
            capture(step), save_path=tmp_path, plugins=plugins, options={"dynamic_batch": True}, visualize=False
        )
    assert str(caught.value.where).startswith(f"{__file__}:{line_of(place)} (node ")
    assert list(tmp_path.iterdir()) == []


def running_maximum(x: torch.Tensor) -> torch.Tensor:
    y = x + 1.0
    return y.cummax(1).values  # here


@pytest.mark.parametrize("backend", ["onnx-dynamo", "onnx-torchscript"])
def test_an_operator_that_a_format_lacks_names_file_and_line(
    tmp_path: Path, plugins: PluginManager, backend: str
) -> None:
    with pytest.raises(ExportError, match=r"cannot write aten\.cummax to ONNX") as caught:
        export_pipeline(capture(running_maximum), save_path=tmp_path, plugins=plugins, backend=backend)
    assert str(caught.value.where).startswith(f"{__file__}:{line_of(running_maximum)} (node ")

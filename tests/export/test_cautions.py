"""What is exported exactly and may still not be meant is told; an ordinary program gets no word."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import leapp_core
from leapp_core.errors import CaptureError
from leapp_core.export.cautions import cautions, is_round
from leapp_core.tracing.result import CapturedPipeline
from tests.cli.invoke import leapp

TASKS = (
    "Builtin-Reach-Arm",
    "Builtin-Balance-Partial",
    "Builtin-Velocity-Hopper",
    "Builtin-Velocity-Hopper-LSTM",
)


def recorded(step: Callable[[torch.Tensor], dict[str, torch.Tensor]], **kinds: str) -> CapturedPipeline:
    """Record five steps; kinds are of ports, by name."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad(), leapp_core.capture("robot") as session:
        for _ in range(5):
            x = torch.randn(2, 4, generator=generator)
            session.input_tensors("policy", described({"x": x}, kinds))
            session.output_tensors("policy", described(step(x), kinds))
    return session.compile()


def described(values: dict[str, torch.Tensor], kinds: dict[str, str]) -> list[leapp_core.TensorSemantics]:
    return [leapp_core.TensorSemantics(name, value, kind=kinds.get(name)) for name, value in values.items()]


class Filter:
    """A mean that is carried on."""

    def __init__(self) -> None:
        self.mean = torch.zeros(2, 4)

    def step(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        self.mean = 0.9 * self.mean + 0.1 * x
        return {"action": self.mean * 2.0}


def test_batch_normalisation_in_training_mode_is_told_with_the_fix() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.BatchNorm1d(4))
    (said,) = cautions(recorded(lambda x: {"action": net(x)}))
    assert said.startswith("node 'policy' calls batch_norm in training mode")
    assert "in training mode" in said
    assert ".eval()" in said
    net.eval()
    assert cautions(recorded(lambda x: {"action": net(x)})) == ()


class Running(torch.nn.Module):
    """A normalizer as people write it."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(4))
        self.register_buffer("count", torch.tensor(0.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.count += 1.0
            self.mean += (x.mean(0) - self.mean) / self.count
        return x - self.mean


class Memory(torch.nn.Module):
    """Keeps its last output in a buffer, in either mode."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("last", torch.zeros(2, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.last.copy_(0.5 * self.last + x)
        return self.last * 2.0


def test_a_normalizer_that_goes_on_learning_is_told_with_the_fix() -> None:
    normalizer = Running()
    captured = recorded(lambda x: {"action": normalizer(x)})
    (said,) = captured.warnings
    assert said.startswith(
        "Running of node 'policy' is in training mode and goes on learning on the robot: mean, count"
    )
    assert "call .eval()" in said
    normalizer.eval()
    assert recorded(lambda x: {"action": normalizer(x)}).warnings == ()


def test_a_buffer_that_is_memory_is_no_learning() -> None:
    memory = Memory()
    captured = recorded(lambda x: {"action": memory(x)})
    assert len(captured.spec.feedback) == 1
    assert captured.warnings == ()


def test_dropout_in_training_mode_is_refused_with_the_same_fix() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Dropout(0.5))
    with pytest.raises(CaptureError, match="random numbers from dropout") as refused:
        recorded(lambda x: {"action": net(x)})
    assert refused.value.fix is not None
    assert ".eval()" in refused.value.fix


def test_an_output_that_no_input_reaches_is_told_but_for_gains() -> None:
    (said,) = cautions(recorded(lambda x: {"action": x * 2.0, "offset": torch.ones(2, 3) * 0.3}))
    assert said.startswith("output 'offset' of node 'policy' depends on no input: it is a constant;")
    assert cautions(recorded(lambda x: {"action": x * 2.0, "gain": torch.ones(2, 3) * 30.0}, gain="kp")) == ()


def test_an_output_made_from_a_clock_alone_is_told() -> None:
    class Clock:
        phase = torch.zeros(2, 1)

    def step(x: torch.Tensor) -> dict[str, torch.Tensor]:
        Clock.phase = Clock.phase + 1.0
        return {"action": x + Clock.phase, "beat": torch.sin(Clock.phase)}

    (said,) = cautions(recorded(step))
    assert "'beat'" in said
    assert "changes with time only" in said


def test_a_state_that_is_fed_from_inputs_is_an_input_of_later_steps() -> None:
    assert cautions(recorded(Filter().step)) == ()


def test_a_recording_that_begins_on_a_running_program_is_told_with_the_value() -> None:
    policy = Filter()
    policy.mean += torch.arange(8.0).reshape(2, 4) + 0.3
    captured = recorded(policy.step)
    (said,) = cautions(captured)
    assert "begins with 0.3, 1.3, 2.3, 3.3, ... (8 numbers), as the recording" in said
    assert "right after a reset" in said
    assert cautions(captured, begins_at_reset=True) == ()


def test_a_quaternion_without_element_names_is_told() -> None:
    captured = recorded(lambda x: {"action": x * 2.0}, x="state/body/rotation")
    (said,) = cautions(captured)
    assert said.startswith("the rotation 'x' of node 'policy' has no element names")


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


def test_what_is_told_stands_in_report_and_log(tmp_path: Path) -> None:
    net = torch.nn.BatchNorm1d(4)
    with torch.no_grad(), leapp_core.capture("robot", save_path=tmp_path) as session:
        for _ in range(3):
            x = torch.randn(2, 4)
            session.input_tensors("policy", {"x": x})
            session.output_tensors("policy", {"action": net(x)})
    report = session.export("pt2", validate=False)
    (said,) = [text for text in report.warnings if "training mode" in text]
    assert said in json.loads((tmp_path / "robot" / "report.json").read_text())["warnings"]
    assert f"warning: {said}" in (tmp_path / "robot" / "log.txt").read_text()
    assert "in training mode" in (tmp_path / "robot" / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_a_shipped_task_gets_no_word(task: str, tmp_path: Path) -> None:
    line = ("export", "--task", task, "--use_pretrained_checkpoint", "--closed_loop_steps", "0", "--prove-seconds", "0")
    assert leapp(*line, "--save_path", str(tmp_path), "--json").code == 0
    assert json.loads((tmp_path / task / "report.json").read_text())["warnings"] == []

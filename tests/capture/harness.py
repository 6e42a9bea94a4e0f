"""Runs a program eagerly, in a session and as what was exported, on the same inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

import leapp_core
from leapp_core.errors import LeappError
from leapp_core.export.run import export_pipeline
from leapp_core.plugins.manager import PluginManager
from leapp_core.runtime import load
from leapp_core.tracing.result import CapturedPipeline
from leapp_core.tracing.session import CaptureSession
from tests.capture.assembled import Assembled, worst_difference
from tests.capture.case import Case

FRESH_STEPS = 12
BACKENDS = ("onnx-dynamo", "onnx-torchscript", "jit-script", "jit-trace", "pt2")

Tensors = dict[str, torch.Tensor]


@dataclass
class Io:
    """Where a program declares its ports: to a session, or to nobody; outputs are noted as they are declared."""

    session: CaptureSession | None = None
    seen: Tensors = field(default_factory=dict)

    def inputs(self, node: str, tensors: Any) -> Any:
        """Declare inputs; returns what the node reads."""
        if self.session is not None:
            self.session.input_tensors(node, tensors)
        return tensors

    def outputs(self, node: str, tensors: Mapping[str, torch.Tensor]) -> None:
        """Declare outputs."""
        if self.session is not None:
            self.session.output_tensors(node, tensors)
        self.seen |= {f"{node}/{name}": value.detach().clone() for name, value in tensors.items()}


@dataclass(frozen=True)
class Eager:
    """What a program computes by itself.

    Attributes:
        inputs: Inputs of every step.
        outputs: Outputs of every step by ``node/port``.
    """

    inputs: list[Tensors]
    outputs: list[Tensors]


def fresh(case: Case) -> Any:
    """Return a new program with the same weights every time."""
    torch.manual_seed(0)
    return case.make()


def run_step(program: Any, inputs: Tensors, session: CaptureSession | None = None) -> Tensors:
    """Run one control step and return the outputs as they were when declared."""
    io = Io(session)
    if hasattr(program, "run"):
        program.run(io, **inputs)
        return io.seen
    io.inputs("policy", inputs)
    result = program.step(**inputs)
    io.outputs("policy", result if isinstance(result, dict) else {"action": result})
    if hasattr(program, "after"):
        program.after()
    return io.seen


def copies(tensors: Tensors) -> Tensors:
    """Return copies, so that a program that writes its inputs spoils nothing."""
    return {name: value.clone() for name, value in tensors.items()}


def run_eagerly(case: Case, steps: int) -> Eager:
    """Run a fresh program without any session."""
    generator = torch.Generator().manual_seed(1)
    inputs = [case.inputs(generator) for _ in range(steps)]
    program = fresh(case)
    with torch.no_grad():
        return Eager(inputs, [run_step(program, copies(given)) for given in inputs])


def capture_case(case: Case, eager: Eager, *, follow: bool = True) -> tuple[CapturedPipeline, list[Tensors]]:
    """Capture a fresh program on the first inputs; returns the pipeline and the outputs seen in the session."""
    program = fresh(case)
    with torch.no_grad(), leapp_core.capture(case.name, max_cached_io=case.steps, follow=follow) as session:
        seen = [run_step(program, copies(given), session) for given in eager.inputs[: case.steps]]
    return session.compile(), seen


def compare(step: int, wanted: Tensors, got: Mapping[str, torch.Tensor], tolerance: float) -> None:
    """Raise unless every output is there and right."""
    for name, value in wanted.items():
        if name not in got:
            raise AssertionError(f"step {step}: output {name!r} is missing; there are {sorted(got)}")
        difference = worst_difference(value, got[name])
        if difference > tolerance:
            raise AssertionError(f"step {step}: output {name!r} is off by {difference:g}: {got[name]} for {value}")


def check_program(captured: CapturedPipeline, eager: Eager, tolerance: float) -> None:
    """Compare the node programs, assembled, with eager over all steps."""
    step = Assembled(captured)
    for index, (given, wanted) in enumerate(zip(eager.inputs, eager.outputs, strict=True)):
        by_ref = {str(ref): given[ref.port] for ref in captured.spec.inputs}
        compare(index, wanted, step(copies(by_ref)), tolerance)


def check_backend(captured: CapturedPipeline, eager: Eager, backend: str, folder: Path, tolerance: float) -> None:
    """Export, load the bundle and compare it with eager over all steps."""
    report = export_pipeline(
        captured, save_path=folder, plugins=PluginManager(), backend=backend, validate=False, visualize=False
    )
    runtime = load(report.bundle, full_names=True)
    returned = {str(ref) for ref in captured.spec.outputs}
    for index, (given, wanted) in enumerate(zip(eager.inputs, eager.outputs, strict=True)):
        arrays = {str(ref): _array(given[ref.port]) for ref in captured.spec.inputs}
        results = {name: _tensor(value) for name, value in runtime.step(arrays).items()}
        compare(index, {n: v for n, v in wanted.items() if n in returned}, results, tolerance)


def outcome(captured: CapturedPipeline, eager: Eager, backend: str, folder: Path, case: Case) -> str:
    """Return ``exact``, ``refused: …`` or ``WRONG: …`` for one backend."""
    try:
        check_backend(captured, eager, backend, folder, case.tolerance)
    except LeappError as error:
        return f"refused: {error.message}"
    except AssertionError as error:
        return f"WRONG: {error}"
    return "exact"


def _tensor(value: Any) -> torch.Tensor:
    """Return what a runtime gave; its bfloat16 is one that NumPy alone and PyTorch do not know."""
    if value.dtype.name == "bfloat16":
        return torch.as_tensor(value.view("int16")).view(torch.bfloat16)
    return torch.as_tensor(value)


def _array(value: torch.Tensor) -> Any:
    """Return what a runtime is fed: NumPy, or the tensor itself where NumPy has no such type."""
    return value if value.dtype is torch.bfloat16 else value.numpy()

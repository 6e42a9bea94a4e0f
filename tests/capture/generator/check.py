"""Holds a random program against what capture makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

import leapp_core
from leapp_core.errors import LeappError
from leapp_core.export.run import export_pipeline
from leapp_core.plugins.manager import PluginManager
from leapp_core.program.compile import compile_session
from leapp_core.runtime import load
from leapp_core.tracing.result import CapturedPipeline
from leapp_core.tracing.session import CaptureSession
from tests.capture.assembled import Assembled, worst_difference
from tests.capture.generator.program import RandomProgram, Running

FRESH_STEPS = 8
TOLERANCE = 1e-4

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Verdict:
    """What came of a program.

    Attributes:
        kind: ``exact``, ``refused``, ``rewired`` (what the program passes on itself became an input from outside),
            ``wrong`` (another result and no refusal) or ``touched`` (capture changed what the program computes).
        detail: The refusal, or where the results differ.
    """

    kind: str
    detail: str = ""


def check(program: RandomProgram, steps: int, backends: tuple[str, ...] = (), folder: Path | None = None) -> Verdict:
    """Run a program eagerly, capture a twin of it, and compare over captured and fresh steps.

    Args:
        program: The program.
        steps: Captured steps.
        backends: With any, programs are exported and stepped as bundles; else the recorded graph is run as it is,
            which is some twenty times faster and leaves PyTorch's export out of the comparison.
        folder: Where bundles go.
    """
    generator = torch.Generator().manual_seed(program.seed)
    eager = Running(program)
    inputs = [eager.inputs(generator) for _ in range(steps + FRESH_STEPS)]
    wanted = [_step(eager, given) for given in inputs]
    twin = Running(program)
    try:
        with leapp_core.capture("random", max_cached_io=steps) as session:
            seen = [_step(twin, given, session) for given in inputs[:steps]]
        captured = session.compile() if backends else compile_graphs(session)
    except LeappError as error:
        return Verdict("refused", error.message)
    for step, (mine, its) in enumerate(zip(wanted, seen, strict=False)):
        if any(not torch.equal(mine[name], its[name]) for name in mine):
            return Verdict("touched", f"step {step}")
    if any(str(ref) not in inputs[0] for ref in captured.spec.inputs):
        return Verdict("rewired", ", ".join(map(str, captured.spec.inputs)))
    for name, run in _runners(captured, backends, folder).items():
        verdict = _compare(name, run, inputs, wanted)
        if verdict is not None:
            return verdict
    return Verdict("exact")


def _step(running: Running, given: Tensors, session: CaptureSession | None = None) -> Tensors:
    """Run one step; returns outputs as they were when declared."""
    seen: Tensors = {}

    def inputs(node: str, tensors: Tensors) -> Tensors:
        if session is not None:
            session.input_tensors(node, tensors)
        return tensors

    def outputs(node: str, tensors: Tensors) -> Tensors:
        if session is not None:
            session.output_tensors(node, tensors)
        seen.update({f"{node}/{name}": value.clone() for name, value in tensors.items()})
        return tensors

    running.step({name: value.clone() for name, value in given.items()}, inputs, outputs)
    return seen


def compile_graphs(session: CaptureSession) -> CapturedPipeline:
    """Compile a session into the recorded graphs themselves."""

    def functionalise(node: str, module: torch.fx.GraphModule, *_: Any, **__: Any) -> Any:
        return SimpleNamespace(module=lambda: module, graph_module=module)

    recorder = session._recorder
    assert recorder is not None
    return compile_session(session.name, recorder, {}, {}, functionalise=functionalise)


def _runners(
    captured: CapturedPipeline, backends: tuple[str, ...], folder: Path | None
) -> dict[str, Callable[[Tensors], Mapping[str, torch.Tensor]]]:
    runners: dict[str, Callable[[Tensors], Mapping[str, torch.Tensor]]] = {"program": Assembled(captured)}
    for backend in backends:
        assert folder is not None
        place = folder / backend
        report = export_pipeline(
            captured, save_path=place, plugins=PluginManager(), backend=backend, validate=False, visualize=False
        )
        runtime = load(report.bundle, full_names=True)
        runners[backend] = _Stepper(runtime, {str(ref) for ref in captured.spec.inputs})
    return runners


@dataclass(frozen=True)
class _Stepper:
    runtime: Any
    names: set[str]

    def __call__(self, given: Tensors) -> Mapping[str, torch.Tensor]:
        results = self.runtime.step({name: given[name].numpy() for name in self.names})
        return {name: torch.as_tensor(value) for name, value in results.items()}


def _compare(
    runner: str,
    run: Callable[[Tensors], Mapping[str, torch.Tensor]],
    inputs: list[Tensors],
    wanted: list[Tensors],
) -> Verdict | None:
    for step, (given, expected) in enumerate(zip(inputs, wanted, strict=True)):
        got = run({name: value.clone() for name, value in given.items()})
        for name, value in expected.items():
            if name in got and (difference := worst_difference(value, got[name])) > TOLERANCE:
                return Verdict("wrong", f"{runner}, step {step}, {name}: off by {difference:g}")
    return None

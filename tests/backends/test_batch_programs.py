"""Dynamic batch over the named capture programs: rows are exact, or the call in the way is named."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from leapp_core.errors import CaptureError, ExportError
from leapp_core.plugins.exporters import NodeProgram, WrittenArtifact
from leapp_core.plugins.runners import RunnerSettings
from leapp_core.testing.rows import check_rows
from tests.backends.helpers import PLUGINS, export
from tests.capture.case import Case, all_cases
from tests.capture.harness import capture_case, run_eagerly

BACKENDS = ("onnx-dynamo", "jit-script")
Draw = Callable[[torch.Generator], torch.Tensor]

# Their programs differ in what Python does around a call or two, which rows have nothing to do with.
OF_PYTHON = frozenset(
    {
        "bookkeeping", "conditional_changes", "evaluated", "exceptions", "floating_errors", "handed_over",
        "interpreter_state", "other_names", "scripted_state", "standard_library", "tensor_thresholds",
    }
)  # fmt: skip


def _one_row(draw: Draw) -> Draw:
    def first(generator: torch.Generator) -> torch.Tensor:
        drawn = draw(generator)
        return drawn[:1].clone() if drawn.dim() > 1 else drawn

    return first


CASES = [
    dataclasses.replace(case, draws={name: _one_row(draw) for name, draw in case.draws.items()})
    for case in all_cases()
    if case.refused is None and not case.limits and case.topic not in OF_PYTHON
]


def _export_or_refusal(backend: str, made: NodeProgram, folder: Path) -> WrittenArtifact | ExportError:
    try:
        return export(backend, made, folder, dynamic_batch=True)
    except ExportError as error:
        return error


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # one row is less than some of the programs were written for
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.topic}-{case.name}")
def test_rows_are_exact_or_the_call_is_named(case: Case, tmp_path) -> None:
    try:
        eager = run_eagerly(case, case.steps)
        captured, _ = capture_case(case, eager)
    except (CaptureError, RuntimeError, IndexError, ValueError) as error:
        pytest.skip(f"needs more than one row: {type(error).__name__}")
    for node, made in captured.programs.items():
        for backend in BACKENDS:
            folder = tmp_path / f"{node}-{backend}"
            folder.mkdir()
            written = _export_or_refusal(backend, made, folder)
            if isinstance(written, ExportError):
                assert "dynamic" in written.message
                assert written.fix
                continue
            runner = PLUGINS.runners.get(PLUGINS.exporters.get(backend).format)
            session = runner.open(written.path, written.spec, RunnerSettings())
            for batch in (1, 3):
                check_rows(made, written.spec, session, batch)

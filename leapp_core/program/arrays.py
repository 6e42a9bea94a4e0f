"""NumPy arrays that were declared as inputs and that nothing seen reads."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from leapp_core.errors import CaptureError
from leapp_core.program.boundary import unread_inputs
from leapp_core.tracing.find.steps import Step
from leapp_core.tracing.result import CapturedPipeline
from leapp_core.tracing.watch import Watch


def check_arrays_are_read(
    captured: CapturedPipeline, steps: Mapping[str, tuple[Step, ...]], watch: Watch | None
) -> None:
    """Refuse a declared array that no recorded call reads and that held the same in every step.

    An array tells nobody what is computed from it. If its values change, so do the constants that were computed from
    it behind the session's back, and they are refused for that; if they do not change, nothing else tells.

    Raises:
        CaptureError: naming the port.
    """
    having = [name for name, items in steps.items() if any(d.array for d in items[-1].inputs.values())]
    for name in having:
        program = captured.programs[name]
        for at in unread_inputs(program.exported):
            port = program.spec.inputs[at].name
            declared = [step.inputs[port] for step in steps[name] if port in step.inputs]
            if not declared or not declared[0].array:
                continue
            later = [step.values.get(("input", port)) for step in (watch.steps.get(name, []) if watch else [])]
            values = [d.value for d in declared] + [v.cpu() for v in later if v is not None]
            if all(torch.equal(value, values[0]) for value in values):
                raise CaptureError(
                    f"node {name!r}: nothing is seen to read the array that is declared as input {port!r}, and it holds"
                    " the same in every step: what is computed from it cannot be told from a constant",
                    expected="an array that the step reads as it is declared, or values that change",
                    fix="use what input_tensors returns, change its values between steps, or leave it out",
                    code="C032",
                )

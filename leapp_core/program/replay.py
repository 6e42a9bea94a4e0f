"""Run a program over the captured steps, state carried, and compare: the last word on whether it is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from leapp_core.errors import CaptureError
from leapp_core.tracing.record.recorder import unrecorded

# Programs run on the CPU. A GPU adds in another order, and with TF32 (PyTorch's default for convolutions and recurrent
# layers) multiplies with 10 bits.
CUDA_TOLERANCE, TF32_TOLERANCE = 1e-4, 5e-3

BEGIN_ALIKE = "initialise state before the first step, or choose with torch.where and a flag that is a tensor"

# Folding and another order of the same operations move the last bits, not more.
TOLERANCE = {torch.float64: 1e-9, torch.float32: 2e-5, torch.float16: 2e-2, torch.bfloat16: 1e-1}


def replay(
    node: str,
    program: Callable[..., Any],
    inputs: Sequence[Sequence[torch.Tensor]],
    outputs: Sequence[Mapping[str, torch.Tensor]],
    initial: Sequence[torch.Tensor],
    *,
    captured_on: str = "cpu",
    place: Callable[[str], str] | None = None,
) -> list[tuple[torch.Tensor, ...]]:
    """Replay captured steps.

    Args:
        node: Node name, for messages.
        program: Takes declared inputs then states, returns declared outputs then next states.
        inputs: Declared inputs per step.
        outputs: Captured outputs per step, in the program's order.
        initial: First values of the states.
        captured_on: Device type the user's program ran on.
        place: Tells where an output was made, for messages.

    Returns:
        The state values each step started with.

    Raises:
        CaptureError: an output differs; names step, output and element.
    """
    least = device_tolerance(captured_on)
    state = tuple(initial)
    seen, begins_otherwise = [state], None
    with unrecorded(), torch.no_grad():
        for step, (given, expected) in enumerate(zip(inputs, outputs, strict=True)):
            results = program(*given, *state)
            for (name, wanted), got in zip(expected.items(), results, strict=False):
                detail = difference(wanted, got, least)
                if detail is None:
                    continue
                error = _mismatch(node, step, name, detail, None if place is None else place(name))
                if step > 0 or len(inputs) == 1:
                    raise error
                begins_otherwise = begins_otherwise or error
            state = tuple(results[len(expected) :])
            seen.append(state)
    if begins_otherwise is not None:
        begins_otherwise.fix = f"the first step computes something else than the others: {BEGIN_ALIKE}"
        begins_otherwise.code = "LEAPP-C019"
        raise begins_otherwise
    return seen


def device_tolerance(captured_on: str) -> float:
    """Return what results may differ by because the user's program ran on another type of device."""
    if captured_on != "cuda":
        return 0.0
    tf32 = torch.backends.cudnn.allow_tf32 or torch.backends.cuda.matmul.allow_tf32
    return TF32_TOLERANCE if tf32 else CUDA_TOLERANCE


def difference(wanted: torch.Tensor, got: torch.Tensor, least: float = 0.0, instead_of: str = "captured") -> str | None:
    """Return in which element two results differ most; ``None`` if they agree to rounding."""
    if wanted.shape == got.shape and wanted.dtype == got.dtype:
        tolerance = max(TOLERANCE[wanted.dtype], least) if wanted.dtype in TOLERANCE else 0.0
        if torch.equal(wanted, got) or torch.allclose(
            wanted, got, rtol=tolerance, atol=tolerance * 0.1, equal_nan=True
        ):
            return None
        distance = (wanted.double() - got.double()).abs().nan_to_num(nan=float("inf"))
        worst = int(distance.argmax())
        return (
            f"element {worst} is {got.reshape(-1)[worst].item()!r}, {instead_of} {wanted.reshape(-1)[worst].item()!r}"
        )
    return f"it is {list(got.shape)} {got.dtype}, {instead_of} {list(wanted.shape)} {wanted.dtype}"


def _mismatch(node: str, step: int, name: str, detail: str, place: str | None) -> CaptureError:
    return CaptureError(
        f"node {node!r}: replaying the captured steps does not give output {name!r} of step {step}: {detail}",
        where=place,
        expected="a step that depends only on declared inputs, constants and recorded state",
        fix="look for memory written behind PyTorch's back (a NumPy alias, a simulator), for a value that changes "
        "less often than the captured steps show, or for state that the first step sets up from its inputs",
        code="C020",
    )


def compare_state(node: str, step: int, name: str, wanted: torch.Tensor, got: torch.Tensor, seen: torch.Tensor) -> None:
    """Compare what a program carries into a step with what the captured step read.

    An output can hide a difference (behind a mask, a clamp); the state cannot.

    Args:
        node: Node name, for messages.
        step: Captured step.
        name: State name, for messages.
        wanted: What the captured step read.
        got: What the program carries.
        seen: Elements the captured step read.

    Raises:
        CaptureError: they differ.
    """
    tolerance = TOLERANCE.get(wanted.dtype, 0.0)
    with unrecorded():
        equal = torch.isclose(wanted, got, rtol=tolerance, atol=tolerance * 0.1, equal_nan=True) | ~seen
        if bool(equal.all()):
            return
        worst = int((~equal).reshape(-1).to(torch.uint8).argmax())
        detail = f"element {worst} is {got.reshape(-1)[worst].item()!r}, captured {wanted.reshape(-1)[worst].item()!r}"
    raise CaptureError(
        f"node {node!r}: the state that step {step} begins with is not the one that recorded calls lead to ({name}): "
        f"{detail}",
        expected="state that only recorded calls change, each step in the same way",
        fix="look for memory written behind PyTorch's back, for attributes that point to another tensor from some step "
        "on, or for a reset between the steps",
        code="C020",
    )

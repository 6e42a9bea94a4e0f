"""With one captured step: refuse what looks like state, since no second step can show what it is."""

from __future__ import annotations

import sys
from collections import Counter

import torch

from leapp_core.errors import CaptureError
from leapp_core.tracing.checks.dependent import dependent_memory
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.leaves import Constant
from leapp_core.tracing.find.messages import describe_read, describe_tensor, where
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.record.events import TensorInfo
from leapp_core.tracing.record.recorder import TraceRecorder
from leapp_core.tracing.record.storage import tensors_of

FIX = "capture three steps or more: then state, constants and live values can be told apart"


def check_single_step(slicer: Slicer, found: NodeAnalysis) -> None:
    """Refuse a one-step capture in which a constant may be state or a live value.

    Raises:
        CaptureError: a tensor that was read has since been replaced or belongs to other software, or a result that
            depends on inputs is kept by user code.
    """
    held = held_by_user(slicer.recorder)
    owned: dict[int, list[TensorInfo]] = {}
    for _, info in held:
        owned.setdefault(info.storage, []).append(info)
    _check_constants(slicer, found, owned)
    _check_results(slicer, found, held)


def _check_constants(slicer: Slicer, found: NodeAnalysis, owned: dict[int, list[TensorInfo]]) -> None:
    for storage, leaf in found.leaves.items():
        record = slicer.recorder.storages[storage]
        reads = found.reads.get(storage, [])
        if not isinstance(leaf, Constant) or record.parameter or record.literal >= found.step.begin or not reads:
            continue
        if storage in owned and not record.foreign:
            continue
        what, place = describe_read(slicer, found, reads[0])
        why = "lies in memory owned by other software" if record.foreign else "was replaced by another tensor since"
        raise CaptureError(
            f"node {found.node!r}: one step was captured, and {what} {why}: it may be state or a live value",
            where=place,
            fix=FIX,
            code="C015",
        )


def _check_results(slicer: Slicer, found: NodeAnalysis, held: list[tuple[torch.Tensor, TensorInfo]]) -> None:
    dependent = dependent_memory(slicer, found)
    outputs = {id(d.tensor) for d in found.step.outputs.values()}
    inputs = {d.info.storage for d in found.step.inputs.values()}
    twins = slicer.recorder.numbers.twins(slicer.recorder)
    for tensor, info in held:
        if id(tensor) in twins:
            continue  # the session holds it
        birth = slicer.recorder.storages[info.storage].birth
        if id(tensor) in outputs or info.storage in inputs or not found.step.begin <= birth < found.step.end:
            continue
        if dependent.touches(info.storage, slicer.regions.of(info)):
            raise CaptureError(
                f"node {found.node!r}: one step was captured, and {describe_tensor(info)} that depends on its inputs "
                "is kept by your code: a later step may read it",
                where=where(slicer, slicer.recorder.events[birth]),
                fix=FIX,
                code="C015",
            )


def held_by_user(recorder: TraceRecorder) -> list[tuple[torch.Tensor, TensorInfo]]:
    """Return the tensors that someone besides the recorder refers to, with where they lie now."""
    known: Counter[int] = Counter(id(t) for t in recorder.held_tensors())
    for event in recorder.events:
        known.update(id(t) for t in tensors_of([*event.args, *event.kwargs.values()]))
        known.update(id(t) for t in tensors_of([event.out]))
    known.update(id(d.tensor) for d in recorder.declarations)
    found = []
    tensors = {id(t): t for t in recorder.held_tensors()}
    for key in list(tensors):
        tensor = tensors.pop(key)
        # One reference is the local name, one the argument of getrefcount itself; autograd's graph may hold one more.
        if sys.getrefcount(tensor) - 2 - _held_by_autograd(tensor) > known[key]:
            found.append((tensor, recorder.info_of(tensor)))
    return found


def _held_by_autograd(tensor: torch.Tensor) -> bool:
    """Return whether C++ holds a tensor too; that counts as a Python reference in newer PyTorch only."""
    uses = getattr(tensor, "_use_count", None)
    return uses is not None and bool(uses() > 1)

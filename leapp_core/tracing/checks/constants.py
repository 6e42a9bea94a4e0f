"""Constants must be constant: memory that changes between the steps, or that a first step derived from its inputs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from leapp_core.errors import CaptureError
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.leaves import Constant
from leapp_core.tracing.find.messages import declared_elsewhere, describe_read
from leapp_core.tracing.find.slicing import Slicer


def check_constants(slicer: Slicer, found: NodeAnalysis) -> None:
    """Refuse what a node reads as a constant and is none.

    Args:
        slicer: Slicer of the record.
        found: The node's analysis.

    Raises:
        CaptureError: naming what is read, where, and the fix.
    """
    for storage, leaf in found.leaves.items():
        if not isinstance(leaf, Constant):
            continue
        record = slicer.recorder.storages[storage]
        if leaf.lazy:
            _check_latched(slicer, found, storage)
        if found.step.begin <= record.literal < found.step.end:
            continue
        mask = found.sliced.live_in.get(storage)
        for step in range(1 if leaf.lazy else 0, len(found.steps)):
            if not _unchanged(slicer, found, storage, mask, step):
                raise _live(slicer, found, storage, step)


def _check_latched(slicer: Slicer, found: NodeAnalysis, storage: int) -> None:
    """Refuse a constant that the first step computed from its inputs."""
    need = slicer.masks()
    need.merge(storage, found.sliced.live_in.get(storage))
    sliced = slicer.backward(found.steps[0], need, outputs=False)
    if sliced.used:
        reads = found.reads.get(storage, [])
        what, place = describe_read(slicer, found, reads[0]) if reads else ("a tensor", None)
        raise CaptureError(
            f"node {found.node!r}: {what} was computed from input {min(sliced.used)!r} of the first step and kept",
            where=place,
            expected="constants that do not depend on observations",
            fix="compute it before the first step, declare it as an input, or update it in every step",
            code="C011",
        )


def _unchanged(slicer: Slicer, found: NodeAnalysis, storage: int, mask: npt.NDArray[np.bool_], step: int) -> bool:
    record = slicer.recorder.storages[storage]
    mine = record.value_at(found.step.begin)
    its = record.value_at(found.steps[step].begin)
    if record.parameter:
        mine, its = record.snapshots[0][1], slicer.recorder.current_bytes(record)
    if mine is None or its is None or mine is its:
        return True
    size = min(len(mine), len(its), len(mask))
    left = np.frombuffer(mine, np.uint8)[:size][mask[:size]]
    right = np.frombuffer(its, np.uint8)[:size][mask[:size]]
    return bool(np.array_equal(left, right))


def _live(slicer: Slicer, found: NodeAnalysis, storage: int, step: int) -> CaptureError:
    reads = found.reads.get(storage, [])
    record = slicer.recorder.storages[storage]
    if reads:
        what, place = describe_read(slicer, found, reads[0])
    else:
        what, place = f"memory of {record.nbytes} bytes", ""
    declared = declared_elsewhere(slicer, found.node, reads[0].info.storage) if reads else ""
    what = f"{what.removesuffix(',')}, memory owned by other software," if record.foreign else what
    return CaptureError(
        f"node {found.node!r}: {what} changes between steps (seen in step {step}), and no recorded "
        "call explains it (undeclared input)" + (f"; it is {declared}" if declared else ""),
        where=place or None,
        expected="a declared input, or a tensor that only recorded calls change",
        fix=f"declare it: session.input_tensors({found.node!r}, {{'name': tensor}})",
        code="C001",
    )

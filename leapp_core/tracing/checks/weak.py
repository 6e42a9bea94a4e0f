"""Weak references to tensors that only the record keeps alive: without capture they would be dead."""

from __future__ import annotations

import weakref

from leapp_core.errors import CaptureError
from leapp_core.tracing.checks.single import held_by_user
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.messages import describe_tensor
from leapp_core.tracing.find.slicing import Slicer

_KINDS = (weakref.ref, weakref.KeyedRef)  # not those of PyTorch, which derive from them


def check_weak_references(slicer: Slicer, found: NodeAnalysis) -> None:
    """Refuse them: in a session they still give the tensor.

    Raises:
        CaptureError: naming the call that made the tensor.
    """
    recorder = slicer.recorder
    # By identity: another list of them would count as a holder.
    watched = {id(t) for t in recorder.held_tensors() if any(type(ref) in _KINDS for ref in weakref.getweakrefs(t))}
    watched -= {id(tensor) for tensor, _ in held_by_user(recorder)} if watched else set()
    for tensor in (t for t in recorder.held_tensors() if id(t) in watched):
        info = recorder.info_of(tensor)
        birth = recorder.storages[info.storage].birth
        at = recorder.events[birth] if birth >= 0 else None
        raise CaptureError(
            f"node {found.node!r}: {describe_tensor(info)} has a weak reference and no other; the record keeps it "
            "alive, so the reference gives it where it would give nothing without capture",
            where=recorder.sites.describe(at.stack, at.line) if at is not None else None,
            expected="tensors that the program holds by itself",
            fix="hold the tensor in an attribute, and set that to None where it is given up",
            code="C017",
        )

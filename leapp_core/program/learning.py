"""Modules in training mode that go on learning while they act: exported exactly, and hardly ever meant on a robot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import CodeType, FunctionType

import torch

from leapp_core.program.constants import storages_over_steps
from leapp_core.program.states import StateSlot
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.slicing import Slicer


def learning_modules(slicer: Slicer, found: NodeAnalysis, slots: Sequence[StateSlot]) -> Iterator[str]:
    """Yield a warning for each module whose buffers are state because it is in training mode.

    A buffer that changes may be meant (a history, a recurrent state), so only modules count whose own code asks for
    the mode, as normalizers that learn do.
    """
    if not slots:
        return
    storages = (slicer.recorder.storages[number] for slot in slots for number in storages_over_steps(found, slot))
    carried = {record.storage.data_ptr() for record in storages}
    for module in slicer.heap.kinds_of(torch.nn.Module):
        if module.training and asks_for_mode(type(module)):
            buffers = module.named_buffers(recurse=False)
            changed = [name for name, buffer in buffers if buffer.untyped_storage().data_ptr() in carried]
            if changed:
                yield (
                    f"{type(module).__name__} of node {found.node!r} is in training mode and goes on learning on the "
                    f"robot: {', '.join(changed)} {'changes' if len(changed) == 1 else 'change'} in every step; call "
                    ".eval() on the module before recording"
                )


def asks_for_mode(kind: type) -> bool:
    """Return whether the code of a module's own classes reads ``training``."""
    own = (base for base in kind.__mro__ if not base.__module__.startswith("torch.") and base is not object)
    return any(_reads(item.__code__) for base in own for item in vars(base).values() if isinstance(item, FunctionType))


def _reads(code: CodeType) -> bool:
    return "training" in code.co_names or any(_reads(c) for c in code.co_consts if isinstance(c, CodeType))

"""The state ports of a node: what is carried, where it lies, where its successor lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from leapp_core.errors import CaptureError
from leapp_core.program.views import ViewTable, choose_root
from leapp_core.spec.dtypes import DTYPES
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.chains import Chain
from leapp_core.tracing.find.leaves import InPlaceState
from leapp_core.tracing.find.messages import describe_read, describe_tensor
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.record.events import TensorInfo
from leapp_core.tracing.record.regions import is_dense


@dataclass(frozen=True)
class StateSlot:
    """One automatically found state.

    Attributes:
        index: Position among the node's states.
        read: Geometry of its value in the reference step.
        next_info: Geometry of its successor in the reference step.
        chain: What makes a value kept by reference; ``None`` for in-place state.
        age: How many steps before it is read the value was made (1 for in-place state).
    """

    index: int
    read: TensorInfo
    next_info: TensorInfo
    chain: Chain | None
    age: int


def state_slots(slicer: Slicer, found: NodeAnalysis, views: ViewTable) -> tuple[StateSlot, ...]:
    """Return the states of a node in a stable order: in-place ones, then kept ones by producer and age."""
    used = used_infos(slicer, found, found.sliced.events)
    slots: list[StateSlot] = []
    for storage, leaf in sorted(found.leaves.items()):
        if isinstance(leaf, InPlaceState):
            root = in_place_root(slicer, views, storage, used.get(storage, []))
            slots.append(StateSlot(len(slots), root, root, None, 1))
    for chain, oldest in sorted(found.chains().items()):
        following = found.chain_table.successor(chain)
        for age in range(1, oldest + 1):
            info = found.chain_table.made_in(chain, found.reference - age)
            if info is None:  # analyse() refuses a chain with a gap before this is asked
                break
            slots.append(StateSlot(len(slots), info, following, chain, age))
            following = info
    return tuple(slots)


def check_types(slicer: Slicer, found: NodeAnalysis, slots: Iterable[StateSlot]) -> None:
    """Refuse states of types that no bundle can hold.

    Raises:
        CaptureError: naming the state, where it is read, and the fix.
    """
    for slot in slots:
        if str(slot.read.dtype).removeprefix("torch.") not in DTYPES:
            reads = found.reads.get(slot.read.storage, [])
            what, where = describe_read(slicer, found, reads[0]) if reads else (describe_tensor(slot.read), None)
            raise CaptureError(
                f"node {found.node!r}: {what} is state, and a bundle holds no such numbers from step to step",
                where=where,
                expected="state of a real, whole or boolean type",
                fix="keep the real and the imaginary part (torch.view_as_real, torch.view_as_complex)"
                if slot.read.dtype.is_complex
                else "keep it in another type",
                code="C029",
            )


def used_infos(slicer: Slicer, found: NodeAnalysis, events: Iterable[int]) -> dict[int, list[TensorInfo]]:
    """Return every geometry that some calls, the declared outputs and the needed declared inputs use, by storage."""
    step = found.step
    used: dict[int, list[TensorInfo]] = {}
    for index in events:
        event = slicer.recorder.events[index]
        effects = slicer.effects.of(event)
        for info in (*(event.ins[i] for i in effects.reads), *(w.info for w in effects.writes)):
            used.setdefault(info.storage, []).append(info)
        for info in (i for selection in effects.mirrors for i in selection.ins):
            used.setdefault(info.storage, []).append(info)
    for declaration in step.outputs.values():
        used.setdefault(declaration.info.storage, []).append(declaration.info)
    for declaration in step.inputs.values():
        if declaration.info.storage in used:
            used[declaration.info.storage].append(declaration.info)
    return used


def in_place_root(slicer: Slicer, views: ViewTable, storage: int, used: list[TensorInfo]) -> TensorInfo:
    """Return the tensor of which all that is used of some memory is part."""
    record = slicer.recorder.storages[storage]
    if record.birth >= 0:
        born = next(o for o in slicer.recorder.events[record.birth].outs if o.storage == storage)
        if is_dense(born):
            return born
    return choose_root(used, views.seen_on(storage))

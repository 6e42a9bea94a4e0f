"""Gives recorded calls the twins of the numbers that they were given, where those change from step to step."""

from __future__ import annotations

from typing import Any

import torch

from leapp_core.tracing.record.events import Event, StorageRecord
from leapp_core.tracing.record.numbers import Given
from leapp_core.tracing.record.recorder import PACK, TraceRecorder
from leapp_core.tracing.record.selected import SELECT
from leapp_core.tracing.record.storage import tensors_of

aten = torch.ops.aten

_SAME = (
    aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor, aten.div.Tensor, aten.add_.Tensor, aten.sub_.Tensor,
    aten.mul_.Tensor, aten.div_.Tensor, aten.div.Tensor_mode, aten.floor_divide.default,
)  # fmt: skip
_OTHER = {
    aten.rsub.Scalar: ((1,), aten.sub.Tensor),
    aten.pow.Tensor_Scalar: ((1,), aten.pow.Tensor_Tensor),
    aten.pow.Scalar: ((0,), aten.pow.Tensor_Tensor),
    aten.gt.Scalar: ((1,), aten.gt.Tensor),
    aten.ge.Scalar: ((1,), aten.ge.Tensor),
    aten.lt.Scalar: ((1,), aten.lt.Tensor),
    aten.le.Scalar: ((1,), aten.le.Tensor),
    aten.eq.Scalar: ((1,), aten.eq.Tensor),
    aten.ne.Scalar: ((1,), aten.ne.Tensor),
    aten.fmod.Scalar: ((1,), aten.fmod.Tensor),
    aten.remainder.Scalar: ((1,), aten.remainder.Tensor),
    aten.fill_.Scalar: ((1,), aten.fill_.Tensor),
    aten.clamp.default: ((1, 2), aten.clamp.Tensor),
    aten.clamp_.default: ((1, 2), aten.clamp_.Tensor),
    aten.clamp_min.default: ((1,), aten.clamp_min.Tensor),
    aten.clamp_max.default: ((1,), aten.clamp_max.Tensor),
    aten.where.ScalarOther: ((2,), aten.where.self),
    aten.where.ScalarSelf: ((1,), aten.where.self),
    aten.masked_fill.Scalar: ((2,), aten.masked_fill.Tensor),
    aten.masked_fill_.Scalar: ((2,), aten.masked_fill_.Tensor),
    aten.lerp.Scalar: ((2,), aten.lerp.Tensor),
}
ARGUMENTS: dict[Any, tuple[int, ...]] = {func: (1,) for func in _SAME} | {f: at for f, (at, _) in _OTHER.items()}
"""Calls that take a number, or a tensor in its place, and where."""
FILLED: dict[Any, tuple[int, ...]] = {
    aten.full.default: (1,),
    aten.full_like.default: (1,),
    aten.new_full.default: (2,),
}
"""Calls that fill a new tensor with a number."""


def promote(recorder: TraceRecorder) -> None:
    """Give calls twins in place of numbers that change; what was done before stays done."""
    if not recorder.numbers.given:
        return
    recorder.settle()
    log = recorder.numbers
    for given in list(log.to_promote()):
        event = recorder.events[given.event]
        if given.kind == "select":
            _select(recorder, event, given)
        else:
            recorder.events[given.event] = _replaced(recorder, event, given)
        log.promoted = True


def _replaced(recorder: TraceRecorder, event: Event, given: Given) -> Event:
    if given.kind == "pack":
        elements = given.twin
        record = recorder.storages[event.outs[0].storage]
        record.literal, record.foreign, record.birth, record.snapshots = -1, False, event.index, []
        return _event(recorder, event, PACK, (elements,), {}, recorder.pack_plan)
    if given.kind == "clone":
        options = {"memory_format": torch.contiguous_format}
        return _event(recorder, event, aten.clone.default, (given.twin,), options)
    if given.kind == "rows":
        return _event(recorder, event, aten.index_select.default, (event.args[0], given.position, given.twin), {})
    if given.kind == "operand":
        args = tuple(given.twin if i == given.position else a for i, a in enumerate(event.args))
        return _event(recorder, event, event.func, args, event.kwargs)
    func = _OTHER[event.func][1] if event.func in _OTHER else event.func
    twins = dict(given.twin)
    args = tuple(twins.get(i, a) for i, a in enumerate(event.args))
    if event.func == aten.rsub.Scalar:
        args = (args[1], args[0])
    return _event(recorder, event, func, args, event.kwargs)


def _event(
    recorder: TraceRecorder, event: Event, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], plan: Any = None
) -> Event:
    """Return an event in the place of another, with the same results."""
    operands = args[0] if func == PACK else (*args, *kwargs.values())
    known = {id(t): info for t, info in zip(tensors_of((*event.args, *event.kwargs.values())), event.ins, strict=False)}
    ins = [known.get(id(t)) or recorder.info_of(t) for t in tensors_of(operands)]
    plan = plan or recorder.plans.learn(func)
    return Event(event.index, func, args, kwargs, event.out, ins, event.outs, plan, event.stack, event.line)


def _select(recorder: TraceRecorder, event: Event, given: Given) -> None:
    """Let rows lie in a storage of their own: what is in them depends on the index, not only on the tensor."""
    base, out, axis = event.ins[0], event.outs[0], event.args[1]
    start = event.args[2] % max(base.sizes[axis], 1) * base.strides[axis]
    real, offset = base.storage, base.offset + start
    number = len(recorder.storages)
    record = StorageRecord(number, recorder.storages[base.storage].storage, event.index)
    recorder.storages.append(record)
    info = out._replace(storage=number, offset=0)
    record.first_info = info
    ins = [base, recorder.info_of(given.twin)]
    made = Event(
        event.index, SELECT, (event.args[0], axis, given.twin), {}, event.out, ins, [info],
        recorder.selections.plan, event.stack, event.line,
    )  # fmt: skip
    record.selected = made
    recorder.events[event.index] = made
    recorder.touched.add(number)
    recorder.selections.move(number, real, offset)
    moved = {id(event.out)}
    recorder.known[id(event.out)] = info
    for later in recorder.events[event.index + 1 :]:
        operands = tensors_of(later.args[0] if later.func == PACK else (*later.args, *later.kwargs.values()))
        hits = [i for i, t in enumerate(operands) if id(t) in moved]
        for i in hits:
            if later.ins[i].storage == real:
                later.ins[i] = later.ins[i]._replace(storage=number, offset=later.ins[i].offset - offset)
        if not hits:
            continue
        for i, tensor in enumerate(tensors_of((later.out,))):
            if later.outs[i].storage == real:
                moved.add(id(tensor))
                later.outs[i] = later.outs[i]._replace(storage=number, offset=later.outs[i].offset - offset)
                recorder.known[id(tensor)] = later.outs[i]
    for declaration in recorder.declarations:
        if id(declaration.tensor) in moved and declaration.info.storage == real:
            declaration.info = declaration.info._replace(storage=number, offset=declaration.info.offset - offset)

"""Wires between nodes: a declared output, passed on unchanged, that is declared as an input."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from leapp_core.errors import CaptureError
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import Edge
from leapp_core.tracing.find.messages import declared_at, where
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.find.steps import Step
from leapp_core.tracing.record.events import Declaration, TensorInfo
from leapp_core.tracing.record.recorder import TraceRecorder, unrecorded

# Calls that hand a value on: the same elements, maybe in other memory.
PASSED_ON = frozenset(
    {
        "aten::clone", "aten::detach", "aten::alias", "aten::contiguous", "aten::to", "aten::_to_copy",
        "aten::lift_fresh", "aten::detach_", "aten::view", "aten::reshape", "aten::view_as",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Wiring:
    """Edges of a session.

    Attributes:
        data_flow: Edges within one step.
        feedback: Edges to the next step.
    """

    data_flow: tuple[Edge, ...]
    feedback: tuple[Edge, ...]


def find_edges(slicer: Slicer, steps: dict[str, tuple[Step, ...]]) -> Wiring:
    """Find the edges between declared ports.

    An input that is a declared output of the same step is a forward edge, of the step before a feedback edge. In the
    first step a feedback input is fed from outside; its value there is the initial value.

    Raises:
        CaptureError: an input comes from an output in some steps and from elsewhere in others, or was computed from
            an output of another node between the two.
    """
    recorder = slicer.recorder
    made_by = _makers(recorder)
    sources: dict[PortRef, dict[int, tuple[PortRef, int] | None]] = {}
    outputs = {
        id(d): (PortRef(node, name), k)
        for node, items in steps.items()
        for k, step in enumerate(items)
        for name, d in step.outputs.items()
        if d.role == "output"
    }
    by_tensor: dict[int, list[Declaration]] = {}
    for d in recorder.declarations:
        if id(d) in outputs:
            by_tensor.setdefault(id(d.tensor), []).append(d)
    for node, items in steps.items():
        for k, step in enumerate(items):
            for name, d in step.inputs.items():
                if d.role == "input":
                    source = _source(slicer, d, made_by, by_tensor)
                    sources.setdefault(PortRef(node, name), {})[k] = outputs[id(source)] if source else None
    _check_rates(slicer, steps, sources)
    wiring = _classify(sources)
    _check_broken(slicer, steps, {edge.target for edge in (*wiring.data_flow, *wiring.feedback)})
    return wiring


def _check_rates(
    slicer: Slicer,
    steps: dict[str, tuple[Step, ...]],
    sources: dict[PortRef, dict[int, tuple[PortRef, int] | None]],
) -> None:
    """Refuse an edge between nodes that do not run equally often: the pairs of their steps drift apart."""
    for target, by_step in sources.items():
        found = {(s[0], k - s[1]) for k, s in by_step.items() if s is not None and k > 0}
        source = next(iter(found))[0] if found else target
        runs = len(steps[source.node]), len(steps[target.node])
        if len(found) > 1 and all(s == source for s, _ in found) and runs[0] != runs[1]:
            raise CaptureError(
                f"input {str(target)!r} is output {str(source)!r}, but node {source.node!r} ran {runs[0]} times and "
                f"node {target.node!r} {runs[1]} times",
                where=declared_at(slicer, steps[target.node][-1].inputs[target.port]),
                expected="nodes that run equally often",
                fix="run both in every step and keep what is not due with torch.where and a counter that is a tensor, "
                "or capture each in a session of its own",
                code="C023",
            )


def _check_broken(slicer: Slicer, steps: dict[str, tuple[Step, ...]], fed: set[PortRef]) -> None:
    """Refuse an input that was computed, within the same tick, from another node's output."""
    first = min(steps, key=lambda node: steps[node][0].begin)
    for node, items in steps.items():
        step = items[-1]
        for name, declaration in step.inputs.items():
            if node == first or PortRef(node, name) in fed or declaration.role != "input":
                continue
            tick = max((s.begin for s in steps[first] if s.begin <= declaration.index), default=0)
            others = [s for other, theirs in steps.items() if other != node for s in theirs]
            made = _within(tick, declaration, [d for s in others for d in s.outputs.values()])
            # What is computed from another node's input may come from outside; its memory, written since, does not.
            same = [d for s in others for d in s.inputs.values() if d.info.storage == declaration.info.storage]
            given = _within(tick, declaration, same)
            sliced = slicer.backward_to(declaration.info, tick, declaration.index, [*made, *given])
            broken = [d for d in (*made, *given) if d.port in sliced.used]
            if broken and (sliced.events or broken[0].role == "output"):
                raise _computed(slicer, declaration, broken[0], sliced.events)


def _within(tick: int, declaration: Declaration, ports: list[Declaration]) -> list[Declaration]:
    """Return the ports declared in the same tick before an input."""
    return [d for d in ports if tick <= d.index <= declaration.index and d.order < declaration.order]


def _computed(slicer: Slicer, declaration: Declaration, source: Declaration, events: tuple[int, ...]) -> CaptureError:
    how = "is computed from" if events else "is a part of, or another view of,"
    return CaptureError(
        f"input {declaration.port!r} of node {declaration.node!r} {how} {source.role} {source.port!r} of node "
        f"{source.node!r} between the two nodes (an edge broken by computation between nodes)",
        where=where(slicer, slicer.recorder.events[events[0]]) if events else declared_at(slicer, declaration),
        expected="computation inside a node, and outputs passed on unchanged",
        fix="move the computation before output_tensors or after input_tensors",
        code="C022",
    )


@dataclass(frozen=True)
class _Maker:
    """A tensor was handed on from ``source`` by the call at ``index``."""

    source: torch.Tensor
    index: int


def _makers(recorder: TraceRecorder) -> dict[int, _Maker]:
    """Return result tensor object to what it was handed on from."""
    makers: dict[int, _Maker] = {}
    for event in recorder.events:
        if event.plan.name in PASSED_ON and isinstance(event.out, torch.Tensor) and event.out is not event.args[0]:
            same_type = not event.ins or event.outs[0].dtype == event.ins[0].dtype
            if same_type and event.outs[0].sizes == event.ins[0].sizes:
                makers[id(event.out)] = _Maker(event.args[0], event.index)
    return makers


def _source(
    slicer: Slicer, declaration: Declaration, makers: dict[int, _Maker], by_tensor: dict[int, list[Declaration]]
) -> Declaration | None:
    """Return the declared output that an input is, handed on unchanged.

    Raises:
        CaptureError: recorded calls wrote to it on the way.
    """
    tensor, until, info = declaration.tensor, declaration.index, declaration.info
    writes: list[int] = []
    while True:
        earlier = [d for d in by_tensor.get(id(tensor), ()) if d.index <= until and d.order < declaration.order]
        maker = makers.get(id(tensor))
        since = earlier[-1].index if earlier else maker.index if maker else until
        writes += _writes_between(slicer, info, since, until)
        if earlier:
            if writes:
                raise _broken(slicer, declaration, earlier[-1], writes[0])
            return earlier[-1] if _equal(earlier[-1].value, declaration.value) else None
        if maker is None:
            return None
        tensor, until = maker.source, maker.index
        info = slicer.recorder.events[maker.index].ins[0]


def _writes_between(slicer: Slicer, info: TensorInfo, since: int, until: int) -> list[int]:
    region = slicer.regions.of(info)
    probe = slicer.masks()
    probe.add(info.storage, region)
    return [
        event.index
        for event in slicer.recorder.events[since:until]
        for write in slicer.effects.of(event).writes
        if probe.touches(write.info.storage, slicer.written(write))
    ]


def _broken(slicer: Slicer, declaration: Declaration, source: Declaration, index: int) -> CaptureError:
    return CaptureError(
        f"input {declaration.port!r} of node {declaration.node!r} is output {source.port!r} of node {source.node!r}, "
        "changed by a call in between (an edge broken by computation between nodes)",
        where=where(slicer, slicer.recorder.events[index]),
        expected="computation inside a node, and outputs passed on unchanged",
        fix="move the computation before output_tensors or after input_tensors, or work on a clone",
        code="C022",
    )


def _equal(a: torch.Tensor, b: torch.Tensor) -> bool:
    with unrecorded():
        return a.shape == b.shape and a.dtype == b.dtype and bool(torch.allclose(a, b, 0, 0, equal_nan=True))


def _classify(sources: dict[PortRef, dict[int, tuple[PortRef, int] | None]]) -> Wiring:
    forward: list[Edge] = []
    feedback: list[Edge] = []
    for target, by_step in sources.items():
        found = {k: (s[0], k - s[1]) if s else None for k, s in by_step.items()}
        first = found.pop(0, None) if len(found) > 1 else None
        wires = set(found.values())
        if wires == {None}:
            continue
        wire = next(w for w in wires if w is not None)
        source, delay = wire
        # A fed-back input begins with a value from outside; one wired forward is wired in the first step too.
        begins_otherwise = len(by_step) > 1 and first != (None if delay else wire)
        if len(wires) > 1 or begins_otherwise:
            raise CaptureError(
                f"input {str(target)!r} comes from an output in some steps and from elsewhere in others",
                expected="the same source in every step; a value from outside only in the first, for feedback",
                fix="declare the tensor that really enters the node in every step",
                code="C023",
            )
        if delay not in (0, 1):
            raise CaptureError(
                f"input {str(target)!r} is output {str(source)!r} of {delay} steps before",
                expected="an output of the same step or of the step before",
                fix="carry the delay inside a node: keep it in an attribute, capture finds it as state",
                code="C023",
            )
        (feedback if delay else forward).append(Edge(source, target))
    return Wiring(tuple(forward), tuple(feedback))

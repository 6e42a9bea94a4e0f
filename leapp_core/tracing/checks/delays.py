"""Histories longer than the recording whose first values are one shared tensor: it looks like a constant."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterator

import torch

from leapp_core.errors import RecordingTooShortError
from leapp_core.tracing.checks.single import held_by_user
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.leaves import Constant
from leapp_core.tracing.find.messages import describe_read
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.record.recorder import TraceRecorder
from leapp_core.tracing.record.storage import tensors_of


def check_delays(slicer: Slicer, found: NodeAnalysis) -> None:
    """Refuse a constant that waits in a list beside results of several steps.

    ``deque([zeros] * 8)`` gives the same zeros to as many steps as were captured, and results after that.

    Raises:
        CaptureError: naming the line that reads the constant.
    """
    constants = {s for s, leaf in found.leaves.items() if isinstance(leaf, Constant) and found.reads.get(s)}
    constants -= {s for s in constants if slicer.recorder.storages[s].parameter}
    if len(found.steps) < 2 or not constants:
        return
    results = _results_of_several_steps(slicer, found)
    if not results:
        return
    recorder = slicer.recorder
    tensors = [t for t in recorder.held_tensors() if recorder.storage_number(t) in constants]
    for tensor in _beside(recorder, tensors, results):
        raise _too_short(
            slicer,
            found,
            recorder.storage_number(tensor),
            "lies in a list together with results of several steps: a history or delay longer than the recording",
        )
    shapes = _shapes_of_queues_as_long_as_the_recording(recorder, results, constants, len(found.steps))
    for storage in sorted(constants):
        read, record = found.reads[storage][0], recorder.storages[storage]
        if record.literal < 0 and not record.foreign and read.info.sizes in shapes:
            raise _too_short(
                slicer,
                found,
                storage,
                f"a queue of {len(found.steps)} entries holds results of all {len(found.steps)} steps: it may be the "
                "last of what the queue was filled with at the start",
            )


def _too_short(slicer: Slicer, found: NodeAnalysis, storage: int, why: str) -> RecordingTooShortError:
    what, place = describe_read(slicer, found, found.reads[storage][0])
    return RecordingTooShortError(
        f"node {found.node!r}: {what} is the same in every captured step, and {why}",
        where=place,
        expected="more captured steps than the history is long",
        fix="capture more steps than the history is long (max_cached_io), or keep it in one tensor",
        code="C010",
    )


def lets_go_of_constants(slicer: Slicer, found: NodeAnalysis) -> bool:
    """Return whether user code, about to make another step, no longer has what each step so far has read.

    The last zeros that a queue was filled with have just left it.
    """
    storages = slicer.recorder.storages
    constants = {
        number
        for number, leaf in found.leaves.items()
        if isinstance(leaf, Constant) and found.reads.get(number) and not storages[number].parameter
        and storages[number].literal < 0 and not storages[number].foreign
    }  # fmt: skip
    return bool(constants and constants - {info.storage for _, info in held_by_user(slicer.recorder)})


def _results_of_several_steps(slicer: Slicer, found: NodeAnalysis) -> set[int]:
    """Return ``id`` of the tensors that user code holds of calls, or inputs, of more than one step."""
    made: dict[object, dict[int, list[int]]] = {}
    recorder = slicer.recorder
    ports = {d.info.storage: (k, p) for k, s in enumerate(found.steps) for p, d in s.inputs.items()}
    twins = recorder.numbers.twins(recorder)
    for tensor, info in held_by_user(recorder):
        if id(tensor) in twins:
            continue
        birth = recorder.storages[info.storage].birth
        step = next((k for k, s in enumerate(found.steps) if s.begin <= birth < s.end), None)
        if step is not None:
            event = recorder.events[birth]
            made.setdefault((event.func, event.stack), {}).setdefault(step, []).append(id(tensor))
        elif info.storage in ports:
            made.setdefault(ports[info.storage][1], {}).setdefault(ports[info.storage][0], []).append(id(tensor))
    return {t for by_step in made.values() if len(by_step) > 1 for tensors in by_step.values() for t in tensors}


def _shapes_of_queues_as_long_as_the_recording(
    recorder: TraceRecorder, results: set[int], constants: set[int], steps: int
) -> set[tuple[int, ...]]:
    """Return the shapes of what lies in queues that took one entry per captured step.

    With one step more the oldest entry would be read; so far each step has read what was there before the first. Lists
    are left out: one with an entry per step is a log.
    """
    kept = {id(t): recorder.storage_number(t) for t in recorder.held_tensors()}
    queues = gc.get_referrers(*(t for t in recorder.held_tensors() if id(t) in results))
    return {
        tuple(queue[-1].shape)
        for queue in queues
        if isinstance(queue, deque) and len(queue) == steps and id(queue[-1]) in results
        if all(id(t) in kept and kept[id(t)] not in constants for t in queue)
    }


def _beside(recorder: TraceRecorder, tensors: list[torch.Tensor], results: set[int]) -> Iterator[torch.Tensor]:
    """Yield those tensors that a list, tuple or deque of the user holds together with results of several steps."""
    kinds = (list, tuple, deque)
    own = {id(a) for e in recorder.events for a in (e.args, *e.args, *e.kwargs.values()) if isinstance(a, kinds)}
    own |= {id(recorder.held_tensors()), id(tensors)}
    wanted = set(map(id, tensors))
    for holder in gc.get_referrers(*tensors):  # all at once: it looks at every object there is
        if isinstance(holder, kinds) and id(holder) not in own:
            held = {id(t): t for t in tensors_of(holder)}
            for tensor in (t for key, t in held.items() if key in wanted):
                if sum(key in results and t.shape == tensor.shape for key, t in held.items()) > 1:
                    yield tensor

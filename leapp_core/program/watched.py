"""Hold a program against the later steps of its session, of which inputs and outputs were kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np
import torch

from leapp_core.errors import CaptureError
from leapp_core.program.follow import Declared, Difference, Follower
from leapp_core.program.memory import LiftedConstant
from leapp_core.program.node import CompiledNode
from leapp_core.program.replay import device_tolerance
from leapp_core.spec.names import PortRef
from leapp_core.tracing.find.messages import declared_at, made_at, where
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.result import CapturedPipeline, Evidence
from leapp_core.tracing.watch import Watch
from leapp_core.words import counted

_INPUTS = ("input", "state")


def hold_against_later_steps(
    captured: CapturedPipeline, nodes: Mapping[str, CompiledNode], slicer: Slicer, watch: Watch
) -> CapturedPipeline:
    """Run a program over the later steps of its session.

    Args:
        captured: The program.
        nodes: How its nodes were found.
        slicer: Slicer of the record.
        watch: The later steps.

    Returns:
        The program with what was found: how many steps it held for, and constants that changed without a difference.

    Raises:
        CaptureError: a later step gave something else; names step, port, element, values and the likely line.
    """
    if not watch.length:
        return captured
    lines = _Lines(nodes, slicer, watch)
    unproven = list(captured.unproven)
    if set(watch.steps) != set(captured.programs) or len(set(captured.steps.values())) > 1:
        unproven.append("the later steps were not compared: nodes run at different rates, or not all of them any more")
        return replace(captured, unproven=tuple(unproven))
    device = next(iter(next(iter(watch.steps.values()))[0].values.values())).device.type
    follower = Follower(captured, device_tolerance(device))
    for declared in _declared(watch):
        difference = follower.follow(declared)
        if difference is not None:
            raise _refusal(difference, follower, lines, captured)
        if follower.stopped is not None:
            break
    unproven += [
        f"{name} of node {node!r} changed after the recorded steps (used at {place}), though no watched step gave "
        "anything else"
        for node, name, place in lines.changed_constants()
    ]
    dropped = max(watch.dropped.values(), default=0)
    if dropped:
        unproven.append(f"{dropped} later steps were not compared: the first {watch.length} fill what a session keeps")
    if follower.stopped is not None:
        unproven.append(f"later steps were not compared any more: {follower.stopped}")
    if watch.ended is not None:
        unproven.append(watch.ended)
    shaken = sum(watch.shaken(number) for number in range(follower.steps))
    evidence = Evidence(follower.steps, shaken, dropped, tuple(follower.resets), follower.stopped, follower.max_error)
    notes = captured.notes
    if follower.resets:
        shown = ", ".join(map(str, follower.resets[:5])) + (", ..." if len(follower.resets) > 5 else "")
        which = f"step {shown}" if len(follower.resets) == 1 else f"steps {shown}"
        notes = (
            *notes,
            f"{which} began with initial state, as a new episode does: the bundle begins anew when it is reset, not by "
            "itself",
        )
    return replace(captured, evidence=evidence, unproven=tuple(unproven), notes=notes)


def _declared(watch: Watch) -> Iterator[Declared]:
    for number in range(watch.length):
        inputs: dict[PortRef, torch.Tensor] = {}
        outputs: dict[PortRef, torch.Tensor] = {}
        reset = False
        for node, steps in watch.steps.items():
            reset = reset or steps[number].reset
            for (role, name), value in steps[number].values.items():
                (inputs if role in _INPUTS else outputs)[PortRef(node, name)] = value.cpu()
        yield Declared(inputs, outputs, reset)


def _refusal(difference: Difference, follower: Follower, lines: _Lines, captured: CapturedPipeline) -> CaptureError:
    port, step = difference.port, difference.step
    recorded = step - follower.steps
    cause, place, fix = lines.cause(port, follower.steps, recorded, of_input=difference.of_input)
    what = "input" if difference.of_input else "output"
    return CaptureError(
        f"node {port.node!r}: {counted(recorded, 'step was', 'steps were')} recorded, and the program that they show "
        f"does not give {what} {port.port!r} of step {step}: {difference.detail}" + (f"; {cause}" if cause else ""),
        where=place,
        expected="later steps that do what the recorded ones did",
        fix=fix,
        code="C030",
    )


class _Lines:
    """What lines of the user's code have to do with a difference."""

    def __init__(self, nodes: Mapping[str, CompiledNode], slicer: Slicer, watch: Watch) -> None:
        self._nodes = nodes
        self._slicer = slicer
        self._watch = watch

    def cause(self, port: PortRef, later: int, recorded: int, *, of_input: bool) -> tuple[str, str | None, str]:
        """Return the likely cause, its line, and the fix."""
        enough = recorded + later + 2
        longer = (
            f"record at least {enough} steps (max_cached_io={enough}): they either show what happens in step "
            f"{recorded + later}, or name the line that decides it"
        )
        for node, name, place in self.changed_constants():
            if node == port.node and not of_input:
                fix = f"declare it: session.input_tensors({node!r}, {{'name': tensor}})"
                return f"{name}, which the program holds as a constant, changed while the session was open", place, fix
        other = self._other_calls(port.node, later)
        if other is not None:
            text, place = other
            return text, place, "decide with a tensor (torch.where on an input or a state that counts); or " + longer
        if of_input:
            return "what feeds it is another value than in the recorded steps", self._declared_at(port), longer
        found = self._nodes[port.node].found
        return "", made_at(self._slicer, found, port.port), longer

    def changed_constants(self) -> Iterator[tuple[str, str, str]]:
        """Yield node, description and line of constants whose memory held something else when the session ended."""
        for name, node in self._nodes.items():
            for constant in node.lifted:
                if self._changed(node, constant):
                    event = constant.event
                    reads = node.found.reads.get(constant.info.storage, [])
                    event = reads[0].event if reads else event
                    at = where(self._slicer, self._slicer.recorder.events[event]) if event >= 0 else "an output"
                    yield name, f"{constant.role} {constant.name}", at

    def _changed(self, node: CompiledNode, constant: LiftedConstant) -> bool:
        """Return whether what a constant was made of holds something else now, in the bytes that the program reads."""
        storages = self._slicer.recorder.storages
        for number in self._sources(constant) & self._watch.changed.keys():
            now = np.frombuffer(self._watch.changed[number], np.uint8)
            then = np.frombuffer(storages[number].snapshots[-1][1], np.uint8)
            read = node.found.sliced.live_in
            mask = read.get(number)[: len(now)] if number in read else np.ones(len(now), bool)
            if len(now) != len(then) or bool((now != then)[mask].any()):
                return True
        return False

    def _sources(self, constant: LiftedConstant) -> set[int]:
        """Return the storages from outside that a constant is, or was computed from in the session."""
        events, storages = self._slicer.recorder.events, self._slicer.recorder.storages
        wanted = {constant.info.storage}
        for index in range(constant.event - 1, -1, -1):
            effects = self._slicer.effects.of(events[index])
            if wanted & {i.storage for i in (*effects.births, *(w.info for w in effects.writes))}:
                wanted |= {events[index].ins[position].storage for position in effects.reads}
        return {number for number in wanted if storages[number].birth < 0 and storages[number].snapshots}

    def _other_calls(self, node: str, later: int) -> tuple[str, str] | None:
        """Return what a step, or the one before it, calls beside what the first later step does, and the line."""
        steps = self._watch.steps[node]
        sequences = list(self._watch.sequences)
        for at in (later, later - 1):
            if at > 0 and at < len(steps) and -1 not in (steps[at].calls, steps[0].calls):
                usual, now = sequences[steps[0].calls], sequences[steps[at].calls]
                if usual != now:
                    return self._described(node, len(self._nodes[node].program.samples) + at, usual, now)
        return None

    def _described(self, node: str, step: int, usual: tuple[int, ...], now: tuple[int, ...]) -> tuple[str, str]:
        plans, matcher = self._slicer.recorder.plans, SequenceMatcher(None, usual, now, autojunk=False)
        _, i, j, k, m = next(code for code in matcher.get_opcodes() if code[0] != "equal")
        calls = now[k:m] or usual[i:j]
        names = ", ".join(plans[c].name.removeprefix("aten::") for c in calls[:4]) + (", ..." if len(calls) > 4 else "")
        text = f"step {step} of your code {'calls' if now[k:m] else 'does not call'} {names}"
        found = self._nodes[node].found
        events = self._slicer.recorder.events[found.step.begin : found.step.end]
        recorded = [id(event.func) for event in events]
        for block in SequenceMatcher(None, recorded, usual, autojunk=False).get_matching_blocks():
            if block.b <= i - 1 < block.b + block.size:
                event = events[block.a + i - 1 - block.b]
                place = where(self._slicer, event)
                return f"{text} after {event.plan.name.removeprefix('aten::')}, unlike the recorded steps", place
        place = declared_at(self._slicer, next(iter(found.step.inputs.values())))
        return f"{text} at its beginning, unlike the recorded steps", place

    def _declared_at(self, port: PortRef) -> str:
        step = self._nodes[port.node].found.step
        return declared_at(self._slicer, step.inputs[port.port])

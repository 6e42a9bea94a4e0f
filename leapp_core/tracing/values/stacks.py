"""The user's frames around each recorded call, and which functions they were seen to call."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.source.callsite import FunctionKey, UserFrame, function_key
from leapp_core.tracing.source.owners import Leads


def running(slicer: Slicer) -> dict[tuple[int, int], list[UserFrame]]:
    """Return the frames of every call's stack, without those that stood still while the session was open.

    A session that was opened by a function which has returned since has no driver frame. The frames that all calls
    share, at one instruction, waited for what they had called: the innermost of them drives, those outside are not
    part of the program (a test runner, a training script).
    """
    recorder = slicer.recorder
    hidden = recorder.numbers.hidden()
    shown = [e for e in recorder.events if e.index not in hidden] if hidden else recorder.events
    frames = {(e.stack, e.line): recorder.sites.user_frames(e.stack, e.line) for e in shown}
    frames |= {(d.stack, d.line): recorder.sites.user_frames(d.stack, d.line) for d in recorder.declarations}
    if any(f.driver for found in frames.values() for f in found):
        return frames
    stacks = [[(f.code, f.lasti) for f in reversed(found)] for found in frames.values() if found] or [[]]
    shared = next((n for n, at in enumerate(zip(*stacks, strict=False)) if len(set(at)) > 1), min(map(len, stacks)))
    return {key: _driven(found, shared) for key, found in frames.items()}


def leads(stacks: Iterable[list[UserFrame]]) -> Leads:
    """Return the functions that were seen to be called, by the line of the call."""
    found: dict[tuple[str, int], set[FunctionKey]] = {}
    for inner, outer in (pair for stack in stacks for pair in pairwise(stack)):
        found.setdefault((outer.file, outer.line), set()).add(function_key(inner.code))
    return found


def _driven(frames: list[UserFrame], shared: int) -> list[UserFrame]:
    inner = len(frames) - shared
    return frames[:inner] + [f._replace(driver=True) for f in frames[inner : inner + 1]]

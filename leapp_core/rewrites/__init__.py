"""What a refusal says beyond what is wrong: where a value comes from, and the lines to write instead.

Runs after a refusal only. Lines to paste are made from the user's source, and shown only if they hold: in a forked
copy of the process, which can reach no file, network or device, the loop gives the recorded outputs over the recorded
inputs, the rewritten loop gives the same over those and over shaken ones, and capture takes it. The environment
variable ``LEAPP_REWRITES`` holds the seconds that this may take; 0 switches it off.
"""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any

from leapp_core.errors import CaptureError

if TYPE_CHECKING:
    from leapp_core.tracing.record.recorder import TraceRecorder
    from leapp_core.tracing.result import CapturedPipeline

SECONDS = 20.0
"""Time limit of everything that is done for one refusal, unless :data:`SWITCH` says otherwise."""
SWITCH = "LEAPP_REWRITES"
_IN_A_FUNCTION = (
    "move the step into a function and call it in the loop: functions are followed, the frame that opened the session "
    "runs as it is"
)
_NO_LINES = "(no lines for this code could be made and checked; the page of the code shows how such code is written)"


def compile_session(name: str, recorder: TraceRecorder, *given: Any, follow: bool, **options: Any) -> CapturedPipeline:
    """Do what :func:`leapp_core.program.compile.compile_session` does; a refusal is explained."""
    from leapp_core.program.compile import compile_session as compiled

    try:
        return compiled(name, recorder, *given, follow=follow, **options)
    except CaptureError as refusal:
        raise explained(refusal, recorder, sys._getframe(1), follow=follow).with_traceback(None) from refusal.__cause__


def explained(refusal: CaptureError, recorder: TraceRecorder, frame: FrameType | None, *, follow: bool) -> CaptureError:
    """Say in a refusal what the user's source tells of it; nothing here may fail.

    Args:
        refusal: The refusal; changed in place.
        recorder: The record.
        frame: Where the program was asked for; the loop's frame is this one or below it.
        follow: Whether Python was followed.
    """
    try:
        _explain(refusal, recorder, frame, follow)
    except Exception as error:  # noqa: BLE001 - an explanation that fails must not hide what it explains
        refusal.fix = f"{refusal.fix or ''}\n(no rewrite was tried: {type(error).__name__}: {error})".strip()
    return refusal


def _explain(refusal: CaptureError, recorder: TraceRecorder, frame: FrameType | None, follow: bool) -> None:
    from leapp_core.program.compile import OF_PYTHON
    from leapp_core.rewrites.causes import name_cause, place_of
    from leapp_core.rewrites.engine import find_rewrite
    from leapp_core.rewrites.loop import find_loop
    from leapp_core.rewrites.sandbox import can_fork
    from leapp_core.rewrites.show import shown

    place, line = place_of(refusal)
    name_cause(refusal)
    seconds = float(os.environ.get(SWITCH) or SECONDS)
    if seconds <= 0 or not can_fork():
        return
    loop = find_loop(recorder, frame)
    if follow and loop is not None and refusal.code in OF_PYTHON and loop.has(place, line):
        refusal.fix = f"{refusal.fix}; or {_IN_A_FUNCTION}" if refusal.fix else _IN_A_FUNCTION
    paths = tuple(dict.fromkeys(path for path in (place, loop.path if loop else "") if path))
    checked = find_rewrite(loop, paths, seconds, follow=follow) if loop is not None else None
    if checked is None or loop is None:
        refusal.fix = f"{refusal.fix or 'see the page'}\n{_NO_LINES}"
        return
    refusal.rewrite = (
        f"{shown(checked)}\n(replayed: {checked.steps} recorded steps and {checked.more} with other inputs "
        "give the same outputs, and capture takes it)"
    )

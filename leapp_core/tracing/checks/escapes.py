"""Values that left the tensors for Python: harmless when logged, refused when they may steer the program."""

from __future__ import annotations

import ast
from dataclasses import replace

from leapp_core.errors import CaptureError
from leapp_core.tracing.checks.dependent import Escape, dependent_escapes, follow, varying_memory
from leapp_core.tracing.checks.explained import Explained
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.messages import where
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.numpy_calls.makers import CONVERTERS
from leapp_core.tracing.record.events import Event
from leapp_core.tracing.source.book import SourceFile, called_name, root_name
from leapp_core.tracing.source.statements import LOG_NAMES, is_harmless
from leapp_core.tracing.values.arrays import ArrayFollower
from leapp_core.tracing.values.deciding import OUT_OF_ARRAYS, SCALAR_TYPES, decides_by_itself
from leapp_core.tracing.values.fate import Fate, Place
from leapp_core.tracing.values.flows import Follower
from leapp_core.tracing.values.relevance import Relevance
from leapp_core.tracing.values.scripted import read_in_script

_WORDS = {
    "scalar": ".item()",
    "bool": "a truth value",
    "array": ".numpy() or .tolist()",
    "size": "the size of a selection",
}
_MAKING_ARRAYS = frozenset({"__array__", "numpy"})


def check_escapes(slicer: Slicer, found: NodeAnalysis, relevance: Relevance) -> None:
    """Refuse escapes that may decide what the program computes.

    A value that changed while every recorded call stayed the same does not enter a call as it is; but it may be
    compared with a threshold that the captured steps did not reach, so it is followed through the source. One that
    never changed proves nothing: it is refused unless all that becomes of it is known and harmless.

    Args:
        slicer: Slicer of the record.
        found: The node's analysis.
        relevance: What takes part in the program.

    Raises:
        CaptureError: naming the line and the value.
    """
    _check_single_steps(slicer, found, relevance)
    narrow = {id(escape.event) for escape in dependent_escapes(slicer, found)}
    escapes = follow(slicer, found, found.step.out_index, varying_memory(slicer, found), everything=True)[0]
    escapes += _resized(slicer, found)
    checks = [e for e in escapes if e.kind == "raises" or _is_check_of_library(slicer, e.event)]
    if not escapes:
        return
    for escape in escapes:  # all source is known before anything is followed, that of the session's own function too
        for frame in slicer.recorder.sites.user_frames(escape.event.stack, escape.event.line)[:1]:
            relevance.book.file(frame.file)
    explained = Explained(slicer, relevance)
    for escape in checks:
        fate = _checked(slicer, relevance, escape)
        if fate.worst is not None:
            raise _deciding(slicer, found, escape, fate.worst)
    for escape in (e for e in escapes if e not in checks):
        changes = escape.kind in ("size", "sizes") or _changes(slicer, found, escape)
        fate = _fate(slicer, relevance, escape, changes)
        if (fate.worst is not None or not fate.followed) and explained.item(escape.event):
            continue  # what became of the value is in the record
        if fate.worst is not None:
            raise _deciding(slicer, found, escape, fate.worst)
        if not fate.followed and not changes and id(escape.event) in narrow:
            raise _unproven(slicer, found, escape)


def _check_single_steps(slicer: Slicer, found: NodeAnalysis, relevance: Relevance) -> None:
    """Refuse values that left in one step alone, such as ``if self.yaw is None: self.yaw = float(x[0])``.

    To all other steps such a value is a number that never changes; what it was on the day of the recording would stay.
    """
    for number in range(len(found.steps)):
        step = replace(found, reference=number)
        alike = set(found.alignment.between(found.reference, number).values())
        events = slicer.recorder.events[step.step.begin : step.step.end]
        if not any(event.plan.escape and event.index not in alike for event in events):
            continue  # most programs: nothing is followed a second time
        escapes = follow(slicer, step, step.step.end, varying_memory(slicer, step))[0]
        for escape in (e for e in escapes if e.kind != "size" and e.event.index not in alike):
            for frame in slicer.recorder.sites.user_frames(escape.event.stack, escape.event.line)[:1]:
                relevance.book.file(frame.file)
            if _is_check_of_library(slicer, escape.event):
                continue
            fate = _fate(slicer, relevance, escape, changes=False)
            if fate.worst is not None or not fate.followed:
                raise _kept(slicer, found, escape, number, fate.worst)


def _kept(slicer: Slicer, found: NodeAnalysis, escape: Escape, step: int, place: Place | None) -> CaptureError:
    return CaptureError(
        f"node {found.node!r}: {_WORDS[escape.kind]} of a tensor that depends on inputs or state is used in Python in "
        f"step {step} alone" + (f" ({place})" if place is not None else "") + "; the program would hold for ever what "
        "it was in the recording",
        where=where(slicer, escape.event),
        expected="tensor operations between inputs and outputs",
        fix="declare the value as an input; or keep it as a tensor, made before the first step",
        code="C012",
    )


def _deciding(slicer: Slicer, found: NodeAnalysis, escape: Escape, place: Place) -> CaptureError:
    used = "is caught" if escape.kind == "raises" else "is used in Python"
    what, fix = "the size of a tensor, another in each step,", "keep a history of fixed length and count in a tensor"
    if escape.kind != "sizes":
        what = f"{_WORDS.get(escape.kind)} of a tensor that depends on inputs or state"
        fix = "use torch.where instead of if, torch.clamp instead of min and max, and keep values in tensors"
    if escape.kind == "raises":
        what = "an error that this call raises for some values of a tensor that depends on inputs or state"
        fix = "clamp indices and divisors, use torch.linalg.cholesky_ex or inv_ex, and choose with torch.where"
    return CaptureError(
        f"node {found.node!r}: {what} {used}, where it decides what is computed ({place}); the captured "
        "steps do not show every case",
        where=where(slicer, escape.event),
        expected="tensor operations between inputs and outputs",
        fix=fix,
        code="C012",
    )


def _unproven(slicer: Slicer, found: NodeAnalysis, escape: Escape) -> CaptureError:
    value = escape.event.out if escape.kind != "array" else "an array"
    return CaptureError(
        f"node {found.node!r}: {_WORDS[escape.kind]} of a tensor that depends on inputs or state is used in "
        f"Python; it was {value!r} in every captured step, so what it decides cannot be told",
        where=where(slicer, escape.event),
        expected="tensor operations between inputs and outputs",
        fix="use torch.where instead of if, and keep values in tensors; capture steps in which it differs if it "
        "is only logged",
        code="C012",
    )


def _checked(slicer: Slicer, relevance: Relevance, escape: Escape) -> Fate:
    """Follow a check of a library (a distribution's of its arguments): the user's code may catch what it raises."""
    frames = slicer.recorder.sites.user_frames(escape.event.stack, escape.event.line)
    file = relevance.book.file(frames[0].file) if frames else None
    statement = file.statement_at(frames[0].line) if file is not None else None
    return Fate() if file is None or statement is None else Follower(relevance).checked(file, statement)


def _fate(slicer: Slicer, relevance: Relevance, escape: Escape, changes: bool) -> Fate:
    """Follow what an escaped value becomes in the user's source."""
    event = escape.event
    frames = slicer.recorder.sites.user_frames(event.stack, event.line)
    if not frames:
        return Fate(followed=False)
    frame = frames[0]
    file = relevance.book.file(frame.file)
    nodes = file.expressions(frame.code, frame.lasti, frame.line)
    if read_in_script(slicer.recorder.sites, event, file, nodes, relevance.book):
        return Fate(Place(frame.file, frame.line))
    if escape.kind == "array" and _is_handed_over(file, frame.line):
        return Fate()
    arrays: list[ast.expr] = []
    if escape.kind == "array":  # NumPy arrays are followed as such, and so are the values that leave them
        arrays = [n for n in nodes if not (isinstance(n, ast.Call) and called_name(n) == "tolist")]
        nodes = [n for n in nodes if n not in arrays]
    # A value that was the same in every step says as little as a comparison.
    same = escape.kind == "bool" or not changes
    kind = "sized" if escape.kind in ("size", "sizes") else "decided" if same else "value"
    statement = file.statement_at(frame.line)
    # A test framework rewrites assertions: their expressions are not where the source has them.
    fate = Fate(followed=bool(nodes or arrays))
    if not fate.followed and statement is not None and is_harmless(statement):
        fate = Follower(relevance).checked(file, statement)
    for node in arrays if not changes else ():
        fate.followed = ArrayFollower(relevance).follow(file, node).followed and fate.followed
    for node in arrays:
        kind_of_array = _kind_of_array(node)
        if kind_of_array is not None and fate.worst is None:
            fate.decides = Follower(relevance).follow(file, node, kind_of_array).worst
    for node in nodes:
        own = "decided" if kind == "value" and decides_by_itself(node) else kind
        one = Follower(relevance).follow(file, node, own)
        fate = Fate(fate.worst or one.worst, followed=fate.followed and one.followed)
    return fate


def _kind_of_array(node: ast.expr) -> str | None:
    """Return what the call is that took an array: still an array that NumPy's calls follow, or values out of it."""
    if isinstance(node, ast.FormattedValue):
        return "decided"
    if not isinstance(node, ast.Call):
        return None
    name = called_name(node)
    if name in LOG_NAMES and root_name(node.func) not in ("np", "numpy"):
        return None
    if name in ("numpy", "__array__", *CONVERTERS):
        return "array"
    if name in SCALAR_TYPES:
        return "value"
    return "decided" if name in OUT_OF_ARRAYS or root_name(node.func) in ("np", "numpy") else None


def _is_handed_over(file: SourceFile, line: int) -> bool:
    """Return whether a line takes the address of arrays only, for a kernel that reads memory, as Warp's do.

    What a kernel makes of it is memory of others again, and so declared, refused or warned of where it is read.
    """
    statement = file.statement_at(line)
    made = [n for n in ast.walk(statement) if isinstance(n, ast.Call)] if statement is not None else []
    made = [call for call in made if called_name(call) in _MAKING_ARRAYS]
    above = [file.parents.get(call) for call in made]
    return bool(above) and all(isinstance(a, ast.Attribute) and a.attr == "__array_interface__" for a in above)


def _resized(slicer: Slicer, found: NodeAnalysis) -> list[Escape]:
    """Return the calls whose results have another size in each step: ``len`` and ``.shape`` give it to Python."""
    events, alignment = slicer.recorder.events, found.alignment
    last = max(1, len(found.steps) - 2)  # the last step may lack what other steps do after their outputs
    others = [alignment.between(last, step) for step in range(1, len(found.steps)) if step != last]
    if not others:
        return []
    resized = []
    for index in range(found.steps[last].begin, found.steps[last].end):
        sizes = [out.sizes for out in events[index].outs]
        if any(index in other and [out.sizes for out in events[other[index]].outs] != sizes for other in others):
            resized.append(Escape(events[index], "sizes"))
    return resized


def _changes(slicer: Slicer, found: NodeAnalysis, escape: Escape) -> bool:
    recorder = slicer.recorder
    for step in range(len(found.steps)):
        at = found.alignment.between(found.reference, step).get(escape.event.index)
        if at is None:
            continue
        if escape.kind == "array":
            if recorder.escaped.get(at) != recorder.escaped.get(escape.event.index):
                return True
        elif recorder.events[at].out != escape.event.out:
            return True
    return False


def _is_check_of_library(slicer: Slicer, event: Event) -> bool:
    """Return whether the value is only asserted in PyTorch itself (a distribution checks its arguments)."""
    file, line = slicer.recorder.sites.innermost(event.stack, event.line)
    if (file, line) == slicer.recorder.sites.user_frame(event.stack, event.line):
        return False
    statement = slicer.sources.file(file).statement_at(line)
    return statement is not None and is_harmless(statement)

"""Code whose source is not there: typed into an interpreter, piped to it, made by ``exec``, or changed since.

What becomes of a Python value cannot be followed without source. Byte code still tells which values are read, so what
reads none that change stays; the rest is refused.
"""

from __future__ import annotations

import dis
import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType

from leapp_core.errors import CaptureError
from leapp_core.tracing.checks.dependent import Escape, dependent_escapes
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.messages import where
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.objects.names import Element
from leapp_core.tracing.source.callsite import UserFrame, line_of
from leapp_core.tracing.source.clocks import CLOCKS, DRAWS, SHARED_NAMES

_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_GENERATED = frozenset(
    {
        "__init__", "__new__", "__repr__", "__eq__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__setattr__",
        "__delattr__", "__create_fn__",
    }
)  # fmt: skip
"""What dataclasses and named tuples write as text; a ``__call__`` that has no file is the user's (``python -c``)."""
_FIX = "put the code into a file and run that"


def check_unread(slicer: Slicer, found: NodeAnalysis) -> None:
    """Refuse values that change and are read by code without source.

    Args:
        slicer: Slicer of the record.
        found: The node's analysis.

    Raises:
        CaptureError: naming the value and the line.
    """
    frames = {frame for frame in _frames(slicer, found) if not _has_source(slicer, frame)}
    if not frames:
        return
    for escape in dependent_escapes(slicer, found):
        _check_escape(slicer, found, escape)
    outputs = max((frame.lasti for frame in frames if frame.driver), default=-1)
    drivers = {frame.code: outputs for frame in frames if frame.driver}
    recorder = slicer.recorder
    changed = {_named(path) for path, *_ in recorder.python.changed(recorder.addresses())}
    for code in _reached({frame.code for frame in frames}, drivers):
        for load in _loads(code, drivers.get(code)):
            at = f"{code.co_filename}:{line_of(code, load.offset)}"
            if any(_reads(code, load, element) for element in changed):
                raise _refusal(found, f"{load.name!r}, which changes from step to step,", at)
            if code not in drivers and _varies(load):
                raise _refusal(found, f"{load.name!r}, a clock or a random number,", at)


def _check_escape(slicer: Slicer, found: NodeAnalysis, escape: Escape) -> None:
    event = escape.event
    frames = slicer.recorder.sites.user_frames(event.stack, event.line)
    if frames and not _has_source(slicer, frames[0]):
        raise _refusal(found, "the value of a tensor that depends on inputs or state", where(slicer, event))


def _refusal(found: NodeAnalysis, value: str, at: str) -> CaptureError:
    return CaptureError(
        f"node {found.node!r}: {value} is read by code whose source is not there, so what it decides cannot be told",
        where=at,
        expected="source that can be read, where Python values are used",
        fix=_FIX,
        code="C016",
    )


def _frames(slicer: Slicer, found: NodeAnalysis) -> Iterator[UserFrame]:
    """Yield the frames of the step up to its outputs."""
    step = found.step
    stacks = {(e.stack, e.line) for e in slicer.recorder.events[step.begin : step.out_index]}
    stacks |= {(d.stack, d.line) for d in (*step.inputs.values(), *step.outputs.values())}
    for stack, line in stacks:
        yield from slicer.recorder.sites.user_frames(stack, line)


def _has_source(slicer: Slicer, frame: UserFrame) -> bool:
    """Return whether code can be followed; methods that the standard library writes (of dataclasses) need not be."""
    return slicer.sources.file(frame.file).holds(frame.code) or _is_generated(frame.code)


def _is_generated(code: CodeType) -> bool:
    return code.co_filename == "<string>" and code.co_name in _GENERATED


def _reached(codes: set[CodeType], drivers: Mapping[CodeType, int]) -> list[CodeType]:
    """Return code and what it may call: living functions of the same files whose names it loads, before the outputs."""
    files = {code.co_filename for code in codes}
    everything = gc.get_objects()
    functions = (thing for thing in everything if type(thing) is FunctionType)
    others = {f.__code__ for f in functions if f.__code__.co_filename in files and not _is_generated(f.__code__)}
    waiting, reached = list(codes), set(codes)
    while waiting:
        code = waiting.pop()
        names = {load.name for load in _loads(code, drivers[code])} if code in drivers else set(code.co_names)
        called = {code for code in others - reached if code.co_name in names}
        reached |= called
        waiting += called
    return sorted(reached, key=lambda code: (code.co_filename, code.co_firstlineno))


def _named(path: tuple[Element, ...]) -> Element:
    """Return the last name on the way to a value."""
    return next((e for e in reversed(path) if e[0] in ("attr", "name", "global", "local")), ("", ""))


@dataclass(frozen=True)
class _Load:
    """An instruction that loads a name."""

    name: str
    attribute: bool
    offset: int


def _loads(code: CodeType, end: int | None) -> Iterator[_Load]:
    """Yield what loads a name; of the driver what comes before the outputs. ``x += 1`` decides nothing."""
    instructions = list(dis.get_instructions(code))
    for at, instruction in enumerate(instructions):
        if end is not None and instruction.offset > end:
            return
        if not any(map(_adds_in_place, instructions[at + 2 : at + 3])):
            for name in _names(instruction):
                yield _Load(name, instruction.opname in _ATTRIBUTES, instruction.offset)


def _names(instruction: dis.Instruction) -> tuple[str, ...]:
    value = instruction.argval
    if isinstance(value, tuple):  # Python 3.13 does two things in one instruction
        return value if instruction.opname.startswith("LOAD_") else value[1:] if "_LOAD_" in instruction.opname else ()
    loads = instruction.opname.startswith("LOAD_") and instruction.opname != "LOAD_CONST"
    return (value,) if loads and isinstance(value, str) else ()


def _adds_in_place(instruction: dis.Instruction) -> bool:
    binary = instruction.opname == "BINARY_OP" and instruction.argrepr.endswith("=")
    return binary or instruction.opname.startswith("INPLACE_")


def _reads(code: CodeType, load: _Load, element: Element) -> bool:
    if load.name != element[1] or (element[0] == "local" and element[2] is not code):
        return False
    return load.attribute is (element[0] == "attr")


def _varies(load: _Load) -> bool:
    if load.name in SHARED_NAMES:
        return load.attribute
    return load.name in CLOCKS or load.name in DRAWS or load.name == "choices"

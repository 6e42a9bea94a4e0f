"""The user's control loop as capture saw it: its source, its frame, what was recorded."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

from leapp_core.tracing.find.steps import cut_steps
from leapp_core.tracing.record.recorder import TraceRecorder

Values = dict[str, Any]


@dataclass(frozen=True)
class Loop:
    """A loop over one node that declares its inputs and outputs in one block of statements.

    Attributes:
        path: File of the loop.
        code: The code that is the loop.
        node: Node name.
        names: What the loop's names stand for: the globals and locals of its frame.
        local: Names of the locals.
        inputs: By step and port, as they were handed over.
        outputs: By step and port, as nested lists.
    """

    path: str
    code: CodeType
    node: str
    names: Values
    local: tuple[str, ...]
    inputs: tuple[Values, ...]
    outputs: tuple[Values, ...]

    def has(self, path: str, line: int | None) -> bool:
        """Return whether a line is one of the loop's own."""
        return path == self.path and line is not None and any(line == own for *_, own in self.code.co_lines())


def find_loop(recorder: TraceRecorder, frame: FrameType | None) -> Loop | None:
    """Return the loop that made a record, if it is one of one node whose frame is still there."""
    by_node = cut_steps(recorder.declarations, len(recorder.events))
    if len(by_node) != 1:
        return None
    node, steps = next(iter(by_node.items()))
    if not steps or any(d.role != "input" for step in steps for d in step.inputs.values()):
        return None
    declared = next(iter(steps[0].inputs.values()))
    frames = recorder.sites.user_frames(declared.stack, declared.line)
    code = frames[0].code if frames else None
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    if frame is None or code is None:
        return None
    top = code.co_name == "<module>"
    return Loop(
        path=code.co_filename,
        code=code,
        node=node,
        names={**frame.f_globals, **({} if top else frame.f_locals)},
        local=() if top else tuple(frame.f_locals),
        inputs=tuple({n: d.value.numpy() if d.array else d.value for n, d in s.inputs.items()} for s in steps),
        outputs=tuple({n: d.value.tolist() for n, d in s.outputs.items() if d.role == "output"} for s in steps),
    )


@lru_cache(maxsize=8)
def parsed(path: str) -> ast.Module | None:
    """Return the tree of a file, if its source is there; nobody may change it."""
    try:
        return ast.parse("".join(linecache.getlines(path))) or None
    except (SyntaxError, ValueError):
        return None


def qualified(code: CodeType) -> str:
    """Return the qualified name of code; the plain one on Python 3.10, which knows no other."""
    name: str = getattr(code, "co_qualname", code.co_name)
    return name


def functions(tree: ast.AST) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield the functions of a tree, each with its qualified name."""
    return ((name, node) for name, node in _named(tree, "") if isinstance(node, ast.FunctionDef))


def classes(tree: ast.AST) -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield the classes of a tree, each with its qualified name."""
    return ((name, node) for name, node in _named(tree, "") if isinstance(node, ast.ClassDef))


def _named(tree: ast.AST, prefix: str) -> Iterator[tuple[str, ast.AST]]:
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, (ast.ClassDef, ast.FunctionDef)):
            yield f"{prefix}{child.name}", child
            yield from _named(child, f"{prefix}{child.name}{'.' if isinstance(child, ast.ClassDef) else '.<locals>.'}")
        else:
            yield from _named(child, prefix)


@dataclass(frozen=True)
class Block:
    """The statements of one step.

    Attributes:
        body: The list that holds them, in the tree.
        first: Index of the one that declares inputs.
        last: Index of the one that declares outputs.
        header: The loop around them, if they are its body.
        session: Name of the session.
        declares: The call that declares inputs.
    """

    body: list[ast.stmt]
    first: int
    last: int
    header: ast.stmt | None
    session: str
    declares: ast.Call

    @property
    def statements(self) -> list[ast.stmt]:
        """From the one that declares inputs to the one that declares outputs."""
        return self.body[self.first : self.last + 1]


def find_block(tree: ast.Module, code: CodeType) -> Block | None:
    """Return the statements of one step of the loop that ``code`` is."""
    scope: ast.AST | None = tree
    if code.co_name != "<module>":
        scope = next((f for name, f in functions(tree) if name == qualified(code)), None)
    found = None
    inside = ast.walk(scope) if scope is not None and _calls(scope, "input_tensors") else ()
    for parent in inside:
        for name in ("body", "orelse", "finalbody"):
            body = getattr(parent, name, None)
            inputs, outputs = (
                [(i, call) for i, s in enumerate(body if isinstance(body, list) else ()) for call in _calls(s, method)]
                for method in ("input_tensors", "output_tensors")
            )
            if len(inputs) == len(outputs) == 1 and inputs[0][0] <= outputs[0][0] and isinstance(body, list):
                call = inputs[0][1]
                session = call.func.value  # type: ignore[attr-defined]
                if isinstance(session, ast.Name) and len(call.args) == 2:
                    header = parent if isinstance(parent, (ast.For, ast.While)) else None
                    found = Block(body, inputs[0][0], outputs[0][0], header, session.id, call)  # the innermost one
    return found


def _calls(statement: ast.AST, method: str) -> list[ast.Call]:
    calls = (node for node in ast.walk(statement) if isinstance(node, ast.Call))
    return [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == method]

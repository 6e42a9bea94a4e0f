"""One run of the user's loop over recorded inputs, as it is written or rewritten, in a copy of the process."""

from __future__ import annotations

import ast
import copy
import gc
import linecache
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

import numpy as np
import torch

from leapp_core.errors import LeappError
from leapp_core.rewrites.begin import Trees, begin_again
from leapp_core.rewrites.loop import Block, Loop, Values, find_block, functions, parsed, qualified
from leapp_core.tracing.source.callsite import codes_in

_NAME = "replayed_steps"
_SHAKEN = (-1.0, 3.0, 0.1)
"""Factors of the recorded inputs after the recorded steps: other ways through the program, too."""


@dataclass
class Bystander:
    """Stands in for a session while the loop runs by itself.

    Attributes:
        outputs: Of every step, by port, as nested lists.
    """

    outputs: list[Values] = field(default_factory=list)

    def __enter__(self) -> Bystander:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def input_tensors(self, node: str, tensors: Any) -> Any:
        """Return inputs as a session does."""
        return _returned(tensors)

    def output_tensors(self, node: str, tensors: Any, *_: Any, **__: Any) -> Any:
        """Note outputs."""
        self.outputs.append({name: _listed(value) for name, value in tensors.items()})
        return _returned(tensors)


def _returned(tensors: Any) -> Any:
    values = list(tensors.values())
    return values[0] if len(values) == 1 else tuple(values)


def _listed(value: Any) -> Any:
    return value.detach().tolist() if isinstance(value, torch.Tensor) else np.asarray(value).tolist()


def all_inputs(loop: Loop) -> list[Values]:
    """Return the recorded inputs of every step, and the same shaken."""
    recorded = list(loop.inputs)
    for factor in _SHAKEN:
        recorded += [{name: _scaled(value, factor) for name, value in step.items()} for step in loop.inputs]
    return recorded


def _scaled(value: Any, factor: float) -> Any:
    if isinstance(value, torch.Tensor):
        return value * factor if value.is_floating_point() else value
    return (value * np.asarray(factor, value.dtype)) if np.issubdtype(value.dtype, np.floating) else value


def run_alone(
    loop: Loop, inputs: list[Values], paths: Sequence[str], note: Callable[[str, FrameType], None]
) -> dict[str, Any]:
    """Run the loop as it is written, from its beginning; to be called in a copy of the process.

    Args:
        loop: The loop.
        inputs: Of every step.
        paths: Files whose functions are watched.
        note: Told the name of each function that is called or returns there, and its frame.

    Returns:
        ``outputs`` of every step that did not raise.
    """
    session = Bystander()
    names = {_NAME: qualified(loop.code)}

    def local(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "return":
            name = qualified(frame.f_code)
            note(names.get(name, name), frame)
        return local

    def called(frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename not in watched:
            return None
        name = qualified(frame.f_code)
        note(names.get(name, name), frame)
        return local

    watched = {*paths, _place("loop.py")}
    replayed, given = _prepared(loop, {}, inputs)
    sys.settrace(called)
    try:
        replayed(session, *given)
    except Exception:
        if len(session.outputs) < len(loop.inputs):
            raise
    finally:
        sys.settrace(None)
    return {"outputs": session.outputs}


def run_rewritten(loop: Loop, trees: Trees, outputs: list[Values], *, follow: bool) -> str:
    """Run the rewritten loop, then capture it; to be called in a copy of the process.

    Returns:
        An empty text if it gives ``outputs`` and can be captured; else what is not right.
    """
    from leapp_core.tracing.session import capture

    inputs = all_inputs(loop)[: len(outputs)]
    try:
        _take(trees)
        alone = Bystander()
        replayed, given = _prepared(loop, trees, inputs)
        replayed(alone, *given)
        if not alike(outputs, alone.outputs):
            return "it gives other outputs"
        session = capture("rewritten", max_cached_io=len(loop.inputs), follow=follow)
        # No more steps than the user recorded: with more, capture may take what it refuses there.
        replayed, given = _prepared(loop, trees, inputs[: len(loop.inputs)])
        replayed(session, *given)
        session.compile()
    except LeappError as error:
        return f"{error.code}: {error.message} at {error.where}"
    except Exception as error:  # noqa: BLE001 - a rewrite that does not run is none
        return f"{type(error).__name__}: {error}"
    return ""


def alike(wanted: list[Values], got: list[Values]) -> bool:
    """Return whether outputs are the same, step by step, to rounding."""
    if len(wanted) != len(got):
        return False
    for right, given in zip(wanted, got, strict=True):
        for name, value in right.items():
            a, b = np.asarray(value, float), np.asarray(given.get(name, np.nan), float)
            if a.shape != b.shape or not np.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True):
                return False
    return True


def _take(trees: Trees) -> None:
    """Give functions that exist the code of the rewritten files."""
    for path, tree in trees.items():
        text = ast.unparse(tree)
        place = _kept(path, text)
        codes = {qualified(code): code for code in codes_in(compile(text, place, "exec"))}
        for function in [thing for thing in gc.get_objects() if isinstance(thing, FunctionType)]:
            code = codes.get(qualified(function.__code__))
            same = code is not None and code.co_freevars == function.__code__.co_freevars
            if function.__code__.co_filename == path and code is not None and same:
                function.__code__ = code
                function.__globals__.setdefault("torch", torch)
                function.__globals__.setdefault("np", np)


def _kept(path: str, text: str) -> str:
    """Keep a source that is in no file where Python looks for sources."""
    place = _place(path)
    linecache.cache[place] = (len(text), None, text.splitlines(keepends=True), place)
    return place


def _place(path: str) -> str:
    return str(Path(path).with_name(f"rewritten_{Path(path).name}"))


def _prepared(loop: Loop, trees: Trees, inputs: list[Values]) -> tuple[Callable[..., None], list[Any]]:
    """Return the loop as a function, and its arguments after the session; everything is as it begins."""
    tree = trees.get(loop.path) or parsed(loop.path)
    block = find_block(tree, loop.code) if tree is not None else None
    if tree is None or block is None:
        raise LookupError("the loop was not found")
    scope = next((f for name, f in functions(tree) if name == qualified(loop.code)), tree)
    values = dict(loop.names)
    begin_again(values, loop.local, trees, scope)
    text = ast.unparse(ast.fix_missing_locations(_source(block, loop, values)))
    namespace = dict(values)
    namespace.setdefault("torch", torch)
    exec(compile(text, _kept("loop.py", text), "exec"), namespace)  # noqa: S102 - the user's own statements
    own = [name for name in _stored(block) if name in values]
    copies = [{name: _copy(value) for name, value in step.items()} for step in inputs]
    return namespace[_NAME], [copies, *(values[name] for name in own)]


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, torch.Tensor) else value.copy()


def _stored(block: Block) -> list[str]:
    nodes = (node for statement in block.statements for node in ast.walk(statement))
    return sorted({n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)})


def _source(block: Block, loop: Loop, values: Values) -> ast.Module:
    """Return a function ``replayed_steps(session, given, ...)`` that runs the statements of a step over inputs."""
    counter, given = "_", "given_inputs"
    header = block.header
    around = ast.unparse(header.iter) if isinstance(header, ast.For) else ""
    counts = around.startswith(("range(", "itertools.count(")) and "," not in around
    if counts and isinstance(header, ast.For) and isinstance(header.target, ast.Name):
        counter = header.target.id
    own = [name for name in _stored(block) if name in values]
    head = ast.parse(
        f"def {_NAME}({', '.join((block.session, 'all_given_inputs', *own))}):\n with {block.session}:\n"
        f"  for {counter}, {given} in enumerate(all_given_inputs):\n   pass"
    )
    steps = head.body[0].body[0].body[0]  # type: ignore[attr-defined]
    statements = copy.deepcopy(block.statements)
    call = next(
        c for c in ast.walk(statements[0]) if isinstance(c, ast.Call) and ast.unparse(c) == ast.unparse(block.declares)
    )
    # Inputs are made within the session, as they are where a loop reads sensors.
    made = ast.parse(f"{given} = {{n: v.clone() if hasattr(v, 'clone') else v.copy() for n, v in {given}.items()}}")
    steps.body = [*made.body, *_assigned(call, given), *statements]
    return head


def _assigned(call: ast.Call, given: str) -> list[ast.stmt]:
    """Return what gives the names in a declaration their recorded values."""
    values = call.args[1]
    if isinstance(values, ast.Name):
        return ast.parse(f"{values.id} = {given}").body
    if isinstance(values, ast.Dict) and all(isinstance(v, (ast.Name, ast.Attribute)) for v in values.values):
        keys = [ast.unparse(key) for key in values.keys if key is not None]
        pairs = zip(values.values, keys, strict=True)
        return [statement for v, k in pairs for statement in ast.parse(f"{ast.unparse(v)} = {given}[{k}]").body]
    call.args[1] = ast.Name(given, ast.Load())
    return []

"""From a refusal to lines that can be pasted: candidates are made from the source, and checked in a copy."""

from __future__ import annotations

import ast
import copy
import importlib
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from leapp_core.rewrites.begin import Trees
from leapp_core.rewrites.facts import Fact, Facts, read
from leapp_core.rewrites.idioms import REWRITERS
from leapp_core.rewrites.idioms.scope import Rewriter, Scope, statements
from leapp_core.rewrites.loop import Loop, Values, classes, find_block, functions, parsed, qualified
from leapp_core.rewrites.replay import all_inputs, run_alone, run_rewritten
from leapp_core.rewrites.sandbox import forked


@dataclass(frozen=True)
class Rewrite:
    """A change of the user's source.

    Attributes:
        trees: Rewritten files; all their functions.
        titles: The idioms that were rewritten.
    """

    trees: Trees
    titles: tuple[str, ...]


@dataclass(frozen=True)
class Checked:
    """A rewrite that holds.

    Attributes:
        rewrite: The change.
        steps: Recorded steps that it was held against.
        more: Further steps, with shaken inputs.
    """

    rewrite: Rewrite
    steps: int
    more: int


def find_rewrite(loop: Loop, paths: Sequence[str], seconds: float, *, follow: bool) -> Checked | None:
    """Return a rewrite of a refused loop that gives what the loop gives and can be captured.

    Args:
        loop: The loop.
        paths: The user's files that may be rewritten.
        seconds: Time limit.
        follow: Whether Python was followed, as it will be when the loop is captured again.
    """
    until = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        return _found(loop, paths, until, Path(folder), follow)


def _found(loop: Loop, paths: Sequence[str], until: float, folder: Path, follow: bool) -> Checked | None:
    inputs = all_inputs(loop)
    alone = forked(lambda: _alone(loop, inputs, paths), until - time.monotonic(), folder)
    if alone is None or not _as_recorded(loop, alone["outputs"]):
        return None
    trees = {path: tree for path in paths if (tree := parsed(path)) is not None}
    outputs: list[Values] = alone["outputs"]
    importlib.import_module("torch._dynamo")  # once, rather than in each copy
    for rewrite in _candidates(loop, trees, read(alone["facts"])):
        left = until - time.monotonic()
        if left <= 0:
            break
        said = forked(
            lambda rewrite=rewrite: run_rewritten(loop, rewrite.trees, outputs, follow=follow),  # type: ignore[misc]
            left,
            folder,
        )
        if said == "":
            return Checked(rewrite, len(loop.inputs), len(outputs) - len(loop.inputs))
    return None


def _alone(loop: Loop, inputs: list[Values], paths: Sequence[str]) -> dict[str, Any]:
    facts = Facts()
    return {**run_alone(loop, inputs, paths, facts.note), "facts": facts.listed()}


def _as_recorded(loop: Loop, outputs: list[Values]) -> bool:
    from leapp_core.rewrites.replay import alike

    return alike(list(loop.outputs), outputs[: len(loop.outputs)])


def _candidates(loop: Loop, trees: Trees, facts: Mapping[str, Fact]) -> Iterator[Rewrite]:
    """Yield rewrites, what is most likely to hold first."""
    whole = _rewritten(loop, trees, facts, REWRITERS)
    if whole is None:
        return
    yield whole
    for rewriter in REWRITERS:
        single = _rewritten(loop, trees, facts, (rewriter,))
        if single is not None and single.titles != whole.titles:
            yield single


def _rewritten(loop: Loop, trees: Trees, facts: Mapping[str, Fact], rewriters: Sequence[Rewriter]) -> Rewrite | None:
    new = copy.deepcopy(trees)
    titles: list[str] = []
    for path, tree in new.items():
        ran = {name for name in (key.partition("|")[0] for key in facts)}
        block = find_block(tree, loop.code) if path == loop.path else None
        for name, function in list(functions(tree)):
            is_loop = path == loop.path and name == qualified(loop.code)
            if name not in ran and not is_loop:
                continue
            scope = Scope(name, facts, taken=_names(function))
            changed_function = _step_of(function, block) if is_loop and block is not None else function
            fired = [rewriter.title for rewriter in rewriters if rewriter.rewrite(changed_function, scope)]
            if is_loop and block is not None:
                block.body[block.first : block.last + 1] = changed_function.body
            if fired:
                titles += fired
                _begin(tree, name, scope, ran)
        ast.fix_missing_locations(tree)
    changed = {path: tree for path, tree in new.items() if ast.unparse(tree) != ast.unparse(trees[path])}
    return Rewrite(changed, tuple(dict.fromkeys(titles))) if changed else None


def _names(function: ast.AST) -> set[str]:
    names = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
    return names | {n.attr for n in ast.walk(function) if isinstance(n, ast.Attribute)}


def _step_of(function: ast.FunctionDef, block: Any) -> ast.FunctionDef:
    """Return a function of the statements of one step, as rewriters take functions."""
    step = copy.copy(function)
    step.body = list(block.statements)
    return step


def _begin(tree: ast.Module, name: str, scope: Scope, ran: set[str]) -> None:
    """Put what state begins with in place of what it began with."""
    owner = name.rpartition(".")[0]
    for wanted, value in scope.begins.items():
        target = wanted.removesuffix("=None")
        holder = _holder(tree, owner, name, target)
        if holder is not None:
            _Begins(target, value, wanted.endswith("=None"), ran, holder[1]).visit(holder[0])
    holder = _holder(tree, owner, name, "self.")
    if holder is not None and scope.adds:
        start = next((f for n, f in functions(tree) if n == f"{owner}.__init__"), None)
        if start is not None:
            start.body += statements(*scope.adds)


def _holder(tree: ast.Module, owner: str, name: str, target: str) -> tuple[ast.AST, str] | None:
    """Return where a name begins: a class for attributes, the function around for others."""
    if target.startswith("self."):
        return next(((node, f"{owner}.") for known, node in classes(tree) if known == owner), None)
    outer = owner.removesuffix(".<locals>")
    return next(((f, f"{outer}.<locals>.") for n, f in functions(tree) if n == outer), None)


class _Begins(ast.NodeTransformer):
    def __init__(self, target: str, value: str, only_none: bool, ran: set[str], prefix: str) -> None:
        self._target, self._value, self._only_none, self._ran, self._prefix = target, value, only_none, ran, prefix
        self._depth = count()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if f"{self._prefix}{node.name}" in self._ran and self._prefix.endswith("."):
            return node  # it is the step that changes the state
        self.generic_visit(node)
        return node

    def visit_Assign(self, node: ast.Assign) -> Any:
        names = [ast.unparse(t) for t in node.targets]
        bare = self._target.removeprefix("self.")
        is_none = isinstance(node.value, ast.Constant) and node.value.value is None
        if not ({self._target, bare} & set(names)) or (self._only_none and not is_none):
            return node
        if "torch." in ast.unparse(node.value):
            return node
        name = next(n for n in names if n in (self._target, bare))
        return statements(f"{name} = " + self._value.replace("{}", ast.unparse(node.value)))

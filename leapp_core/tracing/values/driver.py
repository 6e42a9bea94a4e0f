"""The functions that run whole steps: what in them is part of a step, and what comes from outside.

A loop that records is written around the program: it reads the robot, declares inputs, calls the policy, and steps or
resets the environment. Values of it that decide what is computed between inputs and outputs count as those of any other
function do. What it declares as an input comes from outside, whatever chose it.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from types import CodeType

from leapp_core.tracing.source.arguments import parameters_for
from leapp_core.tracing.source.book import FUNCTIONS, Function, SourceBook, SourceFile, called_name
from leapp_core.tracing.source.callsite import FunctionKey, function_key
from leapp_core.tracing.source.statements import DECLARING_NAMES, assignments

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_DISPLAYS = (ast.Dict, ast.List, ast.Tuple)
_MODULE = "<module>"

Lines = Collection[tuple[str, int]]


class Driver:
    """What the functions do that run whole steps, such as the one that opened the session.

    Args:
        book: The user's source.
        codes: Their code.
        inputs: Lines, of all functions, at which inputs were being declared.
        outputs: Lines at which outputs were.
    """

    def __init__(self, book: SourceBook, codes: Collection[CodeType], inputs: Lines, outputs: Lines) -> None:
        self._book = book
        self._keys: dict[str, set[FunctionKey]] = {}
        for code in codes:
            self._keys.setdefault(code.co_filename, set()).add(function_key(code))
        self._inputs, self._outputs = inputs, outputs
        self._spans: dict[tuple[str, ast.AST | None], range] = {}
        self._insides: dict[tuple[str, ast.AST | None], range] = {}
        self._texts: dict[tuple[str, ast.AST | None], frozenset[str]] = {}

    def owns(self, file: SourceFile, node: ast.AST) -> bool:
        """Return whether a node lies in one of them."""
        return file.path in self._keys and self._is_own(file, node)

    def leaves_step(self, file: SourceFile, node: ast.AST) -> bool:
        """Return whether a ``return``, ``break`` or ``continue`` in one of them leaves a whole step."""
        if not self.owns(file, node):
            return False
        if isinstance(node, ast.Return):
            return True
        loop = next((n for n in file.above(node) if isinstance(n, _LOOPS)), None)
        return loop is not None and self.runs_steps(file, [loop])

    def has(self, file: SourceFile, node: ast.AST) -> bool:
        """Return whether a node lies in one, from the first input of a step to where the next one may begin."""
        return self.owns(file, node) and getattr(node, "lineno", 0) in self._span(file, file.function_of(node))

    def within_step(self, file: SourceFile, node: ast.AST) -> bool:
        """Return whether a node lies in one between the first input of a step and its last output."""
        return self.owns(file, node) and getattr(node, "lineno", 0) in self._inside(file, file.function_of(node))

    def steps_of(self, file: SourceFile, *, around: bool) -> Iterator[ast.stmt]:
        """Yield the statements of a file that lie in one between the first input of a step and its last output.

        Args:
            file: The file.
            around: Also those around, from where a step may begin to where the next one may.
        """
        if file.path in self._keys:
            yield from (s for s in file.statements if (self.has if around else self.within_step)(file, s))

    def runs_steps(self, file: SourceFile, statements: Iterable[ast.stmt]) -> bool:
        """Return whether inputs are declared within statements of one."""
        return file.path in self._keys and any(
            (file.path, n) in self._inputs and self._is_own(file, s)
            for s in statements
            for n in range(s.lineno, (s.end_lineno or s.lineno) + 1)
        )

    def gives_all_outputs(self, file: SourceFile, statement: ast.stmt) -> bool:
        """Return whether a step has no outputs at all unless a condition of one holds: then nothing is computed."""
        if not isinstance(statement, ast.If) or statement.orelse or not self.owns(file, statement):
            return False
        own = {s.lineno for s in self._at(file, file.function_of(statement), self._outputs)}
        return bool(own) and own <= set(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))

    def declares(self, file: SourceFile, node: ast.expr) -> bool:
        """Return whether one declares an expression as an input, and gives it no other value within the step."""
        if not self.owns(file, node):
            return False
        key = file.path, file.function_of(node)
        if key not in self._texts:
            self._texts[key] = frozenset(self._declared(file, key[1]) - self._assigned_within(file, key[1]))
        at: ast.AST | None = node
        while at is not None and ast.unparse(at) not in self._texts[key]:  # of messages["q"][0] an entry is declared
            above = file.parents.get(at)
            at = above if isinstance(above, ast.Subscript) and above.value is at else None
        return at is not None

    def _is_own(self, file: SourceFile, node: ast.AST) -> bool:
        function = file.function_of(node)
        if isinstance(function, FUNCTIONS):
            return file.key_of(function) in self._keys[file.path]
        return any(name == _MODULE for _, _, name in self._keys[file.path])

    def _span(self, file: SourceFile, function: ast.AST | None) -> range:
        """Return the lines of a step: those of the loop around its declarations, or from the first to the last."""
        key = file.path, function
        if key not in self._spans:
            own = self._at(file, function, (*self._inputs, *self._outputs))
            first, last = min((s.lineno for s in own), default=0), max((s.end_lineno or 0 for s in own), default=-1)
            loops = [n for s in own for n in file.above(s) if isinstance(n, _LOOPS)]
            around = [n for n in loops if n.lineno <= first and (n.end_lineno or 0) >= last]
            inner = max(around, key=lambda n: n.lineno, default=None)
            if inner is not None:
                first, last = inner.lineno, inner.end_lineno or last
            self._spans[key] = range(first, last + 1)
        return self._spans[key]

    def _inside(self, file: SourceFile, function: ast.AST | None) -> range:
        key = file.path, function
        if key not in self._insides:
            first = min((s.lineno for s in self._at(file, function, self._inputs)), default=0)
            last = max((s.end_lineno or 0 for s in self._at(file, function, self._outputs)), default=-1)
            self._insides[key] = range(first, last + 1)
        return self._insides[key]

    def _at(self, file: SourceFile, function: ast.AST | None, lines: Lines) -> list[ast.stmt]:
        """Return the statements of a function at some lines."""
        wanted = {n for path, n in lines if path == file.path}
        return [s for s in file.statements if s.lineno in wanted and file.function_of(s) is function]

    def _declared(self, file: SourceFile, function: ast.AST | None) -> set[str]:
        """Return the expressions, as text, that its calls declare as inputs, and the parts of what it declares."""
        found: set[str] = set()
        at = self._at(file, function, self._inputs)
        for call in (n for statement in at for n in ast.walk(statement) if isinstance(n, ast.Call)):
            for argument in _arguments(call):
                if self._is_declared(call, argument):
                    found |= _names_in(argument)
        for statement in (s for s in file.statements if file.function_of(s) is function):
            for target, value in assignments(statement):
                if isinstance(value, _DISPLAYS) and ast.unparse(target) in found:
                    found |= _names_in(value)
        return found

    def _assigned_within(self, file: SourceFile, function: ast.AST | None) -> set[str]:
        """Return what it assigns between the inputs and the outputs of a step."""
        begin = min((s.lineno for s in self._at(file, function, self._inputs)), default=0)
        end = max((s.lineno for s in self._at(file, function, self._outputs)), default=0)
        own = (s for s in file.statements if begin < s.lineno <= end and file.function_of(s) is function)
        return {ast.unparse(target) for statement in own for target, _ in assignments(statement)}

    def _is_declared(self, call: ast.Call, argument: ast.expr | ast.keyword) -> bool:
        name = called_name(call)
        if name in DECLARING_NAMES:
            return True
        known = ((f, self._declared_parameters.get(f)) for _, f in self._book.functions(name))
        return any(names and _is_given(function, call, argument, names) for function, names in known)

    @cached_property
    def _declared_parameters(self) -> dict[Function, set[str]]:
        """The parameters that functions declare as inputs, themselves or by what they call; all of decorated ones."""
        found: dict[Function, set[str]] = {}
        waiting: list[tuple[SourceFile, ast.Call, Function | None]] = [
            (file, call, None) for name in DECLARING_NAMES for file, call in self._book.calls(name)
        ]
        for file, call in self._book.calls("method"):
            function = file.parents.get(call)
            if isinstance(function, FUNCTIONS) and call in function.decorator_list:
                found[function] = _parameters(function)
                waiting += [(other, use, function) for other, use in self._book.calls(function.name)]
        while waiting:
            file, call, callee = waiting.pop()
            function = file.function_of(call)
            given = [a for a in _arguments(call) if callee is None or _is_given(callee, call, a, found[callee])]
            names = {n.id for a in given for n in ast.walk(a) if isinstance(n, ast.Name)}
            if isinstance(function, FUNCTIONS):
                fresh = names & _parameters(function) - found.get(function, set())
                if fresh:
                    found.setdefault(function, set()).update(fresh)
                    waiting += [(other, use, function) for other, use in self._book.calls(function.name)]
        return found


def _arguments(call: ast.Call) -> list[ast.expr | ast.keyword]:
    return [*call.args, *call.keywords]


def _is_given(function: Function, call: ast.Call, argument: ast.AST, names: set[str]) -> bool:
    return bool(names.intersection(parameters_for(function, call, argument)))


def _parameters(function: Function) -> set[str]:
    given = function.args
    rest = [a for a in (given.vararg, given.kwarg) if a is not None]
    return {a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs, *rest)} - {"self", "cls"}


def _names_in(tree: ast.AST) -> set[str]:
    """Return what a tree reads, as text: of a container that is read by a key, that entry only."""
    if isinstance(tree, ast.Subscript) and isinstance(tree.slice, ast.Constant):
        inner = _names_in(tree.value) if isinstance(tree.value, ast.Subscript) else set()
        return {ast.unparse(tree)} | inner
    found = {ast.unparse(tree)} if isinstance(tree, (ast.Name, ast.Attribute)) else set()
    return found.union(*map(_names_in, ast.iter_child_nodes(tree)))

"""Whether it makes a difference to the program that statements are run, or that a check raises."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from leapp_core.tracing.source.book import FUNCTIONS, SourceFile, called_name
from leapp_core.tracing.source.owners import Types
from leapp_core.tracing.source.statements import LOG_NAMES, is_dropped
from leapp_core.tracing.values.aliases import changes_in_place
from leapp_core.tracing.values.caught import Catcher, Catchers, raised_by
from leapp_core.tracing.values.deciding import is_threshold
from leapp_core.tracing.values.effects import changed_by, sets_library
from leapp_core.tracing.values.fate import Fate, Place
from leapp_core.tracing.values.relevance import Relevance

MAX_CANDIDATES = 24
_MAX_DEPTH = 8


class Branches(ABC):
    """Part of following a value: what depends on a branch that the value decides.

    Args:
        relevance: What takes part in the program.
        growing: The value only ever grows (a counter): a branch taken at first and no more is a first step that
            initialises.
    """

    def __init__(self, relevance: Relevance, *, growing: bool = False) -> None:
        self._relevance = relevance
        self._book = relevance.book
        self._growing = growing
        self._owners = relevance.owners
        self._selves: Types = None
        self._fate = Fate()
        self._catchers = Catchers(relevance)
        self._caught: set[tuple[ast.AST, ast.AST]] = set()
        self._entered: set[tuple[ast.AST, Types]] = set()

    @abstractmethod
    def _assign(self, file: SourceFile, target: ast.expr, kind: str) -> None: ...

    @abstractmethod
    def _results(self, file: SourceFile, function: ast.AST | None, kind: str, place: int | None = None) -> None: ...

    @contextmanager
    def _as(self, selves: Types) -> Iterator[None]:
        """Follow with what ``self`` is known to be in the functions that are looked at."""
        before, self._selves = self._selves, selves
        yield
        self._selves = before

    def _test(self, file: SourceFile, statement: ast.stmt) -> None:
        """Look at what a condition decides, or a check that raises or logs."""
        if isinstance(statement, (ast.If, ast.While, ast.Match)):
            self._branch(file, statement)
        else:
            self._check(file, statement)

    def _branch(self, file: SourceFile, statement: ast.If | ast.While | ast.For | ast.AsyncFor | ast.Match) -> None:
        if self._initialises(file, statement) or self._relevance.runs_steps(file, [statement]):
            return  # how often the session's own function runs whole steps is no part of them
        if isinstance(statement, ast.Match):
            body = [inner for case in statement.cases for inner in case.body]
        else:
            body = [*statement.body, *statement.orelse]
        if self._matters(file, body, 0):
            self._decide(file, statement.lineno)

    def _initialises(self, file: SourceFile, statement: ast.stmt) -> bool:
        if not (self._growing and isinstance(statement, ast.If) and is_threshold(statement.test)):
            return False
        return self._relevance.only_at_first(file, statement.body)

    def _matters(self, file: SourceFile, statements: list[ast.stmt], depth: int, *, logs: bool = False) -> bool:
        """Return whether it makes a difference to the program if statements are run."""
        return self._relevance.body(file, statements) or self._changes_program(file, statements, depth, logs=logs)

    def _changes_program(self, file: SourceFile, parts: Iterable[ast.AST], depth: int, *, logs: bool = False) -> bool:
        """Return whether what pieces of source change, raise or leave reaches the program.

        Args:
            file: Their file.
            parts: The pieces.
            depth: Calls between them and the branch.
            logs: They are what a call runs that logs by its name: what it counts for itself is not followed further.
        """
        for node in (n for part in parts for n in ast.walk(part)):
            if isinstance(node, (ast.Return, ast.Break, ast.Continue, ast.Yield)):
                if depth == 0 and self._leaving_matters(file, node):
                    return True
            elif isinstance(node, (ast.Raise, ast.Assert)):
                if self._raising_matters(file, node, raised_by(node)):
                    return True
            elif isinstance(node, ast.Call) and self._call_matters(file, node, depth, logs=logs):
                return True
            if self._change_matters(file, node, logs=logs):
                return True
        return False

    def _change_matters(self, file: SourceFile, node: ast.AST, *, logs: bool) -> bool:
        for target in changed_by(node):
            if self._relevance.reads(file, target, self._selves) or self._owners.is_library_setting(file, target):
                return True
            others = self._relevance.aliases.of(file, target) if changes_in_place(node, target) else []
            if any(self._relevance.reads(other, name) for other, name in others):
                return True
            if not logs:
                self._assign(file, target, "decided")
        return False

    def _leaving_matters(self, file: SourceFile, node: ast.AST) -> bool:
        if self._relevance.leaves_step(file, node):
            return False
        function = file.function_of(node)
        if self._relevance.took_part(file, function or node):
            return True
        if isinstance(node, ast.Return):  # a helper that computes no tensor: what it returns is chosen here
            self._results(file, function, "decided")
            if isinstance(function, FUNCTIONS) and self._relevance.is_hook(function):
                return True
            if isinstance(function, FUNCTIONS) and self._relevance.is_handed_over(file, function):
                self._decide(file, node.lineno, known=False)
        return False

    def _call_matters(self, file: SourceFile, call: ast.Call, depth: int, *, logs: bool) -> bool:
        logs = logs or (called_name(call) in LOG_NAMES and is_dropped(file, call))
        if sets_library(call):
            return True
        # Methods that are handed over may run as well: ``timer.start(self.reset)``.
        handed = [ast.Call(a, [], []) for a in call.args if isinstance(a, ast.Attribute)]
        between_steps = self._relevance.drives(file, call) and not self._relevance.within_step(file, call)
        if between_steps and called_name(call).startswith("reset"):
            return False  # an episode ends here: the runtime resets on its own
        for one in (call, *handed):
            candidates = self._owners.called(file, one, self._selves)
            if self._owners.may_be_another(file, one) or (not candidates and self._owners.is_kept(file, one)):
                self._decide(file, call.lineno, known=False)
            if candidates and (depth >= _MAX_DEPTH or len(candidates) > MAX_CANDIDATES):
                return True  # what was not looked at may matter
            for other, function, selves in candidates:
                if (function, selves) in self._entered:
                    continue
                self._entered.add((function, selves))
                with self._as(selves):
                    if self._matters(other, function.body, depth + 1, logs=logs):
                        return True
        return False

    def _check(self, file: SourceFile, statement: ast.stmt) -> None:
        """A statement that only raises or logs decides if its exception is caught."""
        for node in ast.walk(statement):
            if isinstance(node, (ast.Raise, ast.Assert)) and self._raising_matters(file, node, raised_by(node)):
                return

    def _raising_matters(self, file: SourceFile, node: ast.AST, raised: str) -> bool:
        """Return whether an exception is caught, and something of the program runs only then, or only without it."""
        for catcher in list(self._catchers.of(file, node, raised)):
            if (node, catcher.statement) in self._caught:
                continue
            self._caught.add((node, catcher.statement))
            # What is caught outside of the steps ends them all: there is no program then.
            if self._gives_up(catcher) or not self._relevance.steps(catcher.file, catcher.statement):
                continue
            if any(self._matters(other, part, 0) for other, part in catcher.parts):
                self._decide(catcher.file, catcher.line)
                return True
        return False

    def _gives_up(self, catcher: Catcher) -> bool:
        """Return whether a step in which the exception is raised has no outputs: it is no step of the program."""
        body = getattr(catcher.statement, "body", [])
        handlers = [n for n in ast.walk(catcher.statement) if isinstance(n, ast.ExceptHandler)]
        declaring = any(
            isinstance(n, ast.Call) and called_name(n) == "output_tensors" for h in handlers for n in ast.walk(h)
        )
        return self._relevance.declares(catcher.file, body) and not declaring

    def _decide(self, file: SourceFile, line: int, *, known: bool = True) -> None:
        if known and self._fate.decides is None:
            self._fate.decides = Place(file.path, line)
        elif not known and self._fate.may_decide is None:
            self._fate.may_decide = Place(file.path, line)

"""Which statements and names of the user's source take part in what a node computes."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from types import CodeType, FunctionType, ModuleType

from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.source.book import FUNCTIONS, Function, SourceBook, SourceFile, called_name
from leapp_core.tracing.source.callsite import FunctionKey, function_key, is_installed, is_library, is_of_core
from leapp_core.tracing.source.heap import class_key
from leapp_core.tracing.source.living import LivingObjects
from leapp_core.tracing.source.local import LocalTypes, is_global
from leapp_core.tracing.source.owners import Owners, Types, related
from leapp_core.tracing.source.statements import DECLARING_NAMES, assignments
from leapp_core.tracing.values.aliases import Aliases, without_items
from leapp_core.tracing.values.driver import Driver
from leapp_core.tracing.values.stacks import leads, running

_MOST_FUNCTIONS = 500
_ASKED_BY_PYTHON = frozenset({"__missing__", "__array__"})

Name = tuple[int, str]
"""A name by the function (``id`` of its tree) or file (of its path) around; ``(0, ".attribute")`` for attributes."""

Assigned = tuple[Types, SourceFile, ast.AST]
"""Whose attribute is assigned, and what."""


class Relevance:
    """Statements whose calls are part of a node's program, and the names that they read, directly or not.

    Args:
        slicer: Slicer of the record.
        found: The node's analysis.
    """

    def __init__(self, slicer: Slicer, found: NodeAnalysis) -> None:
        step = found.step
        hidden = slicer.recorder.numbers.hidden()
        sliced = found.sliced.events or [i for i in range(step.begin, step.out_index) if i not in hidden]
        stacks = {(e.stack, e.line) for e in (slicer.recorder.events[i] for i in sliced)}
        self._stacks = running(slicer)
        called = {(frame.file, frame.line) for stack in stacks for frame in self._stacks[stack]}
        stacks |= {(d.stack, d.line) for d in step.outputs.values()}  # these may be chosen without a call
        frames = {frame for stack in stacks for frame in self._stacks[stack]}
        self._lines = {(frame.file, frame.line) for frame in frames}
        self._declaring = self._lines - called
        self._declared = {(f.file, f.line) for d in step.outputs.values() for f in self._stacks[d.stack, d.line]}
        self._sources = slicer.sources
        self._functions = {function_key(f.code) for f in frames if not f.driver}
        self._given = {(f.file, f.line) for d in step.inputs.values() for f in self._stacks[d.stack, d.line]}
        self._executed = self._lines_by_step(slicer, found)
        self._results = self._passes_through(slicer, found)
        files = {f.file for f in frames}
        files |= _files_called(slicer, {f.code for f in frames}) | (_files_in_reach(slicer) if self._results else set())
        self.book = SourceBook(sorted(files), slicer.sources)
        ran = {function_key(f.code) for found in self._stacks.values() for f in found}
        python = slicer.recorder.python
        drivers = {f.code for found in self._stacks.values() for f in found if f.driver}
        driving = {function_key(c): python.types_of_locals(c) for c in drivers}
        begun = {f.code for d in step.inputs.values() for f in self._stacks[d.stack, d.line]}
        ended = {f.code for d in step.outputs.values() for f in self._stacks[d.stack, d.line]}
        self._driver = Driver(self.book, drivers | (begun & ended), self._given, self._declared)
        living = LivingObjects(self.book, slicer.heap, slicer.seen_types, python.kinds)
        self._leads = leads(self._stacks.values())
        self.owners = Owners(self.book, ran, living, LocalTypes(living, driving), self._leads)
        self.aliases = Aliases(self.book, self.owners, python.shared(), self._driver)
        self._searched = -1
        self._called: set[ast.AST] = set()
        self._beside: set[ast.AST] = set()
        self._handed_over: dict[Function, bool] = {}

    def statement(self, file: SourceFile, statement: ast.stmt, end: int) -> bool:
        """Return whether calls of a statement (to the line ``end``) are part of the program."""
        return any((file.path, line) in self._lines for line in range(statement.lineno, end + 1))

    def hands_on(self, file: SourceFile, statement: ast.stmt) -> bool:
        """Return whether a statement was seen to call functions of the user."""
        lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
        return any((file.path, line) in self._leads for line in lines)

    def body(self, file: SourceFile, statements: Iterable[ast.stmt]) -> bool:
        """Return whether anything within statements is part of the program, but for the one declaration of outputs.

        What is not declared is not captured: a session that closes after some steps changes nothing in the program.
        """
        lines = {n for s in statements for n in range(s.lineno, (s.end_lineno or s.lineno) + 1)}
        found = [n for n in lines if (file.path, n) in self._lines]
        return any((file.path, n) not in self._declaring or not self._declares_alone(file, n) for n in found)

    def declares(self, file: SourceFile, statements: Iterable[ast.stmt]) -> bool:
        """Return whether outputs are declared within statements, or by what they call."""
        lines = {n for s in statements for n in range(s.lineno, (s.end_lineno or s.lineno) + 1)}
        return any((file.path, n) in self._declared for n in lines)

    def callers(self, file: SourceFile, function: Function) -> list[tuple[SourceFile, ast.stmt]]:
        """Return the statements that called a function, as recorded; those that may, if it made no call itself."""
        seen = sorted(self._callers.get(file.key_of(function), ()))
        found = [(other, other.statement_at(line)) for other, line in ((self._sources.file(p), n) for p, n in seen)]
        if not found:
            calls = [(other, call) for other, call, _ in self.owners.callers(file, function)]
            found = [(other, next(n for n in other.above(call) if isinstance(n, ast.stmt))) for other, call in calls]
        return [(other, statement) for other, statement in found if statement is not None]

    @cached_property
    def _callers(self) -> dict[FunctionKey, set[tuple[str, int]]]:
        """For each function the lines that were seen to call it."""
        found: dict[FunctionKey, set[tuple[str, int]]] = {}
        for line, functions in self._leads.items():
            for key in functions:
                found.setdefault(key, set()).add(line)
        return found

    @staticmethod
    def _declares_alone(file: SourceFile, line: int) -> bool:
        """Return whether the call at a line is the only one of its name in the function around it."""
        function = next((f for f in reversed(file.functions) if f.lineno <= line <= (f.end_lineno or f.lineno)), None)
        calls = [n for n in ast.walk(function) if isinstance(n, ast.Call)] if function is not None else []
        here = {called_name(call) for call in calls if call.lineno <= line <= (call.end_lineno or call.lineno)}
        return "output_tensors" in here and [called_name(call) for call in calls].count("output_tensors") == 1

    def steps(self, file: SourceFile, node: ast.AST, around: ast.AST | None = None) -> bool:
        """Return whether a place (in a function or ``lambda``) may run in a step."""
        return (
            self.drives(file, node)
            if self._driver.owns(file, node)
            else self.runs(file, around or file.function_of(node))
        )

    def drives(self, file: SourceFile, node: ast.AST) -> bool:
        """Return whether a place lies in the part of a function that runs whole steps."""
        return self._driver.has(file, node)

    def within_step(self, file: SourceFile, node: ast.AST) -> bool:
        """Return whether a place lies, in a function that runs whole steps, between inputs and outputs of one."""
        return self._driver.within_step(file, node)

    def comes_from_outside(self, file: SourceFile, load: ast.expr) -> bool:
        """Return whether a function that runs steps declares what is read here as an input."""
        return self._driver.declares(file, load)

    def leaves_step(self, file: SourceFile, node: ast.AST) -> bool:
        """Return whether a ``return``, ``break`` or ``continue`` ends a whole step, or all of them."""
        return self._driver.leaves_step(file, node)

    def runs_steps(self, file: SourceFile, statements: Iterable[ast.stmt]) -> bool:
        """Return whether whole steps, from their inputs on, run within statements of a function that runs steps."""
        return self._driver.runs_steps(file, statements) or any(
            self._driver.gives_all_outputs(file, statement) for statement in statements
        )

    def took_part(self, file: SourceFile, function: ast.AST) -> bool:
        """Return whether calls of the program were made in a function, by itself or by what it called."""
        if not isinstance(function, FUNCTIONS):
            return False
        return file.key_of(function) in self._functions

    def runs(self, file: SourceFile, function: ast.AST | None, *, beside: bool = True) -> bool:
        """Return whether a function may run before the outputs: it took part, or one that did may call it.

        Args:
            file: Its file.
            function: The function.
            beside: Whether one does that a loop calls around the step, or that is passed on as a value: what it keeps
                is kept for the next step, what it draws is not the step's.
        """
        if not isinstance(function, FUNCTIONS) or self.took_part(file, function):
            return function is not None
        if len(self.book.files) != self._searched:
            self._searched, self._called = len(self.book.files), self._called_functions(around=False)
            self._beside = self._called_functions(around=True) - self._called
        special = function.name.startswith("__") and function.name not in ("__init__", "__repr__", "__str__", "__del__")
        if special:
            return file.class_of(function) is None or self.owners.in_reach(file, function)
        if function in self._called or self.is_hook(function):
            return True
        return beside and (function in self._beside or self.is_handed_over(file, function))

    def helps(self, file: SourceFile, function: Function) -> bool:
        """Return whether a function runs before the outputs, be it one that computes no tensor.

        A method does if the steps could reach an object that has it: other classes have methods of that name too.
        """
        if self.took_part(file, function):
            return True
        reached = file.class_of(function) is None or self.owners.in_reach(file, function)
        return reached and self.runs(file, function, beside=False)

    def _called_functions(self, *, around: bool) -> set[ast.AST]:
        """Return the functions and properties that functions of the program, and what they may call, use.

        Args:
            around: Also those that a loop calls before and after the step.
        """
        found: set[ast.AST] = set()
        named: dict[str, list[tuple[SourceFile, Function]]] = {}
        waiting: list[tuple[SourceFile, ast.AST, int]] = []
        for file in self.book.files:
            lines = [line for path, line in self._lines if path == file.path]
            for f in file.functions:
                named.setdefault(f.name, []).append((file, f))
                if self.took_part(file, f):
                    inside = [line for line in lines if f.lineno <= line <= (f.end_lineno or f.lineno)]
                    waiting.append((file, f, max(inside, default=f.end_lineno or f.lineno)))
            waiting += [(file, s, s.end_lineno or s.lineno) for s in self._driver.steps_of(file, around=around)]
        while waiting:
            file, function, last = waiting.pop()
            for node in ast.walk(function):
                name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
                if getattr(node, "lineno", last) > last:
                    continue
                for other, f in self.owners.seen_called(file, node, named.get(name, [])):
                    # What took part is looked at up to its last call, a driver from inputs to outputs.
                    seen = f in found or self.took_part(other, f) or self._driver.owns(other, f.body[0])
                    if not seen and self._may_mean(file, node, other, f):
                        found.add(f)
                        waiting.append((other, f, f.end_lineno or f.lineno))
        return found

    def _may_mean(self, file: SourceFile, node: ast.AST, other: SourceFile, function: Function) -> bool:
        """Return whether an expression that names a function may mean this one."""
        holder = self.owners.of(file, node) if isinstance(node, ast.Attribute) else None
        return related(holder, self.owners.selves(other, function)) and self.owners.takes_part(other, function)

    def is_hook(self, function: Function) -> bool:
        """Return whether a function's results are taken by PyTorch, where it is registered, or by Python itself."""
        if function.name in _ASKED_BY_PYTHON:
            return True
        given = ((file.parents.get(load), load) for file, load in self.book.mentions(function.name))
        return any(
            isinstance(call, ast.Call) and load in call.args and called_name(call).startswith("register_")
            for call, load in given
        )

    def is_handed_over(self, file: SourceFile, function: Function) -> bool:
        """Return whether a function is passed on as a value, for others to call: by a parameter, from a dictionary.

        Not so one that runs whole steps (of this session or another), or that computed tensors: that was seen.
        """
        found = self._handed_over.get(function)
        if found is None:
            loops = self._driver.owns(file, function.body[0]) or function in self._declaring_functions
            seen = loops or self.took_part(file, function)
            mentions = () if seen else self.book.mentions(function.name)
            found = any(_is_value(other, n) and self._is_meant(other, n, file, function) for other, n in mentions)
            self._handed_over[function] = found
        return found

    @cached_property
    def _declaring_functions(self) -> set[ast.AST | None]:
        return {file.function_of(call) for name in DECLARING_NAMES for file, call in self.book.calls(name)}

    def _is_meant(self, other: SourceFile, load: ast.expr, file: SourceFile, function: Function) -> bool:
        """Return whether what is read is a function; a method only if it is known whose."""
        if file.class_of(function) is None:
            return True
        holder = self.owners.of(other, load) if isinstance(load, ast.Attribute) else None
        return holder is not None and related(holder, self.owners.selves(file, function))

    def reads(self, file: SourceFile, target: ast.expr, selves: Types = None) -> bool:
        """Return whether the program reads what is assigned here, ``self`` being one of some types if that is known."""
        if isinstance(target, ast.Attribute) and (self._is_asked(target.attr) or target.attr == "__class__"):
            return True  # by name, or by every method: an object of another class has others
        key = self._key(file, target)
        if isinstance(target, ast.Name) and key[0] == id(file.path) and self._reads_of_module(file, target.id):
            return True
        return key in self._names and related(self._names[key], self._owner(file, target, selves))

    def _is_asked(self, attribute: str) -> bool:
        return any(attribute in file.asked for file in self.book.files)

    def _reads_of_module(self, file: SourceFile, name: str) -> bool:
        """Return whether the program reads a global name of a file as ``module.name``."""
        owner = self._names.get((0, "." + name), frozenset())
        return owner is not None and bool(owner & self.owners.living.modules_of(file.path))

    def only_at_first(self, file: SourceFile, statements: list[ast.stmt]) -> bool:
        """Return whether statements made calls in an early step and none in the last."""
        lines = {(file.path, n) for s in statements for n in range(s.lineno, (s.end_lineno or s.lineno) + 1)}
        ran = [bool(lines & step) for step in self._executed]
        return any(ran) and not ran[-1]

    def made_calls(self, file: SourceFile, statement: ast.stmt) -> bool:
        """Return whether a statement made recorded calls."""
        lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
        return any((file.path, n) in step for step in self._executed for n in lines)

    @staticmethod
    def _passes_through(slicer: Slicer, found: NodeAnalysis) -> bool:
        """Return whether an output is handed on as it came: no call tells which statement gave it."""
        wanted = {i.storage for n in found.sliced.events for i in slicer.effects.of(slicer.recorder.events[n]).births}
        return any(d.info.storage not in wanted for d in found.step.outputs.values())

    def _lines_by_step(self, slicer: Slicer, found: NodeAnalysis) -> list[set[tuple[str, int]]]:
        steps = []
        computed = slicer.recorder.numbers.computed
        for step in found.steps:
            stacks = {
                (e.stack, e.line) for e in slicer.recorder.events[step.begin : step.end] if e.index not in computed
            }
            steps.append({(f.file, f.line) for stack in stacks for f in self._stacks[stack]})
        return steps

    @cached_property
    def _names(self) -> dict[Name, Types]:
        """What the program reads: local names, and attributes with the types that have them."""
        assigned: dict[Name, list[Assigned]] = {}
        names: dict[Name, Types] = {}
        waiting: list[Name] = []
        for file in self.book.files:
            for statement in file.statements:
                for target, value in assignments(statement):
                    owner = self._owner(file, target)
                    assigned.setdefault(self._key(file, target), []).append((owner, file, value))
                if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    continue
                if (
                    (self._results and isinstance(statement, ast.Return))
                    or (file.path, statement.lineno) in self._lines
                    or self._spans(file, statement)
                ):
                    waiting += self._read(file, statement, names)
        while waiting:
            name = waiting.pop()
            given = assigned.pop(name, [])
            assigned[name] = [a for a in given if not related(a[0], names[name])]
            for _, file, value in (a for a in given if related(a[0], names[name])):
                waiting += self._read(file, value, names)
        return names

    def _read(self, file: SourceFile, tree: ast.AST, names: dict[Name, Types]) -> list[Name]:
        """Add what a tree reads to the names; return those that are new, or belong to more types than before."""
        fresh = []
        for node in self._loads(file, tree):
            key, owner = self._key(file, node), self._owner(file, node)
            known = names.get(key, frozenset())
            if key not in names or (known is not None and (owner is None or owner - known)):
                names[key] = None if owner is None or known is None else known | owner
                fresh.append(key)
        return fresh

    def _owner(self, file: SourceFile, target: ast.expr, selves: Types = None) -> Types:
        target = without_items(target)
        return self.owners.of(file, target, selves) if isinstance(target, ast.Attribute) else None

    def _spans(self, file: SourceFile, statement: ast.stmt) -> bool:
        if hasattr(statement, "body"):
            return False
        return self.statement(file, statement, statement.end_lineno or statement.lineno)

    def _loads(self, file: SourceFile, tree: ast.AST) -> Iterator[ast.Attribute | ast.Name]:
        parts = [tree]
        if isinstance(tree, ast.stmt) and hasattr(tree, "body"):  # a compound statement counts with its header
            parts = [n for n in ast.iter_child_nodes(tree) if isinstance(n, ast.expr)]
        for node in (n for part in parts for n in ast.walk(part)):
            if not isinstance(node, (ast.Attribute, ast.Name)) or file.calls_it(node):
                continue
            if not self._driver.declares(file, node):
                yield node

    @staticmethod
    def _key(file: SourceFile, target: ast.expr) -> Name:
        target = without_items(target)
        if isinstance(target, ast.Attribute):
            return 0, "." + target.attr
        if isinstance(target, ast.Name) and target.id not in ("self", "cls"):
            return id(file.path) if is_global(file, target) else id(file.function_of(target)), target.id
        return 0, ""


def _files_in_reach(slicer: Slicer) -> set[str]:
    """Return the files of the classes that the steps could reach: a method that makes no call is not seen to run."""
    return _of_users(slicer, {class_key(kind)[0] for kind in slicer.recorder.python.kinds})


def _files_called(slicer: Slicer, running: set[CodeType]) -> set[str]:
    """Return the files of functions that code names: one that makes no call is not seen to run, and may change a table.

    A function may come by its name, or as one of a module that is named; what it names in turn is looked at, too.
    """
    modules = {str(m.__dict__.get("__file__")): vars(m) for m in list(sys.modules.values()) if type(m) is ModuleType}
    waiting, seen = list(running), set(running)
    while waiting and len(seen) < _MOST_FUNCTIONS:
        code = waiting.pop()
        known = modules.get(code.co_filename, {})
        named = [known[name] for name in code.co_names if name in known]
        named += [vars(m)[n] for m in named if type(m) is ModuleType for n in code.co_names if n in vars(m)]
        for function in named:
            called = function.__code__ if type(function) is FunctionType else None
            if called is not None and called not in seen and _of_users(slicer, {called.co_filename}):
                seen.add(called)
                waiting.append(called)
    return {code.co_filename for code in seen - running}


def _of_users(slicer: Slicer, files: set[str]) -> set[str]:
    libraries = (is_installed, is_library, is_of_core, slicer.outside.has)
    return {f for f in files if f.endswith(".py") and not any(known(f) for known in libraries)}


def _is_value(file: SourceFile, load: ast.expr) -> bool:
    """Return whether a name is not called where it is read, and no attribute of it is."""
    parent = file.parents.get(load)
    decorates = isinstance(parent, (*FUNCTIONS, ast.ClassDef))
    return not (file.calls_it(load) or decorates or isinstance(parent, (ast.Attribute, ast.Compare, ast.Expr)))

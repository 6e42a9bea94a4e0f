"""Python values that differ from step to step by nature: counters, lengths of growing lists, clocks, random numbers.

What such a value does is only seen when it crosses a threshold, perhaps long after the captured steps. So every use of
one in the functions of the program is followed, and refused where it decides what is computed.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from leapp_core.errors import CaptureError
from leapp_core.tracing.checks.changes import Changes, VaryingRead
from leapp_core.tracing.checks.compare import HOLD_IN_TENSOR
from leapp_core.tracing.checks.explained import Explained
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.find.steps import by_step
from leapp_core.tracing.record.numbers import sources_of
from leapp_core.tracing.source.book import FUNCTIONS, SourceFile, called_name, root_name
from leapp_core.tracing.source.callsite import is_installed
from leapp_core.tracing.source.clocks import ASKING, CLOCKS, DRAWS, OF_PATHS, READING, SETTING, SHARED_NAMES
from leapp_core.tracing.source.outside import Outside
from leapp_core.tracing.source.owners import Types
from leapp_core.tracing.values.cycles import Cycles
from leapp_core.tracing.values.fate import Fate, Place
from leapp_core.tracing.values.flows import Follower
from leapp_core.tracing.values.relevance import Relevance

_GROWING = frozenset({"append", "appendleft", "extend", "pop", "popleft", "insert"})
_TAKING = frozenset({"pop", "popleft", "popitem", "remove", "clear"})
_EMPTYING = frozenset({"pop", "popleft", "insert", "clear", "remove"})
# Names that need an owner that looks like a random number generator.
_DRAWS_OF_GENERATORS = frozenset(
    {"uniform", "normal", "integers", "randint", "choice", "rand", "randn", "binomial", "poisson"}
)
_GENERATORS = frozenset({"random", "rng", "_rng", "np_random", "generator", "_generator"})


@dataclass(frozen=True)
class Doubt:
    """A refusal that later steps settle.

    Attributes:
        refusal: What to raise unless they do.
        of_libraries: It is about values of installed packages only.
    """

    refusal: CaptureError
    of_libraries: bool


def check_counters(
    slicer: Slicer, found: NodeAnalysis, relevance: Relevance, *, begins: bool = False
) -> tuple[Doubt, ...]:
    """Refuse Python values that change by themselves and decide what a node computes.

    Args:
        slicer: Slicer of the record.
        found: The node's analysis.
        relevance: What takes part in the program.
        begins: It is the first step, which begins with the same Python values every time: it may count as it likes.

    Returns:
        Refusals that are for later steps to settle: of values that go into code which is not at hand, so that it may
        decide by them or may not; and of values of installed packages (simulators count all sorts of things).

    Raises:
        CaptureError: naming the value, where it is read, and the fix.
    """
    changes = Changes(slicer, relevance)
    cycles = Cycles(relevance.owners, changes.all)
    turns = 1  # after which all values that come round are what they were, together
    doubts = []
    explained = Explained(slicer, relevance)
    for value in _deciding(relevance, changes, slicer.outside):
        if explained.read(value.file, value.node):
            continue  # it is in the record, and so in the program
        if _stays(slicer, found, value):
            continue  # a list that has grown to its length
        if begins and not _asks(value.node):
            continue
        period = cycles.period(value.name, value.owners)
        turns = math.lcm(turns, period)
        if not 0 < turns <= found.reference:
            if value.known and not value.is_of_libraries:
                raise _refusal(found, value, period)
            doubts.append(Doubt(_refusal(found, value, period), value.is_of_libraries))
    _check_lengths(slicer, found, relevance)
    return tuple(doubts)


def _check_lengths(slicer: Slicer, found: NodeAnalysis, relevance: Relevance) -> None:
    """Refuse values that leave the numbers that are followed where something is taken out of a container.

    How long a list is decides what a stack of it is, though the statement computes nothing.
    """
    log = slicer.recorder.numbers
    for leave in log.leaves.values():
        if not leave.followed or leave.raises or not log.depends(leave.roots):
            continue
        file = relevance.book.file(leave.code.co_filename)
        statement = file.statement_at(leave.line)
        if not (isinstance(statement, ast.Delete) or any(place.name for place in sources_of(leave.roots))):
            continue  # what a value of a tensor decides by a branch is judged where it leaves
        if statement is not None and any(map(_removes, ast.walk(statement))):
            raise CaptureError(
                f"node {found.node!r}: a Python value that changes from step to step decides how long a container is "
                f"(line {leave.line}: {file.text(leave.line)}); the captured steps do not show every case",
                where=f"{file.path}:{leave.line}: {file.text(leave.line)}",
                expected="containers of one length, or whose length only the start changes",
                fix="keep the entries in one tensor of fixed size, and choose with torch.where",
                code="C004",
            )


def _removes(node: ast.AST) -> bool:
    """Return whether something is taken out of a container."""
    if isinstance(node, ast.Delete):
        return any(isinstance(target, ast.Subscript) for target in node.targets)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TAKING


def _stays(slicer: Slicer, found: NodeAnalysis, value: _Deciding) -> bool:
    """Return whether a container was as long in each of the steps, wherever user code asked for its length.

    What makes it longer or shorter is in the steps then, and does the same in each: calls that readings decide on are
    refused by themselves.
    """
    known = slicer.recorder.numbers.lengths.get((value.file.path, value.node.lineno))
    if known is None or not isinstance(value.node, ast.Call) or _asks(value.node):
        return False
    *full, last = by_step(known, found.steps)
    return all(one == full[0] for one in full) and last == full[0][: len(last)] if len(full) > 1 else False


@dataclass(frozen=True)
class _Deciding:
    """A varying expression that decides, or may.

    Attributes:
        file: Its file.
        node: The expression.
        place: Where it decides.
        known: It does; else it is only given to code that is not at hand.
        name: The attribute it reads, if any.
        owners: Whose attribute that is.
    """

    file: SourceFile
    node: ast.expr
    place: Place
    known: bool
    name: str = ""
    owners: Types = None

    @property
    def is_of_libraries(self) -> bool:
        """Whether it is read, and decides, in installed packages only."""
        return is_installed(self.file.path) and is_installed(self.place.file)


def _deciding(relevance: Relevance, changes: Changes, outside: Outside) -> Iterator[_Deciding]:
    counted, grown = _counted(relevance), _grown(relevance, changes.full_queues)
    for file, node, growing in _varying(relevance, counted, grown):
        if outside.has(file.path):
            continue
        kind = "decided" if isinstance(node, ast.Call) and called_name(node) == "len" else "value"
        fate = Follower(relevance, growing=growing).follow(file, node, kind)
        place, known = fate.worst, fate.decides is not None
        if place is None or (growing and not relevance.owners.living.may_hold_number(file, node)):
            continue
        if isinstance(node, ast.Attribute):
            yield _Deciding(file, node, place, known, node.attr, relevance.owners.of(file, node))
        else:
            yield _Deciding(file, node, place, known)
    for read in changes.reads():
        fate = _fate(relevance, read)
        if fate.worst is not None:
            yield _Deciding(read.file, read.node, fate.worst, fate.decides is not None, read.name, read.owners)


def _fate(relevance: Relevance, read: VaryingRead) -> Fate:
    if isinstance(read.node, ast.Call) and called_name(read.node) == "exec":  # text may do anything with it
        return Fate(Place(read.file.path, read.node.lineno))
    return Follower(relevance, growing=read.growing).follow(read.file, read.node, read.kind)


def _refusal(found: NodeAnalysis, value: _Deciding, period: int) -> CaptureError:
    fix = HOLD_IN_TENSOR + ", and choose with torch.where"
    around = (value.node, *value.file.above(value.node))
    if any(isinstance(p, ast.Subscript) and n is p.slice for n, p in pairwise(around)):
        fix += ", or index with it: torch.stack(list).index_select(0, i.reshape(1))"
    if period:
        fix += f"; or capture more steps: it comes round after {period}"
    decides = "decides what is computed" if value.known else "is given to code that cannot be followed"
    return CaptureError(
        f"node {found.node!r}: the Python value {ast.unparse(value.node)} changes from step to step and {decides} "
        f"({value.place}); the captured steps do not show every case",
        where=f"{value.file.path}:{value.node.lineno}: {value.file.text(value.node.lineno)}",
        expected="tensor operations between inputs and outputs",
        fix=fix,
        # A call that gives another value each time asks a clock, a file or a generator of random numbers.
        code="C013" if _asks(value.node) else "C004",
    )


def _asks(node: ast.expr) -> bool:
    """Return whether a value is what a call gives: not what objects of the program hold."""
    return isinstance(node, ast.Call) and called_name(node) != "len"


def _varying(
    relevance: Relevance, counted: set[ast.expr], grown: set[ast.expr]
) -> Iterator[tuple[SourceFile, ast.expr, bool]]:
    """Yield the varying expressions of the functions that took part, each with its file and whether it only grows."""
    for file in relevance.book.files:
        for function in file.functions:
            if relevance.took_part(file, function):
                for node, growing in _sources(file, function, counted, grown):
                    yield file, node, growing
            if relevance.helps(file, function):
                calls = (n for n in ast.walk(function) if isinstance(n, ast.Call))
                yield from ((file, n, False) for n in calls if _varies(relevance, file, n, called_name(n)))
                reads = file.loads.get("._version", ())  # how often a tensor was written
                yield from ((file, n, False) for n in reads if function in file.above(n))


def _sources(
    file: SourceFile, function: ast.AST, counted: set[ast.expr], grown: set[ast.expr]
) -> Iterator[tuple[ast.expr, bool]]:
    """Yield the varying expressions of a function, and whether each only grows."""
    for node in ast.walk(function):
        if node in counted:
            yield node, True
        elif isinstance(node, ast.Call):
            name = called_name(node)
            if name == "len" and node.args and node.args[0] in grown:
                yield node, True


def _varies(relevance: Relevance, file: SourceFile, call: ast.Call, name: str) -> bool:
    """Return whether a call gives another value each time: a clock, a random number."""
    root = root_name(call.func)
    # Packages look for their files when they load, and keep what they found.
    if (name in ASKING or _asks_for_files(relevance, file, call, name)) and is_installed(file.path):
        return False
    if relevance.owners.draws(file, call) or _asks_for_files(relevance, file, call, name):
        return True
    if name in CLOCKS and root in ("time", "datetime", "dt"):
        return True
    if isinstance(call.func, ast.Name):  # from time import perf_counter; from random import choices
        module, name = file.imported.get(name, ("", name))
        if module in ("random", "numpy.random"):
            return name not in SETTING and name[:1].islower()
        clocks = CLOCKS if module == "time" else CLOCKS - SHARED_NAMES
        return name in clocks or name in DRAWS - {"random"} | {"choices"}
    if root == "random" and name in ("choices", "choice", "sample", "betavariate", "triangular"):
        return True
    if root in ("torch", "F", ""):
        return False
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    last = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return name in DRAWS or (name in _DRAWS_OF_GENERATORS and last in _GENERATORS)


def _asks_for_files(relevance: Relevance, file: SourceFile, call: ast.Call, name: str) -> bool:
    """Return whether a call looks at files: whether they are there; what is in them, unless that may be once only."""
    if relevance.book.functions(name):
        return False
    if name in OF_PATHS and isinstance(call.func, ast.Attribute) and not call.args:
        return True
    return name in READING and not _perhaps_once(file, call)


def _perhaps_once(file: SourceFile, call: ast.Call) -> bool:
    """Return whether a call is made under a condition, or in a function that keeps its results."""
    function = file.function_of(call)
    if any("cache" in ast.unparse(d) for d in getattr(function, "decorator_list", ())):
        return True
    return any(
        isinstance(n, (ast.If, ast.IfExp)) and part is not n.test for part, n in pairwise((call, *file.above(call)))
    )


def _counted(relevance: Relevance) -> set[ast.expr]:
    """Return the reads of attributes, globals and closed-over names that Python arithmetic changes."""
    found: set[ast.expr] = set()
    reads = _reads_by_name(relevance)
    for file in relevance.book.files:
        for statement in file.statements:
            target = _counting(statement)
            function = file.function_of(statement)
            if target is None or not isinstance(function, FUNCTIONS) or function.name == "__init__":
                continue
            if relevance.made_calls(file, statement):
                continue  # tensor arithmetic
            if isinstance(target, ast.Attribute):
                among = reads.get(target.attr)
                found |= {load for _, load, _ in relevance.owners.loads(file, target, among=among)} if among else set()
            elif _outlives(function, target.id):
                found |= {load for load in file.loads.get(target.id, ()) if function in file.above(load)}
    return found


def _reads_by_name(relevance: Relevance) -> dict[str, list[tuple[SourceFile, ast.Attribute]]]:
    """Return the attributes that functions of the program read and do not call, by name."""
    found: dict[str, list[tuple[SourceFile, ast.Attribute]]] = {}
    for file in relevance.book.files:
        for function in (f for f in file.functions if relevance.took_part(file, f)):
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and not file.calls_it(node):
                    found.setdefault(node.attr, []).append((file, node))
    return found


def _counting(statement: ast.stmt) -> ast.Attribute | ast.Name | None:
    """Return the target of ``k += 1`` and of ``k = (k + 1) % n``."""
    if isinstance(statement, ast.AugAssign):
        return statement.target if isinstance(statement.target, (ast.Attribute, ast.Name)) else None
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target = statement.targets[0]
    if not isinstance(target, (ast.Attribute, ast.Name)) or not _is_arithmetic(statement.value):
        return None
    return target if any(_same(target, n) for n in ast.walk(statement.value)) else None


def _is_arithmetic(value: ast.expr) -> bool:
    """Return whether an expression is made of numbers and names only."""
    allowed = (
        ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Constant, ast.Name, ast.Attribute, ast.expr_context
    )  # fmt: skip
    return isinstance(value, ast.BinOp) and all(isinstance(n, allowed) for n in ast.walk(value))


def _same(target: ast.expr, node: ast.AST) -> bool:
    if isinstance(target, ast.Attribute):
        return isinstance(node, ast.Attribute) and node.attr == target.attr
    return isinstance(target, ast.Name) and isinstance(node, ast.Name) and node.id == target.id


def _outlives(function: ast.AST, name: str) -> bool:
    """Return whether a name of a function is ``global`` or ``nonlocal``."""
    return any(isinstance(s, (ast.Global, ast.Nonlocal)) and name in s.names for s in ast.walk(function))


def _grown(relevance: Relevance, queues: frozenset[str]) -> set[ast.expr]:
    """Return the reads of attributes that hold containers which functions of the program fill or empty.

    A full queue that things are only appended to stays as long as it is.

    Args:
        relevance: What takes part in the program.
        queues: Attributes that hold full queues.
    """
    found: set[ast.expr] = set()
    emptied = (load for file in relevance.book.files for name in _EMPTYING for load in file.loads.get(f".{name}", ()))
    owners = (load.value for load in emptied if isinstance(load, ast.Attribute))
    full = queues - {owner.attr for owner in owners if isinstance(owner, ast.Attribute)}
    for file in relevance.book.files:
        for function in (f for f in file.functions if relevance.took_part(file, f)):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and called_name(node) in _GROWING:
                    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
                    if isinstance(owner, ast.Attribute) and owner.attr not in full:
                        found |= {load for _, load, _ in relevance.owners.loads(file, owner)}
                        found |= {load for _, load in relevance.aliases.of(file, owner)}
    return found

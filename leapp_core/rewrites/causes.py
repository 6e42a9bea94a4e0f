"""Where a value that is refused comes from, as the user's source tells it: a clock, SciPy, a counter, an ``if``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from leapp_core.errors import CaptureError
from leapp_core.rewrites.loop import parsed

_OF_NUMBERS = frozenset({f"LEAPP-C0{n:02}" for n in (1, 3, 4, 5, 8, 9, 12, 13, 20)})
_OF_BRANCHES = frozenset({"LEAPP-C002", "LEAPP-C010"})
_FAR = 4
"""Assignments that are followed backwards from the refused line."""

_CLOCKS = ("time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns", "now", "utcnow")
_LIBRARIES = {
    "scipy": "SciPy",
    "cv2": "OpenCV",
    "pinocchio": "Pinocchio",
    "casadi": "CasADi",
    "sklearn": "scikit-learn",
}


@dataclass(frozen=True)
class _Cause:
    """What makes a value another one in each step.

    Attributes:
        says: What it is, after the source of the line.
        fix: What to do, in place of a fix that speaks of readings.
    """

    says: str
    fix: str


_CLOCK = _Cause(
    "a clock",
    "count the steps in a tensor and multiply by the control period; or read the clock before the step and declare the"
    " time as an input",
)
_NOISE = _Cause(
    "random numbers",
    "use the mean and switch the noise off; or draw the noise before the step and declare it as an input",
)
_COUNTER = _Cause(
    "a Python number that the step counts on",
    "hold it in a tensor that tensor operations update, and choose by it with torch.where",
)
_ITEM = _Cause(
    "a Python number read out of a tensor",
    "leave .item(), float(), int() and .tolist() out, so that the value stays a tensor: torch.clamp for min and max,"
    " torch.where for if, torch.stack for torch.tensor([...])",
)


def place_of(refusal: CaptureError) -> tuple[str, int | None]:
    """Return file and line of what is refused; no line where it has none."""
    place, _, rest = (refusal.where or "").partition(":")
    line = rest.partition(":")[0]
    return place, int(line) if place and line.isdigit() else None


def name_cause(refusal: CaptureError) -> None:
    """Add to a refusal where the value that it is about comes from, and say what to do about such a value."""
    place, line = place_of(refusal)
    tree = parsed(place) if line is not None else None
    if tree is None or line is None:
        return
    found = _Function.at(tree, line)
    if refusal.code in _OF_BRANCHES:
        deciding = found.deciding(line)
        if deciding is not None and deciding.lineno != line:
            refusal.where = f"{refusal.where}\n{_told(place, deciding.lineno, _head(deciding))}  (decides it)"
        return
    cause = found.cause(line) if refusal.code in _OF_NUMBERS else None
    if cause is not None:
        statement, what = cause
        refusal.fix = what.fix
        if statement.lineno != line:
            refusal.where = f"{refusal.where}\n{_told(place, statement.lineno, _head(statement))}: {what.says}"
        else:
            refusal.where = f"{refusal.where} ({what.says})"


def _told(path: str, line: int, text: str) -> str:
    return f"{Path(path).name}:{line}: {text}"


def _head(statement: ast.stmt) -> str:
    return ast.unparse(statement).splitlines()[0]


@dataclass(frozen=True)
class _Function:
    """The function that a line is in, and the class around it.

    Attributes:
        tree: The whole file.
        body: The function, or the file.
        around: The class, if there is one.
    """

    tree: ast.Module
    body: ast.AST
    around: ast.AST | None

    @classmethod
    def at(cls, tree: ast.Module, line: int) -> _Function:
        """Return the innermost function that has a line."""
        body: ast.AST = tree
        around: ast.AST | None = None
        for node in ast.walk(tree):  # outer ones come first
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and _spans(node, line):
                body, around = (node, around) if isinstance(node, ast.FunctionDef) else (body, node)
        return cls(tree, body, around)

    def cause(self, line: int) -> tuple[ast.stmt, _Cause] | None:
        """Return the statement that brings in what changes, followed backwards from a line."""
        level = [s for s in _statements(self.body) if _spans(s, line) and not hasattr(s, "body")]
        known: set[ast.stmt] = set(level)
        for _ in range(_FAR):
            for statement in level:
                what = self._of(statement)
                if what is not None:
                    return statement, what
            level = [s for statement in level for s in self._makers(statement) if s not in known]
            known.update(level)
        return None

    def _of(self, statement: ast.stmt) -> _Cause | None:
        if isinstance(statement, ast.AugAssign) and isinstance(statement.value, ast.Constant):
            return _COUNTER
        for node in ast.walk(statement):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            root, _, last = name.rpartition(".")
            module = self._module(name.partition(".")[0])
            if last in _CLOCKS and module in ("time", "datetime"):
                return _CLOCK
            if module == "random" or ".random." in name or root in ("rng", "self.rng", "random"):
                return _NOISE
            if module in _LIBRARIES:
                return _library(_LIBRARIES[module])
            if last in ("item", "tolist") or (name in ("float", "int") and node.args and _reads(node.args[0])):
                return _ITEM
        return None

    def _module(self, name: str) -> str:
        """Return the top module that a name was imported from."""
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    if (alias.asname or alias.name).partition(".")[0] == name:
                        whole = node.module or "" if isinstance(node, ast.ImportFrom) else alias.name
                        return whole.partition(".")[0]
        return ""

    def _makers(self, statement: ast.stmt) -> Iterator[ast.stmt]:
        """Yield the statements that assign what a statement reads."""
        nodes = [n for n in ast.walk(statement) if isinstance(n, (ast.Name, ast.Attribute))]
        read = {ast.unparse(n) for n in nodes if isinstance(n.ctx, ast.Load)}
        read |= {ast.unparse(n) for n in nodes if isinstance(statement, ast.AugAssign)}
        for other in _statements(self.around or self.body):
            if isinstance(other, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
                targets = other.targets if isinstance(other, ast.Assign) else [other.target]
                names = {
                    ast.unparse(n) for t in targets for n in ast.walk(t) if isinstance(n, (ast.Name, ast.Attribute))
                }
                if names & read and (any("." in n for n in names & read) or _within(self.body, other)):
                    yield other

    def deciding(self, line: int) -> ast.stmt | None:
        """Return the ``if``, ``while`` or early return that decides whether a line runs."""
        best: ast.stmt | None = None
        for statement in _statements(self.body):
            if not isinstance(statement, (ast.If, ast.While)) or statement.lineno > line:
                continue
            if (_spans(statement, line) or _leaves(statement)) and (best is None or statement.lineno > best.lineno):
                best = statement
        return best


def _library(name: str) -> _Cause:
    return _Cause(
        f"computed by {name}, which capture does not follow",
        f"write it with functions of PyTorch or NumPy; or call {name} before the step and declare what it gives as an"
        " input",
    )


def _reads(value: ast.expr) -> bool:
    return any(isinstance(node, (ast.Name, ast.Attribute)) for node in ast.walk(value))


def _spans(node: ast.AST, line: int) -> bool:
    return getattr(node, "lineno", 0) <= line <= (getattr(node, "end_lineno", 0) or 0)


def _within(body: ast.AST, statement: ast.stmt) -> bool:
    return any(node is statement for node in ast.walk(body))


def _statements(tree: ast.AST) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node is not tree and not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node


def _leaves(statement: ast.stmt) -> bool:
    return any(isinstance(node, (ast.Return, ast.Continue, ast.Break)) for node in ast.walk(statement))

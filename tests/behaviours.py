"""The list of behaviours and the tests that hold them: ``python -m tests.behaviours`` writes ``tests/behaviours.md``.

A test's name and docstring say the behaviour. What is a refusal is read from the test: it expects an error. Behaviours
that are on the list must not vanish: ``tests/suite/test_behaviours.py`` fails if one has no test any more, so whoever
takes a test away takes its line away too, and a reader of the change sees it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.capture.case import all_cases
from tests.tiers import slice_of

TESTS = Path(__file__).parent
LIST = TESTS / "behaviours.md"
HEAD = """# Behaviours and their tests

Written by `python -m tests.behaviours`. `quick` tests run in `make test`, the others in `make test-all`. A function
with parameters of both kinds is quick.

"""
LINE = re.compile(r"^- `(?P<where>[^`]+)` ")


@dataclass(frozen=True)
class Behaviour:
    """One thing that a test holds.

    Attributes:
        file: File of the test, below ``tests``.
        name: Name of the test, with its class, or of a program of the capture suite.
        kind: ``behaviour``, ``refusal`` or ``program``.
        tier: ``quick`` or the slice.
        says: The behaviour.
    """

    file: str
    name: str
    kind: str
    tier: str
    says: str

    def line(self) -> str:
        """Return the line of the list."""
        return f"- `{self.name}` {self.kind}, {self.tier}: {self.says}"


def of_tests() -> Iterator[Behaviour]:
    """Yield what test functions hold, by file."""
    for path in sorted(TESTS.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        file = path.relative_to(TESTS).as_posix()
        shared = _marks([node.value for node in tree.body if isinstance(node, ast.Assign) and _sets_marks(node)])
        for owner, function in _functions(tree):
            marks = shared | _marks([*owner.decorator_list] if owner else []) | _marks(function.decorator_list)
            found = slice_of(function.name, marks)
            name = f"{owner.name}::{function.name}" if owner else function.name
            tier = "quick" if found is None else ("slow" if found.name.startswith("slow") else found.name)
            yield Behaviour(file, name, _kind(function), tier, _says(function))


def of_programs() -> Iterator[Behaviour]:
    """Yield the programs of the capture suite."""
    for case in all_cases():
        kind = "refused program" if case.refused else "captured program"
        says = case.summary or case.name.replace("_", " ")
        yield Behaviour(f"capture/programs/{case.topic}.py", case.name, kind, "quick", says)


def page() -> str:
    """Return the list."""
    parts, last = [HEAD], ""
    for behaviour in [*of_tests(), *of_programs()]:
        if behaviour.file != last:
            parts.append(f"\n## {behaviour.file}\n\n")
            last = behaviour.file
        parts.append(behaviour.line() + "\n")
    return "".join(parts)


def names(text: str) -> set[str]:
    """Return the names of tests and programs of a list: a test may move to another file."""
    return {found["where"] for line in text.splitlines() if (found := LINE.match(line))}


def _functions(tree: ast.Module) -> Iterator[tuple[ast.ClassDef | None, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            yield None, node
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from ((node, f) for f in node.body if isinstance(f, ast.FunctionDef) and f.name.startswith("test"))


def _sets_marks(node: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets)


def _marks(decorators: list[ast.expr]) -> set[str]:
    """Return the markers of a function, not those of single parameters."""
    found = re.findall(r"(?:^|[\[ ,])pytest\.mark\.(\w+)", " , ".join(map(_outer, decorators)))
    return set(found)


def _outer(decorator: ast.expr) -> str:
    return ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)


def _kind(function: ast.FunctionDef) -> str:
    expects_error = any(isinstance(node, ast.Attribute) and node.attr == "raises" for node in ast.walk(function))
    return "refusal" if expects_error else "behaviour"


def _says(function: ast.FunctionDef) -> str:
    name = function.name.removeprefix("test_").replace("_", " ")
    told = (ast.get_docstring(function) or "").partition("\n\n")[0]
    return f"{name}. {' '.join(told.split())}" if told else name


def main() -> int:
    """Write the list and tell what came and went."""
    before = names(LIST.read_text(encoding="utf-8")) if LIST.exists() else set()
    text = page()
    LIST.write_text(text, encoding="utf-8")
    now = names(text)
    sys.stdout.write(f"{len(now)} behaviours, {len(now - before)} new\n")
    for name in sorted(before - now):
        sys.stdout.write(f"no longer there: {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

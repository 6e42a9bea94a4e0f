"""What running the program beside the user's code finds by itself, every other check switched off.

``python -m tests.capture.measure_evidence`` takes the named programs that are healthy or exact, and those that must be
refused, these as they are and with every threshold a thousand times higher. It says how many are refused by what the
recorded steps show, how many by 60 ordinary later steps, and how many by 120 shaken ones.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import json
import pkgutil
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

import leapp_core
from leapp_core.errors import LeappError
from tests.capture import healthy
from tests.capture.case import Case, all_cases
from tests.capture.harness import copies, fresh, run_step

FACTOR = 1000


def healthy_cases() -> list[Case]:
    """Return the programs that users wrote, none of which may be refused."""
    names = [f"{healthy.__name__}.{info.name}" for info in pkgutil.iter_modules(healthy.__path__)]
    found = [value for name in names for value in vars(importlib.import_module(name)).values()]
    return [case for case in found if isinstance(case, Case) and case.refused is None]


class Raise(ast.NodeTransformer):
    """Multiply the numbers that something is compared with, or counted modulo."""

    def __init__(self) -> None:
        self.raised = 0

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Raise what stands on the right of an order or an equality."""
        node.comparators = [self._higher(value) for value in node.comparators]
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Raise periods: ``n % 8``, ``n // 8``."""
        if isinstance(node.op, (ast.Mod, ast.FloorDiv)):
            node.right = self._higher(node.right)
        return self.generic_visit(node)

    def _higher(self, value: ast.expr) -> ast.expr:
        if isinstance(value, ast.Constant) and type(value.value) in (int, float) and value.value > 1:
            self.raised += 1
            return ast.copy_location(ast.Constant(value.value * FACTOR), value)
        return value


def with_higher_thresholds(case: Case) -> Case | None:
    """Return a program whose thresholds are a thousand times higher; ``None`` if its source shows none."""
    made: Any = case.make if inspect.isclass(case.make) else getattr(case.make(), "step", None)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(made)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return None
    raised = Raise()
    raised.visit(tree)
    if not raised.raised or not isinstance(tree.body[0], (ast.FunctionDef, ast.ClassDef)):
        return None
    tree.body[0].decorator_list = []
    names = dict(sys.modules[made.__module__].__dict__)
    exec(compile(ast.fix_missing_locations(tree), inspect.getsourcefile(made) or "", "exec"), names)
    again = names[tree.body[0].name]
    return replace(
        case, make=again if inspect.isclass(again) else lambda: type("Program", (), {"step": staticmethod(again)})()
    )


@contextmanager
def evidence_alone() -> Iterator[None]:
    """Switch off what guesses from source and heap, if this checkout has a switch for it."""
    node = importlib.import_module("leapp_core.program.node")
    names = [n for n in vars(node) if n in GUESSES]
    kept = {name: getattr(node, name) for name in names}
    try:
        for name in names:
            setattr(node, name, lambda *a, **k: None)
        yield
    finally:
        for name, value in kept.items():
            setattr(node, name, value)


GUESSES = (
    "check_escapes", "check_counters", "check_floating", "check_delays", "check_unread", "check_weak_references",
    "Relevance",
)  # fmt: skip


def outcome(case: Case, later: int, shaken: int) -> str:
    """Return ``held``, ``refused`` (with what was seen in the recorded steps), ``later``, ``shaken`` or ``fault``."""
    generator = torch.Generator().manual_seed(1)
    try:
        program = fresh(case)
        with torch.no_grad(), leapp_core.capture(case.name, max_cached_io=case.steps) as session:

            def step() -> None:
                run_step(program, copies(case.inputs(generator)), session)

            for _ in range(case.steps + later):
                step()
            if shaken:
                session.prove(step, steps=shaken)
        session.compile()
    except LeappError as error:
        return (
            ("shaken" if shaken else "later")
            if "the program that they show does not give" in error.message
            else "refused"
        )
    except Exception as error:  # noqa: BLE001 - a figure of its own
        return f"fault: {type(error).__name__}: {error}"[:200]
    return "held"


def measure(name: str, cases: list[Case], out: dict[str, Any]) -> None:
    """Run one set of programs and print what became of it."""
    began, found = time.monotonic(), {}
    for case in cases:
        result = outcome(case, 60, 0)
        found[case.name] = outcome(case, 0, 120) if result == "held" else result
    counted = Counter(result.split(":")[0] for result in found.values())
    sys.stdout.write(f"{name}: {len(found)} programs, {dict(counted)}, {time.monotonic() - began:.0f} s\n")
    sys.stdout.flush()
    out[name] = found


def sets(every: int) -> dict[str, Callable[[], list[Case]]]:
    """Return the sets of programs by name."""
    refused = [case for case in all_cases() if case.refused is not None][::every]
    return {
        "healthy": lambda: healthy_cases()[::every],
        "exact": lambda: [case for case in all_cases() if case.refused is None][::every],
        "must be refused": lambda: refused,
        f"must be refused, thresholds x {FACTOR}": lambda: [
            higher for case in refused if (higher := with_higher_thresholds(case)) is not None
        ],
    }


def main() -> None:
    """Measure and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every n-th program only")
    parser.add_argument("--checks", action="store_true", help="leave the other checks on")
    parser.add_argument("--out", type=Path, help="write the outcome of each program there, as JSON")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    out: dict[str, Any] = {}
    for name, cases in sets(chosen.every).items():
        if chosen.checks:
            measure(name, cases(), out)
        else:
            with evidence_alone():
                measure(name, cases(), out)
    if chosen.out is not None:
        chosen.out.write_text(json.dumps(out, indent=1, sort_keys=True), encoding="utf-8")


if __name__ == "__main__":
    main()

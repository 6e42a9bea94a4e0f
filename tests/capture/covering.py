"""Which programs of the suite go through every backend in the quick tier: ``python -m tests.capture.covering`` tells.

A program is always captured and checked as a program. What it asks of a backend is what its source holds: operators,
types and constructs. So each of those goes through every backend in at least one program, and the slow tests put every
program through every backend. The choice is made from the source whenever tests are collected, so a new program with
a new operator is chosen by itself.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterable, Mapping
from types import ModuleType

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tests.capture.case import Case, all_cases

OPERATORS: tuple[type | ModuleType, ...] = (torch.Tensor, torch, functional, nn, torch.linalg, np)
# What stands in every program, or changes nothing in a graph.
PLAIN = (ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Load, ast.Store, ast.Name, ast.Expr)


def features(source: str) -> set[str]:
    """Return the operators that a program names, and the constructs of Python that it uses."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(textwrap.dedent(source))):
        if isinstance(node, ast.Attribute) and any(hasattr(owner, node.attr) for owner in OPERATORS):
            found.add(node.attr)
        elif not isinstance(node, PLAIN):
            found.add(type(node).__name__)
    return found


def cover(found: Mapping[str, set[str]], sizes: Mapping[str, int]) -> dict[str, str]:
    """Return a program for every feature: always the one that adds most for its size, until none is left."""
    left: set[str] = set().union(*found.values())
    chosen: dict[str, str] = {}
    while left:
        best = max(found, key=lambda name: (len(found[name] & left) / sizes[name], name))
        chosen |= dict.fromkeys(found[best] & left, best)
        left -= found[best]
    return dict(sorted(chosen.items()))


def covering(cases: Iterable[Case]) -> dict[str, str]:
    """Return, for each operator and construct of the programs that are captured, the one that stands for it."""
    sources = {case.name: inspect.getsource(case.program) for case in cases if case.refused is None}
    # Each program costs an export by five backends, however short it is: as much as some 40 lines.
    sizes = {name: 40 + len(source.splitlines()) for name, source in sources.items()}
    return cover({name: features(source) for name, source in sources.items()}, sizes)


def main() -> int:
    """Print the choice."""
    cases = all_cases()
    chosen = covering(cases)
    for name in sorted(set(chosen.values())):
        sys.stdout.write(f"{name}: {', '.join(feature for feature, stands in chosen.items() if stands == name)}\n")
    exact = sum(case.refused is None for case in cases)
    sys.stdout.write(f"{len(set(chosen.values()))} of {exact} programs for {len(chosen)} operators and constructs\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

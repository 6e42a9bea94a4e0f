"""Random programs that keep Python numbers: counters, phases, ramps, means, ring indices, thresholds up to 10,000.

``python -m tests.provenance.drawn COUNT [--first N] [--shape controllers] [--refused]`` writes programs as source, runs
each in a session that follows numbers, and holds what was captured against the program itself over 90 steps, some of
whose inputs are 50 times larger. It prints how many are exact and refused, and the source of those that come out
otherwise. The shape ``controllers`` is that of :mod:`tests.provenance.controllers`.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.loading import module_of
from tests.provenance.alone import case_of
from tests.provenance.controllers import Drawn
from tests.provenance.shadow import Verdict, verdict

HEAD = """import math

import torch


class Drawn:
    def __init__(self):
"""
WHOLE, REAL = ("i", "j"), ("f", "g")
_TABLE = "[0.5, 1.0, -1.0, 2.0, 0.25, 3.0, -0.5]"


class Writer:
    """Writes one program.

    Args:
        seed: Seed of every choice.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._locals: list[str] = []

    def source(self) -> str:
        """Return the program's source."""
        starts = [f"self.{n} = {self._random.choice((0, 0, 1, 5, -3))}" for n in WHOLE]
        starts += [f"self.{n} = {self._random.choice(('0.0', '1.0', '0.3', '-0.7'))}" for n in REAL]
        starts += ["self.late = 0", "self.buf = torch.zeros(7, 3)", f"self.table = {_TABLE}"]
        starts += ["self.motion = torch.linspace(-1.0, 1.0, 360).reshape(120, 3)"]
        lines = ["y = x * 1.0"]
        for at in range(self._random.randint(2, 6)):
            lines += self._statement(at)
        lines += [self._use() for _ in range(self._random.randint(1, 3))]
        if self._random.random() < 0.5:  # counted after the use, as many do
            lines.append(self._update())
        helper = self._helper()
        body = "".join(f"        {line}\n" for line in starts)
        steps = "".join(f"        {line}\n" for line in [*lines, "return y"])
        return f"{HEAD}{body}\n{helper}    def step(self, x):\n{steps}"

    def _helper(self) -> str:
        return (
            f"    def scaled(self, n):\n"
            f"        return {self._random.choice(('n * 0.5', '-n', 'abs(n) + 1', 'n / 7'))}\n\n"
            f"    @property\n    def phase(self):\n        return {self._whole(1)} / 9\n\n"
        )

    # -- statements ------------------------------------------------------------------------------------------------

    def _statement(self, at: int) -> list[str]:
        drawn = self._random.random()
        if drawn < 0.55:
            return [self._update()]
        if drawn < 0.8:
            name = f"v{at}"
            line = f"{name} = {self._number(2)}"
            self._locals.append(name)
            return [line]
        if drawn < 0.9:
            return [self._use()]
        return self._branch()

    def _update(self) -> str:
        pick, whole, real = self._random.choice, self._random.choice(WHOLE), self._random.choice(REAL)
        step, period = pick((1, 1, 1, 2, -1)), pick((3, 7, 12, 50, 1000))
        return pick(
            (
                f"self.{whole} += {step}",
                f"self.{whole} = (self.{whole} + {step}) % {period}",
                f"self.{whole} = self.{whole} * {pick((2, 3, -1, 5))} % {period}",
                f"self.{whole} = min(self.{whole} + 1, {period})",
                f"self.{whole} += int({self._real(1)})",
                f"self.{real} += {pick(('0.1', '0.02', '-0.3'))}",
                f"self.{real} = (self.{real} + {pick(('0.1', '0.037'))}) % {pick(('1.0', '0.3', '6.283'))}",
                f"self.{real} *= {pick(('0.9', '-0.5', '1.1'))}",
                f"self.{real} = max(-1.0, min(1.0, {self._real(1)}))",
                f"self.{real} += (float(x[0]) - self.{real}) / 10",
                f"self.{real} = 0.9 * self.{real} + 0.1 * x[{pick((0, 1, 2))}].item()",
                f"self.late = {self._whole(1)} // {period}",
            )
        )

    def _branch(self) -> list[str]:
        test = self._random.choice(
            (f"self.i % {self._random.choice((3, 10, 100))} == 0", f"{self._number(1)} > {self._threshold()}")
        )
        inside = self._random.choice(("print(end='')", self._update(), self._use(), "y = y * 0.5"))
        return [f"if {test}:", f"    {inside}"]

    def _threshold(self) -> int:
        return self._random.choice((2, 12, 40, 100, 1000, 10_000))

    def _use(self) -> str:
        pick = self._random.choice
        return pick(
            (
                f"y = y * ({self._number(2)})",
                f"y = y + ({self._number(2)})",
                f"y = ({self._number(1)}) - y",
                f"y = y + torch.tensor([{self._real(1)}, {self._number(1)}, 1.0])",
                f"y = y + torch.full((3,), float({self._number(1)}))",
                f"y = y.clamp(max={self._real(0)} + 2.0)",
                f"y = torch.where(y > {self._real(1)}, y, -y)",
                f"self.buf[{self._row()}] = y",
                f"y = y + self.buf[{self._row()}]",
                f"y = y + self.motion[{self._row()}]",
                f"y = y * self.table[{self._row()}]",
                f"y = torch.roll(y, {self._whole(1)}, 0)",
                f"y = y * (2.0 if {self._number(1)} > {self._threshold()} else 1.0)",
            )
        )

    # -- numbers ---------------------------------------------------------------------------------------------------

    def _row(self) -> str:
        return self._random.choice(
            (f"({self._whole(1)}) % 7", f"self.{self._random.choice(WHOLE)} % 5", "self.i % 7 - 7")
        )

    def _number(self, depth: int) -> str:
        return self._random.choice((self._whole, self._real))(depth)

    def _whole(self, depth: int) -> str:
        if depth <= 0:
            return self._random.choice((*(f"self.{n}" for n in WHOLE), "self.late", str(self._random.randint(1, 9))))
        a, b, pick = self._whole(depth - 1), self._whole(depth - 1), self._random.choice
        return pick(
            (
                f"({a} + {b})", f"({a} - {b})", f"({a} * {b})",
                f"({a} // {pick((2, 3, 12))})", f"({a} % {pick((3, 8))})",
                f"abs({a})", f"min({a}, {b})", f"int({self._real(depth - 1)})", f"({a}) ** 2", f"-{a}",
                f"({a} >> 1)", f"divmod({a}, 5)[0]", f"round({self._real(depth - 1)})",
            )
        )  # fmt: skip

    def _real(self, depth: int) -> str:
        pick = self._random.choice
        if depth <= 0:
            names = [f"self.{n}" for n in REAL] + [f"float({n})" for n in self._locals]
            return pick([*names, "0.5", "self.i / 7", "self.phase * 0.1", "x[1].item()"])
        a, b = self._number(depth - 1), self._real(depth - 1)
        return pick(
            (
                f"({a} + {b})", f"({a} - {b})", f"({a} * {b})", f"({b} / {pick((2, 3.0))})", f"math.sin({a})",
                f"math.cos({b})", f"({b} % 0.7)", f"({b} // 0.4)", f"self.scaled({a})", f"math.exp(-abs({b}))",
                f"max({b}, 0.25)", f"math.sqrt(abs({a}))", f"math.floor({b}) * 0.5", f"0.97 ** abs({a})",
                f"self.table[{self._row()}]", f"round({b}, 1)",
            )
        )  # fmt: skip


SHAPES: dict[str, Callable[[int], str]] = {
    "numbers": lambda seed: Writer(seed).source(),
    "controllers": lambda seed: Drawn(seed).source(),
}
_RECORDED = (5, 12, 30)


def check(seed: int, folder: Path, shape: str = "numbers") -> tuple[Verdict, str]:
    """Draw, write and judge one program; returns its source, too."""
    source = SHAPES[shape](seed)
    steps = _RECORDED[seed % len(_RECORDED)] if shape == "controllers" else 5
    with pytest.MonkeyPatch.context() as patch:
        module: Any = module_of(folder / f"drawn_{seed}.py", source, patch)
        return verdict(case_of(module.Drawn, steps)), source


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--shape", choices=SHAPES, default="numbers")
    parser.add_argument("--refused", action="store_true", help="print why programs are refused")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    kinds: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(given.first, given.first + given.count):
            found, source = check(seed, Path(folder), given.shape)
            fit = not found.says.startswith("not stressed")
            kinds[{"gained": "exact", "same": "refused" if fit else "unfit"}.get(found.kind, found.kind)] += 1
            if found.kind not in ("gained", "same"):
                print(f"seed {seed}: {found.kind}: {found.says}\n{source}", flush=True)
            elif given.refused and found.kind == "same":
                print(f"seed {seed}: {found.says[:200]}", flush=True)
            if seed % 25 == 24:
                gc.collect()
                print(f"... {dict(kinds)}", flush=True)
    print(", ".join(f"{count} {kind}" for kind, count in kinds.items()))
    return 1 if set(kinds) - {"exact", "refused", "unfit"} else 0


if __name__ == "__main__":
    sys.exit(main())

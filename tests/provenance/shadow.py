"""Compares sessions that follow Python numbers with those that do not, on every named and everyday program.

``python -m tests.provenance.shadow [TEXT …]`` prints where the verdicts differ, and whether a program that only the new
session accepts is right over 90 steps, some of whose inputs are 50 times larger.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch

import leapp_core
from leapp_core.errors import LeappError
from leapp_core.tracing.result import CapturedPipeline
from tests.capture.case import Case, all_cases
from tests.capture.harness import Eager, check_program, compare, copies, fresh, run_step

STEPS = 90


@dataclass(frozen=True)
class Verdicts:
    """What both sessions say of a program.

    Attributes:
        before: ``accepted`` or what the refusal says.
        after: The same with numbers followed.
        wrong: How the program that is accepted after is wrong; empty if it is right.
    """

    before: str
    after: str
    wrong: str = ""

    @property
    def kind(self) -> str:
        """One word for the table."""
        accepted = self.before == "accepted", self.after == "accepted"
        if self.wrong:
            return "WRONG" if not accepted[0] else "wrong in both"
        kinds = {(True, True): "both", (False, False): "neither", (True, False): "lost", (False, True): "gained"}
        return kinds[accepted]


def stressed(case: Case) -> Eager:
    """Run a program by itself, with every seventh input after the recorded ones 50 times larger."""
    generator = torch.Generator().manual_seed(1)
    inputs = []
    for step in range(STEPS):
        drawn = case.inputs(generator)
        large = step >= case.steps and step % 7 == 0
        inputs.append({n: v * 50 if large and v.is_floating_point() else v for n, v in drawn.items()})
    program = fresh(case)
    with torch.no_grad():
        return Eager(inputs, [run_step(program, copies(given)) for given in inputs])


def captured(case: Case, eager: Eager, follow: bool) -> CapturedPipeline:
    """Capture a program; raises AssertionError if the session changes what it computes."""
    program = fresh(case)
    session = leapp_core.capture(case.name, max_cached_io=case.steps)
    session._follows_numbers = follow
    with torch.no_grad(), session:
        seen = [run_step(program, copies(given), session) for given in eager.inputs[: case.steps]]
    for step, (wanted, got) in enumerate(zip(eager.outputs, seen, strict=False)):
        compare(step, wanted, got, 0.0)
    return session.compile()


def verdicts(case: Case) -> Verdicts:
    """Return both verdicts on a program."""
    eager = stressed(case)
    said: list[str] = []
    found: Any = None
    for follow in (False, True):
        try:
            found = captured(case, eager, follow)
            said.append("accepted")
        except LeappError as error:
            found = None
            said.append(error.message)
        except AssertionError as error:
            return Verdicts(said[0] if said else "changed", "changed", f"the session changes results: {error}")
    if found is None:
        return Verdicts(*said)
    try:
        with torch.no_grad():
            check_program(found, eager, case.tolerance)
    except AssertionError as error:
        return Verdicts(*said, str(error))
    return Verdicts(*said)


def main() -> None:
    """Compare the programs whose topic or name contains one of the given texts, all without one."""
    warnings.simplefilter("ignore")
    counts: Counter[str] = Counter()
    for case in all_cases():
        label = f"{case.topic}/{case.name}"
        if sys.argv[1:] and not any(text in label for text in sys.argv[1:]):
            continue
        try:
            found = verdicts(case)
        except Exception as error:  # noqa: BLE001  a crash is a result of its own
            counts["crash"] += 1
            print(f"{label:60} crash   {type(error).__name__}: {str(error)[:200]}", flush=True)
            continue
        counts[found.kind] += 1
        if found.kind not in ("both", "neither"):
            print(f"{label:60} {found.kind:7} {found.wrong or found.after}"[:400], flush=True)
    print(f"{sum(counts.values())} programs: " + ", ".join(f"{n} {kind}" for kind, n in counts.most_common()))


if __name__ == "__main__":
    main()

"""What does each check still buy? Run by hand: ``python -m tests.capture.value_of_checks [--every N] [--offset K]``.

Every named program is recorded once and compiled with all checks asked and none of them heard. For each check the table
says how many programs it refuses, how many it alone refuses, and how many of the latter would be noticed if the user's
code ran beside the program for 120 more steps on shaken inputs. What is alone refused and not noticed is what would be
silently wrong without that check. Programs that must be captured count as false alarms where anything refuses them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

import leapp_core
from leapp_core.errors import CaptureError
from leapp_core.program import node as compiling
from leapp_core.tracing.result import CapturedPipeline
from tests.capture.assembled import Assembled, worst_difference
from tests.capture.case import Case, all_cases
from tests.capture.generator.check import compile_graphs
from tests.capture.harness import copies, fresh, run_step

CHECKS = (
    "check_undeclared_edges",
    "check_explained",
    "StepChecker",
    "check_constants",
    "check_unread",
    "check_weak_references",
    "check_escapes",
    "check_counters",
    "check_floating",
    "check_delays",
    "check_single_step",
    "check_begin",
)
SOURCE_CHECKS = frozenset(
    {"check_unread", "check_weak_references", "check_escapes", "check_counters", "check_floating"}
)
"""Those that read source, byte code or the heap."""
BESIDE = 120
SHAKEN = (1.0, 10.0, 100.0, 1000.0, 0.0, -1.0)


@dataclass(frozen=True)
class Outcome:
    """What came of one program.

    Attributes:
        name: Its topic and name.
        must_refuse: It is one that cannot be exported.
        refusers: The checks that refuse it.
        elsewhere: It is refused by another part of capture (replay, building), or breaks it, with all checks unheard.
        noticed: Step at which the user's code, run beside, differed; ``None`` if it never did or was not run.
        ran: Steps it was run beside.
    """

    name: str
    must_refuse: bool
    refusers: tuple[str, ...]
    elsewhere: bool
    noticed: int | None = None
    ran: int = 0


def main() -> None:
    """Run the experiment and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every N-th program")
    parser.add_argument("--offset", type=int, default=0, help="which of every N")
    parser.add_argument("--refused", action="store_true", help="only programs that must be refused")
    parser.add_argument("--out", type=Path, help="JSON of all outcomes")
    parser.add_argument("--join", type=Path, nargs="*", help="print the table of these files instead of running")
    given = parser.parse_args()
    if given.join:
        found = [Outcome(**entry) for path in given.join for entry in json.loads(path.read_text(encoding="utf-8"))]
    else:
        warnings.simplefilter("ignore")
        torch.set_num_threads(1)
        cases = [case for case in all_cases() if case.refused is not None or not given.refused]
        found = list(_outcomes(cases[given.offset :: given.every], given.out))
    sys.stdout.write(table(found) + "\n")


def _outcomes(cases: list[Case], out: Path | None) -> Iterator[Outcome]:
    done: list[Outcome] = []
    begun = time.monotonic()
    for case in cases:
        done.append(outcome(case))
        if out is not None:
            out.write_text(json.dumps([vars(o) for o in done]), encoding="utf-8")
        sys.stderr.write(f"{len(done)}/{len(cases)} {time.monotonic() - begun:.0f} s {done[-1]}\n")
        yield done[-1]


def outcome(case: Case) -> Outcome:
    """Record a program, ask all checks, and run it beside what was compiled if only checks of source refuse it."""
    generator = torch.Generator().manual_seed(1)
    inputs = [case.inputs(generator) for _ in range(case.steps)]
    program = fresh(case)
    name, must_refuse = f"{case.topic}-{case.name}", case.refused is not None
    refusers: list[str] = []
    try:
        with torch.no_grad(), leapp_core.capture(case.name, max_cached_io=case.steps) as session:
            for given in inputs:
                run_step(program, copies(given), session)
        with _unheard(refusers):
            captured = compile_graphs(session)
    except Exception:  # noqa: BLE001 - without the checks' refusals later parts may break in any way
        return Outcome(name, must_refuse, tuple(refusers), elsewhere=True)
    if not refusers or not set(refusers) <= SOURCE_CHECKS:
        return Outcome(name, must_refuse, tuple(refusers), elsewhere=False)
    noticed, ran = beside(case, captured)
    return Outcome(name, must_refuse, tuple(refusers), elsewhere=False, noticed=noticed, ran=ran)


def beside(case: Case, captured: CapturedPipeline) -> tuple[int | None, int]:
    """Run the user's code and the program from their first step on; return the step that differs, and the steps run."""
    generator = torch.Generator().manual_seed(1)
    program, step = fresh(case), Assembled(captured)
    for k in range(case.steps + BESIDE):
        scale = SHAKEN[k % len(SHAKEN)] if k >= case.steps + 20 else 1.0
        given = {n: v * scale if v.is_floating_point() else v for n, v in case.inputs(generator).items()}
        try:
            with torch.no_grad():
                wanted = run_step(program, copies(given))
            got = step({str(ref): given[ref.port].clone() for ref in captured.spec.inputs})
        except Exception:  # noqa: BLE001 - either raises on inputs the other takes: that is noticed, too
            return k, k + 1
        if any(worst_difference(value, got[n]) > case.tolerance for n, value in wanted.items() if n in got):
            return k, k + 1
    return None, case.steps + BESIDE


@contextmanager
def _unheard(refusers: list[str]) -> Iterator[None]:
    """Ask the checks and go on as if none had refused."""
    with ExitStack() as stack:
        for name in CHECKS:
            original = getattr(compiling, name)
            noting = _noting_class if isinstance(original, type) else _noting
            stack.enter_context(patch.object(compiling, name, noting(name, original, refusers)))
        yield


def _noting(name: str, original: Callable[..., Any], refusers: list[str]) -> Callable[..., Any]:
    def ask(*args: Any, **kwargs: Any) -> Any:
        try:
            return original(*args, **kwargs)
        except CaptureError:
            refusers.append(name)
            return ()  # what check_counters leaves to later steps: nothing

    return ask


def _noting_class(name: str, original: Any, refusers: list[str]) -> Any:
    class Asked(original):  # type: ignore[misc]
        def check(self) -> bool:
            try:
                return bool(super().check())
            except CaptureError:
                refusers.append(name)
                return True

    return Asked


def table(found: list[Outcome]) -> str:
    """Return the results as a table in Markdown."""
    refused = [o for o in found if o.must_refuse]
    lines = [
        f"{len(found)} programs: {len(refused)} must be refused, {len(found) - len(refused)} must be captured "
        f"({sum(bool(o.refusers) for o in found if not o.must_refuse)} false alarms).",
        "",
        "| check | refuses | alone | of these noticed beside | silently wrong without it |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name in CHECKS:
        mine = [o for o in refused if name in o.refusers]
        alone = [o for o in mine if o.refusers == (name,) and not o.elsewhere]
        if name in SOURCE_CHECKS:
            noticed = sum(o.noticed is not None for o in alone)
            lines.append(f"| `{name}` | {len(mine)} | {len(alone)} | {noticed} | {len(alone) - noticed} |")
        else:
            lines.append(f"| `{name}` | {len(mine)} | {len(alone)} | not run | {len(alone)} at most |")
    source = [o for o in refused if o.refusers and set(o.refusers) <= SOURCE_CHECKS and not o.elsewhere]
    noticed = sum(o.noticed is not None for o in source)
    lines += [
        "",
        f"All checks of source together: {len(source)} alone, {noticed} noticed, {len(source) - noticed} not.",
    ]
    missed = sorted(o.name for o in source if o.noticed is None)
    lines += [f"Not noticed: {', '.join(missed)}."] if missed else []
    return "\n".join(lines)


if __name__ == "__main__":
    main()

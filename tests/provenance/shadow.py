"""Runs named programs in sessions that follow Python numbers, over 90 steps some of whose inputs are 50 times larger.

``python -m tests.provenance.shadow [TEXT …]`` prints what is not as the program says: lost (exact without following),
gained (refused without), WRONG (gives other outputs), changed (the session changes what user code computes).
"""

from __future__ import annotations

import sys
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch

import leapp_core
from leapp_core.errors import LeappError
from leapp_core.tracing.result import CapturedPipeline
from tests.capture.case import Case, all_cases
from tests.capture.generator.check import compile_graphs
from tests.capture.harness import Eager, check_program, compare, copies, fresh, run_step

STEPS = 90


@dataclass(frozen=True)
class Verdict:
    """What a session that follows numbers makes of a program.

    Attributes:
        kind: ``same``, ``lost``, ``gained``, ``stops`` (with an error, where the program goes on), ``WRONG``,
            ``changed`` or ``crash``.
        says: The refusal, or how outputs differ.
    """

    kind: str
    says: str = ""


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


def compiled(case: Case, eager: Eager, follow: bool = True) -> CapturedPipeline:
    """Capture a program; raises AssertionError if the session changes what it computes."""
    program = fresh(case)
    session = leapp_core.capture(case.name, max_cached_io=case.steps, follow=follow)
    with torch.no_grad(), session:
        seen = [run_step(program, copies(given), session) for given in eager.inputs[: case.steps]]
    for step, (wanted, got) in enumerate(zip(eager.outputs, seen, strict=False)):
        compare(step, wanted, got, 0.0)
    return compile_graphs(session)  # while the program lives


def verdict(case: Case) -> Verdict:
    """Return what a session that follows numbers makes of a program."""
    try:
        eager = stressed(case)
    except Exception as error:  # noqa: BLE001  inputs that the program does not take
        return Verdict("same", f"not stressed: {error}")
    # In a thread of its own: an ``except`` around the session here would be taken for one of the program's.
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(compiled, case, eager)
    error = pending.exception()
    if isinstance(error, AssertionError):
        return Verdict("changed", str(error))
    if isinstance(error, LeappError):
        return Verdict("same" if case.refused is not None else "lost", str(error))
    found = pending.result()
    try:
        with torch.no_grad():
            check_program(found, eager, case.tolerance)
    except AssertionError as error:
        return Verdict("WRONG", str(error))
    except IndexError as error:
        return Verdict("stops", str(error))
    return Verdict("gained" if case.refused is not None else "same")


def main(wanted: Sequence[str]) -> None:
    """Judge the programs whose topic or name contains one of the given texts, all without one."""
    warnings.simplefilter("ignore")
    counts: Counter[str] = Counter()
    begin = time.process_time()
    for case in all_cases():
        label = f"{case.topic}/{case.name}"
        if wanted and not any(text in label for text in wanted):
            continue
        try:
            found = verdict(case)
        except Exception as error:  # noqa: BLE001  a crash is a result of its own
            found = Verdict("crash", f"{type(error).__name__}: {str(error)[:300]}")
        counts[found.kind] += 1
        if sum(counts.values()) % 50 == 0:
            print(f"... {sum(counts.values())} programs", flush=True)
        if found.kind != "same":
            print(f"{label:60} {found.kind:7} {found.says}"[:600], flush=True)
    spent = time.process_time() - begin
    print(f"{sum(counts.values())} programs, {spent:.0f} s: " + ", ".join(f"{n} {kind}" for kind, n in counts.items()))


if __name__ == "__main__":
    main(sys.argv[1:])

"""Checks many random programs: ``python -m tests.capture.generator.many 50000``."""

from __future__ import annotations

import argparse
import gc
import sys
import time
import warnings
from collections import Counter

import torch

from leapp_core.errors import LeappError
from tests.capture.generator.check import Verdict, check
from tests.capture.generator.draw import SeededChooser, draw_program

REPORT_EVERY = 1000


def run_many(first: int, count: int, write: bool = False) -> tuple[Counter[str], list[str]]:
    """Check the programs of ``count`` seeds.

    Returns:
        How many came out how, and a line for every program that came out wrong.
    """
    kinds: Counter[str] = Counter()
    failures: list[str] = []
    for seed in range(first, first + count):
        verdict = check_seed(seed)
        kinds[verdict.kind] += 1
        if verdict.kind in ("wrong", "touched", "crash"):
            failures.append(f"seed {seed}: {verdict.kind}: {verdict.detail}")
        if write and (seed - first + 1) % REPORT_EVERY == 0:
            sys.stdout.write(f"{seed + 1 - first}: {dict(kinds)}\n")
    return kinds, failures


def check_seed(seed: int) -> Verdict:
    """Check one seed's program; three to five steps are captured."""
    program = draw_program(SeededChooser(seed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return check(program, steps=3 + seed % 3)
        except LeappError as error:
            return Verdict("refused", error.message)
        except Exception as error:  # noqa: BLE001 - a crash of any kind is a finding, and the next seed must still run
            return Verdict("crash", f"{type(error).__name__}: {error}"[:200])


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()  # every compile collects garbage; what was imported is none
    start = time.monotonic()
    kinds, failures = run_many(given.first, given.count, write=True)
    sys.stdout.write("\n".join([*failures, f"{dict(kinds)} in {time.monotonic() - start:.0f} s", ""]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

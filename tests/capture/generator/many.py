"""Checks many random programs: ``python -m tests.capture.generator.many 50000 --jobs 2``.

With ``--backends all`` (or names, separated by commas) each program is also exported and stepped as a bundle.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import torch

from leapp_core.errors import LeappError
from tests.capture.generator.check import Verdict, check
from tests.capture.generator.draw import SeededChooser, draw_program

CHUNK = 250
_BETWEEN = 10
BACKENDS = ("onnx-dynamo", "onnx-torchscript", "jit-script", "jit-trace", "pt2")


def run_many(first: int, count: int, backends: tuple[str, ...] = ()) -> tuple[Counter[str], list[str]]:
    """Check the programs of ``count`` seeds.

    Returns:
        How many came out how, and a line for every program that came out wrong.
    """
    kinds: Counter[str] = Counter()
    failures: list[str] = []
    for seed in range(first, first + count):
        verdict = check_seed(seed, backends)
        kinds[verdict.kind] += 1
        if verdict.kind in ("wrong", "touched", "crash"):
            failures.append(f"seed {seed}: {verdict.kind}: {verdict.detail}")
        if seed % _BETWEEN == 0:
            gc.collect()  # cycles of graphs that nobody needs, among which each compile would look for objects
    return kinds, failures


def check_seed(seed: int, backends: tuple[str, ...] = ()) -> Verdict:
    """Check one seed's program; three to five steps are captured."""
    program = draw_program(SeededChooser(seed))
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        try:
            return check(program, 3 + seed % 3, backends, Path(folder))
        except LeappError as error:
            return Verdict("refused", error.message)
        except Exception as error:  # noqa: BLE001 - a crash of any kind is a finding, and the next seed must still run
            return Verdict("crash", f"{type(error).__name__}: {error}"[:200])


def prepare() -> None:
    """Make a process quick: one thread, and nothing left to import."""
    torch.set_num_threads(1)
    check_seed(0)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--backends", default="", help="'all', or names separated by commas")
    given = parser.parse_args()
    backends = BACKENDS if given.backends == "all" else tuple(filter(None, given.backends.split(",")))
    chunk = 10 if backends else CHUNK
    start = time.monotonic()
    kinds: Counter[str] = Counter()
    failures: list[str] = []
    last = given.first + given.count
    firsts = range(given.first, last, chunk)
    sizes = [min(chunk, last - first) for first in firsts]
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn"), initializer=prepare) as pool:
        for found, wrong in pool.map(partial(run_many, backends=backends), firsts, sizes):
            kinds += found
            failures += wrong
            sys.stdout.write(f"{sum(kinds.values())}: {dict(kinds)}, {time.monotonic() - start:.0f} s\n")
            sys.stdout.flush()
    sys.stdout.write("\n".join([*failures, ""]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""A long fuzzing run: ``python -m tests.fuzz --count 1000000 --jobs 16``.

Each job is a process of its own with bounded memory, so that a crash of native code or a loader that eats memory is
seen; one input that takes longer than ten seconds counts as a hang. Input N of a loader is the same in every run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.fuzz.loaders import Loaders

SHARES = {"document": 0.04, "tensors": 0.52, "recorded values": 0.4, "changed file": 0.02, "model": 0.02}
SECONDS = 10
MEMORY = 4 << 30


class HangError(BaseException):
    """One input took too long; no loader can take it for an error of its own."""


def work(bundle: str, plan: list[tuple[str, int, int]], report: str) -> None:
    """Run a share of the inputs; what is under way is on disk, so that a crash can be told."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _hang)
    counts: Counter[str] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        loaders = Loaders(Path(bundle), Path(folder))
        for name, first, last in plan:
            for seed in range(first, last):
                Path(f"{report}.now").write_text(f"{name}:{seed}")
                started = time.perf_counter()
                signal.alarm(SECONDS)
                try:
                    counts[f"{name}: {'refused' if loaders.run(name, seed) else 'loaded'}"] += 1
                except (Exception, HangError) as error:  # noqa: BLE001 - finding these is the purpose
                    counts[f"{name}: FAILED"] += 1
                    print(f"{name}:{seed}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr, flush=True)  # noqa: T201
                signal.alarm(0)
                slowest = max(slowest, time.perf_counter() - started)
    Path(report).write_text(json.dumps({"counts": counts, "slowest": slowest}))


def _hang(*_: object) -> None:
    raise HangError(f"took longer than {SECONDS} s")


def main() -> int:
    """Run and print what came of it; the exit status says whether anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="damaged bundles, over all loaders")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--first", type=int, default=0, help="seed to start from")
    parser.add_argument("--bundle", type=Path, help="healthy bundle to damage; by default one is exported")
    parser.add_argument("--only", choices=sorted(SHARES))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundle = arguments.bundle or _export(Path(folder))
        started = time.perf_counter()
        results, crashes = run(bundle, arguments, Path(folder))
    total: Counter[str] = sum((Counter(result["counts"]) for result in results), Counter())
    for name, count in sorted(total.items()):
        print(f"{name:28} {count}")  # noqa: T201
    failed = sum(count for name, count in total.items() if name.endswith("FAILED"))
    slowest = max((result["slowest"] for result in results), default=0.0)
    seconds = time.perf_counter() - started
    print(f"{sum(total.values())} inputs in {seconds:.0f} s, slowest {slowest:.2f} s")  # noqa: T201
    print(f"{failed} uncontrolled exceptions or hangs, {len(crashes)} crashes {crashes}")  # noqa: T201
    return 1 if failed or crashes else 0


def _export(folder: Path) -> Path:
    from tests.fuzz.bundle import make_bundle

    return make_bundle(folder)


def run(bundle: Path, arguments: argparse.Namespace, folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Share the inputs out over processes."""
    context = get_context("fork")
    jobs = []
    shares = {arguments.only: 1.0} if arguments.only else SHARES
    for job in range(arguments.jobs):
        plan = []
        for name, share in shares.items():
            each = max(1, int(arguments.count * share / arguments.jobs))
            plan.append((name, arguments.first + job * each, arguments.first + (job + 1) * each))
        report = folder / f"{job}.json"
        process = context.Process(target=work, args=(str(bundle), plan, str(report)))
        process.start()
        jobs.append((process, report))
    results, crashes = [], []
    for process, report in jobs:
        process.join()
        if report.exists():
            results.append(json.loads(report.read_text()))
        else:
            crashes.append(f"exit {process.exitcode} at {Path(f'{report}.now').read_text()}")
    return results, crashes


if __name__ == "__main__":
    sys.exit(main())

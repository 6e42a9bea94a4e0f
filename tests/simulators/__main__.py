"""Run simulator cases and write the table: ``make simulators``, or ``python -m tests.simulators [CHOICE] [TEXT]``.

With a text, only cases whose name holds it are run. Choices: ``--telling`` the ten tasks whose rows must not be old;
``--stale`` those of another state of the code; ``--missing`` those without a result, or that failed; ``--table`` none:
what is stored is written again. Cases that differ in their backend only are one process, which records once; two
processes go on at a time (``--jobs``), and the telling tasks go first. Each result is stored at once, so that a case
that fails or is stopped costs no other.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests import closed_loops
from tests.simulators.age import digest_here
from tests.simulators.cases import CASES, Case, groups
from tests.simulators.results import agrees, keep, row, stored, write_table
from tests.simulators.run_case import MARK
from tests.simulators.venvs import ISAACLAB, MJLAB, Simulator

SIMULATORS = {"mjlab": MJLAB, "isaaclab": ISAACLAB}


def run_cases(cases: Sequence[Case], timeout: float = 3600.0) -> dict[str, dict[str, Any]]:
    """Run cases that one recording serves in their simulator's environment; return outcomes by name.

    One that failed has the key ``failure``, whose text is the end of its output.
    """
    simulator: Simulator = SIMULATORS[cases[0].env]
    code = digest_here()
    found: dict[str, dict[str, Any]] = {}
    try:
        done = simulator.run("-m", "tests.simulators.run_case", *(c.name for c in cases), timeout=timeout)
        output, errors = done.stdout, done.stderr
    except subprocess.TimeoutExpired as error:
        output, errors = str(error.stdout or ""), f"not done within {error.timeout:.0f} s"
    for line in output.splitlines():
        if line.startswith(MARK):
            outcome: dict[str, Any] = json.loads(line[len(MARK) :])
            found[outcome["name"]] = outcome | {"code": code}
    failure = {"failure": f"{output[-2000:]}{errors[-4000:]}", "code": code}
    return {case.name: found.get(case.name, failure) for case in cases}


def chosen(given: argparse.Namespace) -> list[tuple[Case, ...]]:
    """Return the cases to run, those of one recording together, telling ones first."""
    known, code = stored(), digest_here()
    done = {name for name, outcome in known.items() if "failure" not in outcome}
    fresh = {name for name in done if known[name].get("code") == code}
    cases = [
        case
        for case in CASES
        if given.text in case.name
        and not (given.telling and not case.telling)
        and not (given.missing and case.name in done)
        and not (given.stale and case.name in fresh)
    ]
    return sorted(groups(cases), key=lambda group: not group[0].telling)


def main(arguments: list[str] | None = None) -> int:
    """Run cases; return an exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulators", description="Run simulator cases and write the table."
    )
    parser.add_argument("text", nargs="?", default="", help="run only cases whose name holds this")
    parser.add_argument("--telling", action="store_true", help="run only the ten telling tasks")
    parser.add_argument("--stale", action="store_true", help="run only cases whose result is of other code")
    parser.add_argument("--missing", action="store_true", help="run only cases without a result")
    parser.add_argument("--table", action="store_true", help="run nothing, write the table again")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time (default 2)")
    given = parser.parse_args(arguments)
    if given.table:
        write_table()
        return 0
    work, began = chosen(given), time.perf_counter()
    for name in sorted({group[0].env for group in work}):
        if not SIMULATORS[name].ready:
            sys.stdout.write(f"making {SIMULATORS[name].home / name}, which takes minutes and gigabytes\n")
            SIMULATORS[name].ensure()
    with ThreadPoolExecutor(given.jobs) as pool:
        failed = sum(pool.map(_run_and_keep, work))
    count = sum(len(group) for group in work)
    minutes = (time.perf_counter() - began) / 60
    sys.stdout.write(f"{count} cases in {minutes:.1f} minutes, {failed} failed or differ\n")
    return int(failed > 0)


def _run_and_keep(cases: Sequence[Case]) -> int:
    """Run cases of one recording and store what they came to; return how many failed or differ."""
    began, failed = time.perf_counter(), 0
    for name, outcome in run_cases(cases).items():
        case = next(c for c in cases if c.name == name)
        if "failure" in outcome:
            sys.stderr.write(f"{name}\n{outcome['failure']}\n")
            last = str(outcome["failure"]).strip().splitlines()[-1]
            outcome = outcome | {"failure": last[:200].replace("|", "/")}
        failed += "failure" in outcome or not agrees(outcome)
        keep(case, outcome)
        closed_loops.write()
        sys.stdout.write(row(case, outcome))
    sys.stdout.write(f"{cases[0].title} {cases[0].actor}: {time.perf_counter() - began:.0f} s\n")
    sys.stdout.flush()
    return failed


if __name__ == "__main__":
    raise SystemExit(main())

"""Run simulator cases and write the table: ``make simulators``, or ``python -m tests.simulators [--missing] [TEXT]``.

With a text, only cases whose name holds it are run; with ``--missing``, those that have no result yet or failed; with
``--table``, none: what is stored is written again. Each case is a process of its own and its result is stored at once,
so that one that fails or is stopped costs no other, and two runs may go on at a time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

from tests.simulators.cases import CASES, Case
from tests.simulators.results import agrees, keep, row, stored, write_table
from tests.simulators.run_case import MARK
from tests.simulators.venvs import ISAACLAB, MJLAB, Simulator

SIMULATORS = {"mjlab": MJLAB, "isaaclab": ISAACLAB}


def run_case(case: Case) -> dict[str, Any]:
    """Run a case in its simulator's environment.

    Raises:
        RuntimeError: it failed; the text holds the end of its output.
    """
    simulator: Simulator = SIMULATORS[case.env]
    try:
        done = simulator.run("-m", "tests.simulators.run_case", case.name)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"{case.name}\nnot done within {error.timeout:.0f} s") from error
    for line in done.stdout.splitlines():
        if line.startswith(MARK):
            outcome: dict[str, Any] = json.loads(line[len(MARK) :])
            return outcome
    raise RuntimeError(f"{case.name}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")


def chosen(text: str, missing: bool) -> list[Case]:
    """Return the cases to run."""
    known = stored()
    done = {name for name, outcome in known.items() if "failure" not in outcome}
    return [case for case in CASES if text in case.name and not (missing and case.name in done)]


def main(arguments: list[str] | None = None) -> int:
    """Run cases; return an exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulators", description="Run simulator cases and write the table."
    )
    parser.add_argument("text", nargs="?", default="", help="run only cases whose name holds this")
    parser.add_argument("--missing", action="store_true", help="run only cases without a result")
    parser.add_argument("--table", action="store_true", help="run nothing, write the table again")
    given = parser.parse_args(arguments)
    if given.table:
        write_table()
        return 0
    cases, failed = chosen(given.text, given.missing), 0
    for name in sorted({case.env for case in cases}):
        if not SIMULATORS[name].ready:
            sys.stdout.write(f"making {SIMULATORS[name].home / name}, which takes minutes and gigabytes\n")
            SIMULATORS[name].ensure()
    for case in cases:
        try:
            outcome = run_case(case)
            failed += not agrees(outcome)
        except RuntimeError as error:
            failed += 1
            sys.stderr.write(f"{error}\n")
            outcome = {"failure": str(error).strip().splitlines()[-1][:200].replace("|", "/")}
        keep(case, outcome)
        sys.stdout.write(row(case, outcome))
        sys.stdout.flush()
    sys.stdout.write(f"{len(cases)} cases, {failed} failed or differ\n")
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())

"""Run every simulator case and write the table: ``make simulators``, or ``python -m tests.simulators [TEXT]``.

With a text, only cases whose name holds it are run, and the table goes to the terminal.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from tests.simulators.cases import CASES, Case
from tests.simulators.run_case import MARK
from tests.simulators.venvs import ISAACLAB, MJLAB, ROOT, Simulator

SIMULATORS = {"mjlab": MJLAB, "isaaclab": ISAACLAB}
TABLE = ROOT / "docs" / "reference" / "simulators.md"
HEAD = """# Simulators: what was exported and how close it is

Made by `make simulators` on the CPU. Every row is a task exported, then run closed-loop twice from the same seed: the
policy in the simulator's own training code, and the bundle in the task's scene without that code. *Difference* is the
largest difference of a joint target, relative to the largest value of that element in the episode. Checkpoints are
untrained unless said otherwise: they excite the robot more than trained ones.

| task | actor | backend | export | model | steps | difference | state | reward | bundle | loop | bundle alone |
|---|---|---|---|---|---|---|---|---|---|---|---|
"""


def run_case(case: Case) -> dict[str, Any]:
    """Run a case in its simulator's environment.

    Raises:
        RuntimeError: it failed; the text holds the end of its output.
    """
    simulator: Simulator = SIMULATORS[case.env]
    done = simulator.run("-m", "tests.simulators.run_case", case.name)
    for line in done.stdout.splitlines():
        if line.startswith(MARK):
            outcome: dict[str, Any] = json.loads(line[len(MARK) :])
            return outcome
    raise RuntimeError(f"{case.name}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")


def row(case: Case, outcome: dict[str, Any]) -> str:
    """Return a row of the table."""
    rewards = ["-" if r is None else f"{r:.4f}" for r in (outcome["policy_reward"], outcome["bundle_reward"])]
    cells = [
        case.task,
        case.actor,
        case.backend,
        f"{outcome['export_s']:.1f} s",
        f"{outcome['size'] / 1000:.0f} kB",
        str(outcome["steps"]),
        f"{outcome['action_error']:.1e}",
        f"{outcome['state_error']:.1e}",
        *rewards,
        f"{outcome['loop_rate']:.0f}/s",
        f"{outcome['bundle_rate']:.0f}/s",
    ]
    return f"| {' | '.join(cells)} |\n"


def main(wanted: str = "") -> int:
    """Run cases; return an exit code."""
    for simulator in SIMULATORS.values():
        if not simulator.python.exists():
            sys.stdout.write(f"making {simulator.home / simulator.name}, which takes minutes and gigabytes\n")
            simulator.install()
    table, failed = HEAD, 0
    for case in (c for c in CASES if wanted in c.name):
        try:
            line = row(case, run_case(case))
        except RuntimeError as error:
            failed += 1
            line = f"| {case.task} | {case.actor} | {case.backend} | failed |||||||||\n"
            sys.stderr.write(f"{error}\n")
        sys.stdout.write(line)
        sys.stdout.flush()
        table += line
    if not wanted and not failed:
        TABLE.write_text(table, encoding="utf-8")
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:2]))
